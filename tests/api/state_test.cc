// State through the API: saved in one session, restored in another, and refused where it does not
// fit.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/api/api_models.h"

namespace qrt::test {
namespace {

// Feeds x, x + 1, ... and gives the answers.
std::vector<float> answers(Session& session, float x, int steps) {
  std::vector<float> all;
  for (int i = 0; i < steps; ++i) {
    EXPECT_TRUE(session.set_input(0, std::vector<float>{x + static_cast<float>(i), 0.5f}).ok());
    EXPECT_TRUE(session.run().ok());
    all.push_back(*session.output<float>(0));
  }
  return all;
}

TEST(State, ContinuesInAnotherSession) {
  const ModelBytes bytes(recurrent());
  auto first = session_of(bytes), second = session_of(bytes);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status().message();
  const std::vector<float> fresh = answers(*first, -1, 3);
  std::vector<uint8_t> saved(first->state_bytes() + 1);
  // Any alignment.
  ASSERT_TRUE(first->save_state(saved.data() + 1, saved.size() - 1).ok());
  const std::vector<float> expected = answers(*first, 2, 3);
  EXPECT_NE(expected, answers(*second, 2, 3)) << "state matters";
  ASSERT_TRUE(second->restore_state(saved.data() + 1, saved.size() - 1).ok());
  EXPECT_EQ(answers(*second, 2, 3), expected);
  second->reset_state();
  EXPECT_EQ(answers(*second, -1, 3), fresh);
}

TEST(State, RefusesWhatDoesNotFit) {
  const ModelBytes model(recurrent()), other(recurrent(0.5f, "hidden"));
  auto session = session_of(model), renamed = session_of(other);
  ASSERT_TRUE(session.ok() && renamed.ok());
  const size_t bytes = session->state_bytes();
  ASSERT_GT(bytes, 8u);
  std::vector<uint8_t> saved(bytes), before(bytes), after(bytes);
  (void)answers(*renamed, 1, 2);
  ASSERT_TRUE(renamed->save_state(saved.data(), bytes).ok());
  (void)answers(*session, 1, 1);
  ASSERT_TRUE(session->save_state(before.data(), bytes).ok());

  EXPECT_EQ(session->save_state(after.data(), bytes - 1).code(), QRT_INVALID_ARGUMENT);
  EXPECT_EQ(session->restore_state(saved.data(), bytes - 1).code(), QRT_INVALID_ARGUMENT);
  EXPECT_EQ(session->restore_state(saved.data(), bytes).code(), QRT_INVALID_ARGUMENT)
      << "a variable has another name";
  std::vector<uint8_t> noise(bytes, 0xAB);
  EXPECT_EQ(session->restore_state(noise.data(), bytes).code(), QRT_INVALID_ARGUMENT);
  ASSERT_TRUE(session->save_state(after.data(), bytes).ok());
  EXPECT_EQ(before, after) << "a refusal changes nothing";
}

TEST(State, AModelWithoutItHasNoBytes) {
  const ModelBytes model(doubler());
  auto session = session_of(model);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(session->state_bytes(), 0u);
  EXPECT_TRUE(session->save_state(nullptr, 0).ok());
  EXPECT_TRUE(session->restore_state(nullptr, 0).ok());
  EXPECT_EQ(session->restore_state("x", 1).code(), QRT_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace qrt::test
