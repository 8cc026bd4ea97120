// Operators that give elements another shape or order, or repeat or surround them.
#include <algorithm>
#include <cstring>

#include "src/import/tflite/op_table.h"

namespace qrt::import::tflite {
namespace {

using tfl::Builtin;

Status to_dims(const std::vector<int64_t>& elements, int64_t least, const char* what,
               std::vector<int32_t>* dims) {
  dims->clear();
  for (int64_t element : elements) {
    if (element < least || element > INT32_MAX) {
      return error(Code::InvalidModel, "its %s holds %lld", what, static_cast<long long>(element));
    }
    dims->push_back(static_cast<int32_t>(element));
  }
  return {};
}

// The shape that RESHAPE asks for, with its -1; `known` is false if it is computed in a run.
Status requested_shape(OpContext& op, bool* known, std::vector<int32_t>* shape) {
  std::vector<int64_t> elements;
  *known = true;
  if (op.has_input(1) && op.in(1).constant()) {
    QRT_RETURN_IF_ERROR(op.ints(1, "shape", at(rt::kMaxRank), &elements));
    return to_dims(elements, -1, "shape", shape);
  }
  const auto* options = op.options<tfl::ReshapeOptions>();
  if (!op.has_input(1) && options != nullptr && options->new_shape() != nullptr) {
    const auto& listed = *options->new_shape();
    if (listed.size() > static_cast<size_t>(rt::kMaxRank)) {
      return error(Code::Unsupported, "asks for %u dimensions", listed.size());
    }
    elements.assign(listed.begin(), listed.end());
    if (elements.size() == 1 && elements[0] == 0) elements.clear();  // how old files say scalar
    return to_dims(elements, -1, "shape", shape);
  }
  *known = false;
  return {};
}

// To a shape that is computed from shapes. `-1` may be among the sizes.
Status reshape_to_computed(OpContext& op, const rt::Integers& sizes) {
  if (sizes.size() > at(rt::kMaxRank)) {
    return error(Code::Unsupported, "asks for %zu dimensions", sizes.size());
  }
  const Dims wanted(sizes.begin(), sizes.end());
  const bool rest = std::any_of(wanted.begin(), wanted.end(), [](Dim dim) { return dim.is(-1); });
  const auto options = reshape_options(op.shape(0), wanted);
  const bool two_rests =
      options && rest && std::count(options->shape.begin(), options->shape.end(), -1) > 1;
  if (options && !two_rests) {
    return op.emit(fb::ReshapeT(*options), {op.input(0)}, {op.output()});
  }
  return op.emit(fb::ReshapeT(), {op.input(0), op.input(1)}, {op.output()});
}

Status reshape(OpContext& op) {
  bool known;
  fb::ReshapeT reshape;
  QRT_RETURN_IF_ERROR(requested_shape(op, &known, &reshape.shape));
  if (known) {
    if (std::count(reshape.shape.begin(), reshape.shape.end(), -1) > 1) {
      return Status(Code::InvalidModel, "its shape leaves more than one dimension open");
    }
    Dims wanted(reshape.shape.begin(), reshape.shape.end());
    if (keep_open_batch(op.shape(0), &wanted)) {
      reshape.shape[0] = 0;
      reshape.keep_mask = 1;
    }
    return op.emit(std::move(reshape), {op.input(0)}, {op.output()});
  }
  if (const rt::Integers* sizes = op.computed(1)) {
    return reshape_to_computed(op, rt::Integers(*sizes));
  }
  // The file may say what comes out.
  const std::vector<int32_t> shape = op.out().shape;
  const Dims dims(shape.begin(), shape.end());
  const bool open = is_open(op.shape(0)) || std::count(shape.begin(), shape.end(), -1) > 0;
  if (open || element_count(dims) != element_count(op.shape(0))) {
    return Status(Code::Unsupported, "computes its shape when the model runs");
  }
  return op.emit_reshape(op.input(0), 0, dims);
}

Status squeeze(OpContext& op) {
  const auto* options = op.options<tfl::SqueezeOptions>();
  const Dims source = op.shape(0);
  const bool listed = options != nullptr && options->squeeze_dims() != nullptr &&
                      options->squeeze_dims()->size() != 0;
  std::vector<bool> dropped(source.size(), false);
  if (listed) {
    for (int32_t dim : *options->squeeze_dims()) {
      int axis;
      QRT_RETURN_IF_ERROR(op.checked_axis(dim, op.rank(0), &axis));
      const Dim size = source[at(axis)];
      if (!size.open() && size != 1) {
        return error(Code::InvalidModel, "drops axis %d, which has %d elements", axis,
                     size.symbol());
      }
      dropped[at(axis)] = true;
    }
  }
  Dims shape;
  for (size_t i = 0; i < source.size(); ++i) {
    if (listed ? !dropped[i] : source[i] != 1) shape.push_back(source[i]);
  }
  return op.emit_reshape(op.input(0), 0, shape);
}

Status expand_dims(OpContext& op) {
  int axis;
  QRT_RETURN_IF_ERROR(op.axis_input(1, "axis", op.rank(0) + 1, &axis));
  Dims shape = op.shape(0);
  shape.insert(shape.begin() + axis, 1);
  if (shape.size() > at(rt::kMaxRank)) {
    return error(Code::Unsupported, "makes %zu dimensions", shape.size());
  }
  return op.emit_reshape(op.input(0), 0, shape);
}

Status transpose(OpContext& op) {
  std::vector<int64_t> elements;
  QRT_RETURN_IF_ERROR(op.ints(1, "permutation", at(rt::kMaxRank), &elements));
  const int rank = op.rank(0);
  if (static_cast<int>(elements.size()) != rank) {
    return error(Code::InvalidModel, "permutes %zu axes of %d", elements.size(), rank);
  }
  fb::TransposeT transposed;
  std::vector<bool> seen(at(rank), false);
  for (int64_t element : elements) {
    int axis;
    QRT_RETURN_IF_ERROR(op.checked_axis(element, rank, &axis));
    if (seen[at(axis)]) return error(Code::InvalidModel, "names axis %d twice", axis);
    seen[at(axis)] = true;
    transposed.perm.push_back(axis);
  }
  return op.emit(std::move(transposed), {op.input(0)}, {op.output()});
}

// Sizes that are known are a constant.
Status shape_of(OpContext& op) {
  const Dims dims = op.shape(0);
  const DType type = op.out().type;
  if (type != DType::S32 && type != DType::S64) {
    return error(Code::Unsupported, "gives %s", rt::dtype_name(type));
  }
  if (dims.empty()) return Status(Code::Unsupported, "asks for the shape of a scalar");
  if (is_open(dims)) return op.emit(fb::ShapeOfT(), {op.input(0)}, {op.output()});
  graph::Bytes bytes;
  for (int32_t dim : dims) {
    const int64_t wide = dim;
    const auto* source = type == DType::S64 ? reinterpret_cast<const uint8_t*>(&wide)
                                            : reinterpret_cast<const uint8_t*>(&dim);
    bytes.insert(bytes.end(), source, source + rt::dtype_bytes(type));
  }
  op.out().shape = {static_cast<int32_t>(dims.size())};
  return op.make_constant(0, std::move(bytes));
}

Status broadcast_to(OpContext& op) {
  fb::BroadcastToT broadcast;
  if (op.in(1).constant()) {
    std::vector<int64_t> elements;
    QRT_RETURN_IF_ERROR(op.ints(1, "shape", at(rt::kMaxRank), &elements));
    QRT_RETURN_IF_ERROR(to_dims(elements, 1, "shape", &broadcast.shape));
  } else if (op.computed(1) != nullptr) {
    return op.emit(std::move(broadcast), {op.input(0), op.input(1)}, {op.output()});
  } else {
    // The file may say what comes out.
    broadcast.shape = op.out().shape;
    if (std::count(broadcast.shape.begin(), broadcast.shape.end(), -1) > 0) {
      return Status(Code::Unsupported, "computes its shape when the model runs");
    }
  }
  return op.emit(std::move(broadcast), {op.input(0)}, {op.output()});
}

Status tile(OpContext& op) {
  std::vector<int64_t> elements;
  QRT_RETURN_IF_ERROR(op.ints(1, "multiples", at(rt::kMaxRank), &elements));
  if (static_cast<int>(elements.size()) != op.rank(0)) {
    return error(Code::InvalidModel, "has %zu multiples for %d dimensions", elements.size(),
                 op.rank(0));
  }
  fb::TileT tile;
  QRT_RETURN_IF_ERROR(to_dims(elements, 1, "multiples", &tile.multiples));
  return op.emit(std::move(tile), {op.input(0)}, {op.output()});
}

Status read_padding(OpContext& op, fb::PadT* pad) {
  std::vector<int64_t> elements;
  QRT_RETURN_IF_ERROR(op.ints(1, "padding", 2 * at(rt::kMaxRank), &elements));
  if (static_cast<int>(elements.size()) != 2 * op.rank(0)) {
    return error(Code::InvalidModel, "has %zu paddings for %d dimensions", elements.size(),
                 op.rank(0));
  }
  std::vector<int32_t> paddings;
  QRT_RETURN_IF_ERROR(to_dims(elements, 0, "padding", &paddings));
  for (size_t i = 0; i < paddings.size(); i += 2) {
    pad->before.push_back(paddings[i]);
    pad->after.push_back(paddings[i + 1]);
  }
  return {};
}

template <class T>
float first_element(const Value& value) {
  T element;
  std::memcpy(&element, value.data->data(), sizeof(element));
  if (value.quantization.empty()) return static_cast<float>(element);
  return static_cast<float>(value.quantization.scales[0]) *
         static_cast<float>(static_cast<int32_t>(element) - value.quantization.zero_point());
}

// A constant of one element, as a real number.
Status real_scalar(OpContext& op, int i, const char* what, float* real) {
  QRT_RETURN_IF_ERROR(op.expect_constant(i, what));
  const Value& source = op.in(i);
  if (element_count(op.shape(i)) != 1) {
    return error(Code::InvalidModel, "its %s has %lld elements", what,
                 static_cast<long long>(element_count(op.shape(i))));
  }
  switch (source.type) {
    case DType::F32:
      *real = first_element<float>(source);
      return {};
    case DType::S8:
      *real = first_element<int8_t>(source);
      return {};
    case DType::U8:
      *real = first_element<uint8_t>(source);
      return {};
    case DType::S16:
      *real = first_element<int16_t>(source);
      return {};
    case DType::S32:
      *real = first_element<int32_t>(source);
      return {};
    case DType::S64:
      *real = first_element<int64_t>(source);
      return {};
    default:
      return error(Code::Unsupported, "its %s is %s", what, rt::dtype_name(source.type));
  }
}

Status pad(OpContext& op) {
  fb::PadT pad;
  QRT_RETURN_IF_ERROR(read_padding(op, &pad));
  if (op.has_input(2)) QRT_RETURN_IF_ERROR(real_scalar(op, 2, "padding value", &pad.value));
  return op.emit(std::move(pad), {op.input(0)}, {op.output()});
}

Status mirror_pad(OpContext& op) {
  const tfl::MirrorPadOptions* options;
  QRT_RETURN_IF_ERROR(op.options(&options));
  fb::PadT pad;
  QRT_RETURN_IF_ERROR(read_padding(op, &pad));
  switch (options->mode()) {
    case tfl::MirrorMode::REFLECT:
      pad.mode = fb::PadMode::Reflect;
      break;
    case tfl::MirrorMode::SYMMETRIC:
      pad.mode = fb::PadMode::Symmetric;
      break;
    default:
      return error(Code::InvalidModel, "its mode %d is not known",
                   static_cast<int>(options->mode()));
  }
  return op.emit(std::move(pad), {op.input(0)}, {op.output()});
}

constexpr OpRule kRules[] = {
    {Builtin::RESHAPE, 1, 2, 1, 1, reshape},
    {Builtin::SQUEEZE, 1, 1, 1, 1, squeeze},
    {Builtin::EXPAND_DIMS, 2, 2, 1, 1, expand_dims},
    {Builtin::TRANSPOSE, 2, 2, 1, 1, transpose},
    {Builtin::SHAPE, 1, 1, 1, 1, shape_of},
    {Builtin::BROADCAST_TO, 2, 2, 1, 1, broadcast_to},
    {Builtin::TILE, 2, 2, 1, 1, tile},
    {Builtin::PAD, 2, 2, 1, 1, pad},
    {Builtin::PADV2, 3, 3, 1, 1, pad},
    {Builtin::MIRROR_PAD, 2, 2, 1, 1, mirror_pad},
};

}  // namespace

rt::Span<const OpRule> shape_rules() { return {kRules, std::size(kRules)}; }

}  // namespace qrt::import::tflite
