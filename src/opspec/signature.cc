#include "src/opspec/signature.h"

#include <algorithm>
#include <string_view>

namespace qrt::rt {
namespace {

using Text = std::string_view;

Text trimmed(Text text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Cuts the part before `separator` off the text.
Text next_part(Text* text, Text separator) {
  const size_t at = text->find(separator);
  const Text part = trimmed(text->substr(0, at));
  *text = at == Text::npos ? Text() : text->substr(at + separator.size());
  return part;
}

struct Operand {
  Text types;
  bool optional = false, constant = false, state = false, repeated = false;
};

bool drop_prefix(Text* text, Text prefix) {
  if (text->substr(0, prefix.size()) != prefix) return false;
  text->remove_prefix(prefix.size());
  return true;
}

Operand parse(Text text) {
  Operand operand;
  if (text.size() > 2 && text.substr(text.size() - 2) == "..") {
    operand.repeated = true;
    text = trimmed(text.substr(0, text.size() - 2));
  }
  if (!text.empty() && text.front() == '[') {
    operand.optional = true;
    text = text.substr(1, text.size() - 2);
  }
  operand.constant = drop_prefix(&text, "const ");
  operand.state = drop_prefix(&text, "state ");
  operand.types = text;
  return operand;
}

constexpr size_t kMostOperands = 16;
struct Operands {
  Operand list[kMostOperands];
  size_t count = 0, least = 0;
  bool more = false;

  explicit Operands(Text text) {
    while (!text.empty() && count < kMostOperands) {
      const Text part = next_part(&text, ",");
      if (part.empty()) break;
      list[count] = parse(part);
      more = list[count].repeated;
      ++count;
      if (!list[count - 1].optional && !more) least = count;
    }
  }
  size_t most() const { return more ? SIZE_MAX : count; }
  const Operand& at(size_t i) const { return list[std::min(i, count - 1)]; }
};

bool is_one_of(DType type, std::initializer_list<DType> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool has_type(const Node& node, const Tensor& t, Text type) {
  const Quantization& q = t.quantization;
  const bool one_scale = q.present() && q.per_tensor() && q.block == 0;
  if (type == "any") return true;
  if (type[0] == '=') {
    const auto i = static_cast<size_t>(type[1] - '0');
    return node.has_input(i) && node.input(i).type == t.type &&
           same_quantization(node.input(i).quantization, q);
  }
  if (type == "q8") return t.type == DType::S8 && one_scale;
  if (type == "q16") return t.type == DType::S16 && one_scale && q.zero_point() == 0;
  if (type == "q32") return t.type == DType::S32 && one_scale;
  if (type == "q") return is_one_of(t.type, {DType::S8, DType::U8, DType::S16}) && one_scale;
  if (type == "w8" || type == "w4") {
    return t.type == (type == "w8" ? DType::S8 : DType::S4) && q.present() && q.block == 0 &&
           (q.per_tensor() || q.axis == 0);
  }
  if (type == "b4") {
    return t.type == DType::S4 && q.block != 0 && q.axis == t.shape.rank() - 1;
  }
  if (type == "bias") return t.type == DType::S32;
  if (type == "quantized") {
    return is_one_of(t.type, {DType::S8, DType::U8, DType::S16, DType::S32}) && q.present() &&
           q.block == 0;
  }
  if (type == "integers") {
    return is_one_of(t.type, {DType::S8, DType::U8, DType::S16, DType::S32, DType::S64});
  }
  if (type == "movable") {
    return dtype_bits(t.type) % 8 == 0 && (!q.present() || q.per_tensor());
  }
  if (q.present()) return false;
  if (type == "number") {
    return is_one_of(t.type, {DType::F32, DType::F64, DType::S32, DType::S64});
  }
  if (type == "index") return is_one_of(t.type, {DType::S32, DType::S64});
  return type == dtype_name(t.type);
}

bool fits(const Node& node, const Tensor& tensor, const Operand& operand) {
  Text types = operand.types;
  while (!types.empty()) {
    if (has_type(node, tensor, next_part(&types, "/"))) return true;
  }
  return false;
}

// "s8", "s8 without scale" would be read as a fault of s8 alone, so both are said.
std::string described(const Tensor& t) {
  std::string text = dtype_name(t.type);
  const Quantization& q = t.quantization;
  IntRange range;
  if (q.block != 0) {
    text += " quantized by block";
  } else if (q.present() && !q.per_tensor()) {
    text += " with scales along axis " + std::to_string(q.axis);
  } else if (!q.present() && quantized_range(t.type, &range) && t.type != DType::S32) {
    text += " without scale";
  }
  return text;
}

std::string described(const Node& node) {
  std::string text;
  for (size_t i = 0; i < node.inputs(); ++i) {
    if (i > 0) text += ", ";
    text += node.has_input(i) ? described(node.input(i)) : "nothing";
  }
  text += " -> ";
  for (size_t i = 0; i < node.outputs(); ++i) {
    if (i > 0) text += ", ";
    text += described(node.output(i));
  }
  return text;
}

Status check_arity(const Node& node, const Operands& in, const Operands& out) {
  if (node.inputs() < in.least || node.inputs() > in.most()) {
    return node.fail(Code::InvalidModel, "has %zu inputs, takes %zu to %zu", node.inputs(),
                     in.least, in.more ? node.inputs() + 1 : in.count);
  }
  for (size_t i = 0; i < node.inputs(); ++i) {
    if (!node.has_input(i) && !in.at(i).optional) {
      return node.fail(Code::InvalidModel, "input %zu is absent", i);
    }
  }
  if (node.outputs() < out.least || node.outputs() > out.most()) {
    return node.fail(Code::InvalidModel, "has %zu outputs, gives %zu", node.outputs(), out.count);
  }
  return {};
}

// Whether types fit; then *status says whether constants and states do.
bool matches(const Node& node, const Operands& in, const Operands& out, Status* status) {
  for (size_t i = 0; i < node.inputs(); ++i) {
    if (node.has_input(i) && !fits(node, node.input(i), in.at(i))) return false;
  }
  for (size_t i = 0; i < node.outputs(); ++i) {
    if (!fits(node, node.output(i), out.at(i))) return false;
  }
  for (size_t i = 0; i < node.inputs(); ++i) {
    if (!node.has_input(i)) continue;
    const Tensor& tensor = node.input(i);
    if (in.at(i).constant && !tensor.constant) {
      *status = node.fail(Code::Unsupported, "input %zu '%s' must be a constant", i, tensor.name);
    }
    if (in.at(i).state && !tensor.variable) {
      *status = node.fail(Code::InvalidModel, "input %zu '%s' must be a variable", i, tensor.name);
    }
  }
  return true;
}

}  // namespace

Status check_signature(const Node& node, const char* signatures) {
  Text rest = signatures;
  for (int index = 0; !rest.empty(); ++index) {
    Text one = next_part(&rest, ";");
    const Operands in(next_part(&one, "->")), out(trimmed(one));
    // Alternatives differ in types, not in how many there are.
    if (index == 0) QRT_RETURN_IF_ERROR(check_arity(node, in, out));
    Status status;
    if (!matches(node, in, out, &status)) continue;
    return status;
  }
  return node.fail(Code::Unsupported, "cannot run on %s; it takes %s", described(node).c_str(),
                   signatures);
}

}  // namespace qrt::rt
