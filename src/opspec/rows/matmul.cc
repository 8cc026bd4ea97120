// MatMul: see schema/qrt.fbs.
#include "src/opspec/shape_functions.h"

namespace qrt::rt {
namespace {

int32_t from_end(const Shape& shape, int i) { return shape[shape.rank() - i]; }

Status check(const Node& node) {
  if (node.input(0).type != DType::S16) return {};
  const int32_t zero_point = node.input(1).quantization.zero_point();
  if (zero_point == 0) return {};
  return node.fail(Code::Unsupported,
                   "its right-hand side has a zero point of %d; with s16 on the left it must be 0",
                   zero_point);
}

Status infer(Inference& x) {
  const auto& options = x.node().options<fb::MatMul>();
  const Shape &a = x.in(0), &b = x.in(1);
  const auto refuse = [&] {
    return x.node().fail(Code::InvalidModel, "cannot multiply %s and %s", x.text(a).c_str(),
                         x.text(b).c_str());
  };
  if (a.rank() < 2 || b.rank() < 2) return refuse();
  const int32_t k = from_end(a, options.transpose_a() ? 2 : 1);
  Shape out;
  if (x.dims().differ(k, from_end(b, options.transpose_b() ? 1 : 2)) ||
      !broadcast(x.dims(), Shape(a.begin(), static_cast<size_t>(a.rank() - 2)),
                 Shape(b.begin(), static_cast<size_t>(b.rank() - 2)), &out)) {
    return refuse();
  }
  const DType type = x.node().input(0).type;
  if ((type == DType::S8 || type == DType::S16) && k > kMaxProducts) {
    return x.node().fail(Code::Unsupported, "sums %d products an output, more than %lld", k,
                         static_cast<long long>(kMaxProducts));
  }
  out.push_back(from_end(a, options.transpose_a() ? 1 : 2));
  out.push_back(from_end(b, options.transpose_b() ? 2 : 1));
  x.out(0, out);
  return {};
}

uint64_t macs(const Node& node, const Shapes& shapes) {
  const int k = node.options<fb::MatMul>().transpose_a() ? 2 : 1;
  return static_cast<uint64_t>(node.shape_out(shapes, 0).elements()) *
         static_cast<uint64_t>(from_end(node.shape_in(shapes, 0), k));
}

constexpr OpSpec row() {
  OpSpec row;
  row.type = fb::OpOptions::MatMul;
  row.signatures = "f32, f32 -> f32; q8, q8 -> q8; q16, q16/q8 -> q16; f64, f64 -> f64";
  row.check = check;
  row.infer = infer;
  row.quantized = QuantizedAs::Computes;
  row.macs = macs;
  row.keeps_places = keeps_all_places;
  return row;
}

}  // namespace

extern const OpSpec kMatMulSpec;
const OpSpec kMatMulSpec = row();

}  // namespace qrt::rt
