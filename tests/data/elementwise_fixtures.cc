// Arithmetic of elements, and conversions between types.
#include "tests/data/fixture.h"

namespace qrt::test {
namespace {

const Quantization kA = per_tensor(0.02f, -7), kB = per_tensor(0.03f, 9);

bool is_comparison(fb::BinaryKind kind) {
  return kind >= fb::BinaryKind::Equal && kind <= fb::BinaryKind::GreaterEqual;
}

Fixture binaries() {
  Fixture f("binary");
  struct Operands {
    DType type;
    int a, b, row;
  };
  std::vector<Operands> operands;
  for (DType type : {DType::F32, DType::S8, DType::S32, DType::S64, DType::Bool}) {
    const bool quantized = type == DType::S8;
    operands.push_back({type, f.input(type, {3, 11}, quantized ? kA : Quantization()),
                        f.input(type, {3, 11}, quantized ? kB : Quantization()),
                        f.input(type, {11}, quantized ? kA : Quantization())});
  }
  for (fb::BinaryKind kind : fb::EnumValuesBinaryKind()) {
    fb::BinaryT options;
    options.kind = kind;
    const bool logical = kind == fb::BinaryKind::And || kind == fb::BinaryKind::Or;
    for (const Operands& o : operands) {
      const bool boolean = o.type == DType::Bool;
      if (is_comparison(kind)) {
        f.node(options, {o.a, o.row}, DType::Bool, {3, 11});
      } else if (logical && boolean) {
        f.node(options, {o.a, o.b}, DType::Bool, {3, 11});
      } else if (!logical && !boolean) {
        const Quantization out = o.type == DType::S8 ? per_tensor(0.05f, 3) : Quantization();
        f.node(options, {o.a, o.b}, o.type, {3, 11}, out);
        fb::BinaryT clamped = options;
        if (o.type == DType::F32 || o.type == DType::S8) clamped.clamp = graph::make_clamp(0, 1);
        f.node(clamped, {o.row, o.b}, o.type, {3, 11}, out);
      }
    }
  }
  fb::BinaryT add;
  const int kept = f.variable(DType::S8, {3, 11}, kB);  // nothing writes it: stays zero
  f.node(add, {operands[1].a, kept}, DType::S8, {3, 11}, kA);
  return f;
}

Fixture unaries() {
  Fixture f("unary");
  const int f32 = f.input(DType::F32, {33}), s8 = f.input(DType::S8, {256}, kA);
  const int s32 = f.input(DType::S32, {9}), s64 = f.input(DType::S64, {9});
  const int boolean = f.input(DType::Bool, {9});
  for (fb::UnaryKind kind : fb::EnumValuesUnaryKind()) {
    fb::UnaryT options;
    options.kind = kind;
    options.alpha = 0.2f;
    options.beta = 0.5f;
    if (kind == fb::UnaryKind::Not) {
      f.node(options, {boolean}, DType::Bool, {9});
      continue;
    }
    f.node(options, {f32}, DType::F32, {33});
    f.node(options, {s8}, DType::S8, {256}, per_tensor(1.0f / 64, 2));
    options.clamp = graph::make_clamp(-1, 0.5f);
    f.node(options, {f32}, DType::F32, {33});
    f.node(options, {s8}, DType::S8, {256}, per_tensor(1.0f / 64, 2));
    for (auto [in, type] : {std::pair(s32, DType::S32), std::pair(s64, DType::S64)}) {
      fb::UnaryT whole;
      whole.kind = kind;
      if (kind == fb::UnaryKind::Neg || kind == fb::UnaryKind::Abs ||
          kind == fb::UnaryKind::Square || kind == fb::UnaryKind::Sign) {
        f.node(whole, {in}, type, {9});
      }
    }
  }
  return f;
}

Fixture selections() {
  Fixture f("select");
  const int condition = f.input(DType::Bool, {4, 1, 5});
  for (DType type : {DType::F32, DType::F16, DType::S8, DType::U8, DType::S16, DType::S32,
                     DType::S64, DType::Bool}) {
    const bool quantized = type == DType::S8 || type == DType::U8;
    const Quantization q = quantized ? per_tensor(0.1f, 8) : Quantization();
    const int a = f.input(type, {4, 3, 5}, q), b = f.input(type, {3, 1}, q);
    f.node_like(a, fb::SelectT(), {condition, a, b}, {4, 3, 5});
  }
  return f;
}

Fixture conversions() {
  Fixture f("convert");
  const Quantization s16 = per_tensor(0.0001f, 17), u8 = per_tensor(0.02f, 121);
  const std::vector<std::pair<DType, Quantization>> kinds = {
      {DType::F32, {}}, {DType::S8, kA}, {DType::U8, u8}, {DType::S16, s16}};
  for (const auto& [from, in_quantization] : kinds) {
    const int in = f.input(from, {2, 3, 7}, in_quantization);
    for (const auto& [to, quantization] : kinds) {
      if (to == DType::F32) {
        if (from != DType::F32) f.node(fb::DequantizeT(), {in}, to, {2, 3, 7});
        continue;
      }
      f.node(fb::QuantizeT(), {in}, to, {2, 3, 7}, quantization);
    }
  }
  // The border of a u8 model: the same real numbers.
  const int border = f.input(DType::U8, {40}, per_tensor(0.5f, 128));
  const int inside = f.node(fb::QuantizeT(), {border}, DType::S8, {40}, per_tensor(0.5f, 0));
  f.node(fb::QuantizeT(), {inside}, DType::U8, {40}, per_tensor(0.5f, 128));
  const int channels = f.input(DType::S8, {2, 3, 7}, {{0.1f, 0.2f, 0.4f}, {1, -2, 3}, 1, 0});
  f.node(fb::DequantizeT(), {channels}, DType::F32, {2, 3, 7});
  const int bias = f.constant(DType::S32, {6}, {{0.001f}, {}, -1, 0});
  f.node(fb::DequantizeT(), {bias}, DType::F32, {6});
  const DType plain[] = {DType::F32, DType::S8,  DType::U8,  DType::S16,
                         DType::S32, DType::S64, DType::Bool};
  for (DType from : plain) {
    const int in = f.input(from, {13});
    for (DType to : plain) f.node(fb::CastT(), {in}, to, {13});
  }
  return f;
}

}  // namespace

std::vector<Fixture> elementwise_fixtures() {
  std::vector<Fixture> all;
  all.push_back(binaries());
  all.push_back(unaries());
  all.push_back(selections());
  all.push_back(conversions());
  return all;
}

}  // namespace qrt::test
