// The specification of lstm_s8.
#include "kernels/lstm_s8.h"

namespace qrt::kernels {
namespace {

constexpr Output kGate = {0, -32768, 32767};

int32_t clamp16(int32_t x) { return x < -32768 ? -32768 : x > 32767 ? 32767 : x; }

int32_t look_up(const int32_t* points, int32_t x) {
  const int32_t offset = x + 32768;
  const int32_t* point = points + (offset >> kLstmSpacingBits);
  const int32_t fraction = offset & ((1 << kLstmSpacingBits) - 1);
  const int32_t half = 1 << (kLstmSpacingBits - 1);
  return point[0] + (((point[1] - point[0]) * fraction + half) >> kLstmSpacingBits);
}

void step(const LstmS8Args& args, const int32_t* input_sums, const int32_t* recurrent_sums,
          int16_t* c, int8_t* h) {
  for (size_t u = 0; u < args.units; ++u) {
    int32_t gates[4];
    for (size_t k = 0; k < 4; ++k) {
      const size_t row = k * args.units + u;
      gates[k] = clamp16(requantize(input_sums[row], args.input_multipliers[row], kGate) +
                         requantize(recurrent_sums[row], args.recurrent_multipliers[row], kGate));
    }
    const int32_t i = look_up(args.sigmoid, gates[0]), f = look_up(args.sigmoid, gates[1]);
    const int32_t g = look_up(args.tanh, gates[2]), o = look_up(args.sigmoid, gates[3]);
    const float kept = static_cast<float>(f * c[u]) * (1.0f / 32768);
    const float added = static_cast<float>(i * g) * args.cell_multiplier;
    c[u] = static_cast<int16_t>(quantize_steps(kept + added, args.cell));
    const int32_t product = o * look_up(args.cell_tanh, c[u]);
    h[u] = static_cast<int8_t>(requantize(product, args.hidden_multiplier, args.hidden));
  }
}

constexpr LstmS8Kernel make_row() {
  LstmS8Kernel row{};
  row.name = "qs8_lstm__scalar";
  row.needs = QRT_SET_SCALAR;
  row.preference = 0;
  row.step = step;
  return row;
}

}  // namespace

extern const LstmS8Kernel kLstmS8Scalar;
const LstmS8Kernel kLstmS8Scalar = make_row();

}  // namespace qrt::kernels
