// Models whose inputs leave dimensions open, run at several sizes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/support/run_graph.h"

namespace qrt::test {

// Random bytes that are sensible numbers of the type: floats in [-1, 1), integers that count up.
inline std::vector<uint8_t> random_elements(rt::DType type, size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> data(bytes);
  if (type == rt::DType::F32) {
    std::uniform_real_distribution<float> numbers(-1, 1);
    for (size_t i = 0; i + sizeof(float) <= bytes; i += sizeof(float)) {
      const float number = numbers(random);
      std::memcpy(data.data() + i, &number, sizeof(number));
    }
    return data;
  }
  for (uint8_t& byte : data) byte = static_cast<uint8_t>(random());
  return data;
}

// Runs input 0 with `batch` items along its first axis at once, and then each alone; the outputs
// must be the same bytes, one item after the other. Other dimensions that are open take `others`.
inline void expect_same_alone_and_in_a_batch(const graph::Graph& graph, int32_t batch,
                                             const std::vector<int32_t>& others = {},
                                             const char* isa = nullptr) {
  Loaded loaded = must_load(graph, {}, isa);
  ASSERT_NE(loaded.session, nullptr);
  rt::Session& session = *loaded.session;
  rt::Shape shape = session.input(0).shape;
  ASSERT_EQ(shape[0], -1);
  size_t next = 0;
  for (int i = 1; i < shape.rank(); ++i) {
    if (shape[i] == -1) shape[i] = others[next++];
  }
  const auto resize = [&](int32_t items) {
    shape[0] = items;
    const rt::Status status = session.resize_input(0, shape);
    ASSERT_TRUE(status.ok()) << status.message();
  };
  ASSERT_NO_FATAL_FAILURE(resize(batch));
  const std::vector<uint8_t> all =
      random_elements(session.input(0).type, session.input_bytes(0), 1);
  std::memcpy(session.input_data(0), all.data(), all.size());
  must_run(session);
  std::vector<std::vector<uint8_t>> together;
  for (size_t k = 0; k < session.outputs(); ++k) {
    ASSERT_EQ(session.output_shape(k)[0], batch);
    together.push_back(loaded.get<uint8_t>(k));
  }
  ASSERT_NO_FATAL_FAILURE(resize(1));
  std::vector<std::vector<uint8_t>> alone(session.outputs());
  for (int32_t i = 0; i < batch; ++i) {
    const size_t bytes = session.input_bytes(0);
    std::memcpy(session.input_data(0), all.data() + static_cast<size_t>(i) * bytes, bytes);
    must_run(session);
    for (size_t k = 0; k < session.outputs(); ++k) {
      const auto part = loaded.get<uint8_t>(k);
      alone[k].insert(alone[k].end(), part.begin(), part.end());
    }
  }
  for (size_t k = 0; k < session.outputs(); ++k) EXPECT_EQ(together[k], alone[k]) << "output " << k;
}

}  // namespace qrt::test
