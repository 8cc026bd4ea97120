// Unary of integers and bools.
#include <limits>

#include "tests/ops/move_cases.h"

namespace qrt::test {
namespace {

template <class T>
void check(fb::UnaryKind kind, const std::vector<T>& in, const std::vector<T>& out) {
  SCOPED_TRACE(std::string(fb::EnumNameUnaryKind(kind)) + " of " +
               rt::dtype_name(rt::DTypeOf<T>::value));
  const Dims shape = {static_cast<int32_t>(in.size())};
  fb::UnaryT options;
  options.kind = kind;
  expect_node(options, {array_of(shape, in)}, {array_of(shape, out)});
}

template <class T>
void check_saturation() {
  constexpr T kLeast = std::numeric_limits<T>::min(), kMost = std::numeric_limits<T>::max();
  check<T>(fb::UnaryKind::Abs, {kLeast, -5}, {kMost, 5});
  check<T>(fb::UnaryKind::Neg, {kLeast, -5}, {kMost, 5});
  check<T>(fb::UnaryKind::Square, {kLeast, kMost, -5}, {kMost, kMost, 25});
  check<T>(fb::UnaryKind::Exp, {100, 0}, {kMost, 1});
  check<T>(fb::UnaryKind::Log, {0, 1}, {kLeast, 0});
}

// What the element type does not hold is the nearest that it holds.
TEST(Unary, IntegersSaturate) {
  check_saturation<int32_t>();
  check_saturation<int64_t>();
}

TEST(Unary, OnlyNotTakesBools) {
  const Array truths = empty_array(DType::Bool, {2}), floats = empty_array(DType::F32, {2});
  fb::UnaryT options;
  options.kind = fb::UnaryKind::Abs;
  expect_refused(options, {truths}, {truths}, "(Unary.Abs): cannot run on bool -> bool",
                 rt::Code::Unsupported);
  options.kind = fb::UnaryKind::Not;
  expect_refused(options, {floats}, {floats}, "(Unary.Not): cannot run on f32 -> f32",
                 rt::Code::Unsupported);
}

}  // namespace
}  // namespace qrt::test
