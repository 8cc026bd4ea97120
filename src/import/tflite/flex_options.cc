#include "src/import/tflite/flex_options.h"

#include <flatbuffers/flexbuffers.h>

#include <algorithm>

namespace qrt::import::tflite {
namespace {

using rt::Code;
using rt::Status;

bool is_integer(const flexbuffers::Reference& value) {
  return value.IsIntOrUint() || value.IsBool();
}

void add_number(const flexbuffers::Reference& value, bool integers, fb::AttributeT* attribute) {
  if (integers) {
    attribute->ints.push_back(value.IsBool() ? value.AsBool() : value.AsInt64());
  } else {
    attribute->floats.push_back(value.AsDouble());
  }
}

bool read(const flexbuffers::Reference& value, fb::AttributeT* attribute) {
  if (value.IsString()) {
    attribute->text = value.AsString().str();
    return true;
  }
  if (value.IsNumeric() || value.IsBool()) {
    add_number(value, is_integer(value), attribute);
    return true;
  }
  if (!value.IsAnyVector() || value.IsMap()) return false;
  const flexbuffers::Vector elements = value.AsVector();
  bool integers = true;
  for (size_t i = 0; i < elements.size(); ++i) {
    if (!elements[i].IsNumeric() && !elements[i].IsBool()) return false;
    integers = integers && is_integer(elements[i]);
  }
  for (size_t i = 0; i < elements.size(); ++i) add_number(elements[i], integers, attribute);
  return elements.size() > 0;
}

}  // namespace

Status FlexOptions::open(rt::Span<const uint8_t> bytes) {
  // A copy that is aligned, as they need not be in the file.
  std::vector<uint64_t> copy(bytes.size() / sizeof(uint64_t) + 1);
  auto* data = reinterpret_cast<uint8_t*>(copy.data());
  std::copy(bytes.begin(), bytes.end(), data);
  std::vector<uint8_t> visited;
  constexpr bool kCheckAlignment = true;
  flexbuffers::Verifier verifier(data, bytes.size(), &visited, kCheckAlignment);
  if (!verifier.VerifyBuffer()) return Status(Code::InvalidModel, "its options are no FlexBuffer");
  const flexbuffers::Reference root = flexbuffers::GetRoot(data, bytes.size());
  if (!root.IsMap()) return Status(Code::InvalidModel, "its options are no map");
  const flexbuffers::Map map = root.AsMap();
  // Several keys may share what they hold: all together no more than a few times the bytes.
  size_t budget = 64 * (bytes.size() + 1);
  for (size_t i = 0; i < map.size(); ++i) {
    auto attribute = std::make_unique<fb::AttributeT>();
    const flexbuffers::Reference value = map.Values()[i];
    const size_t size = value.IsAnyVector() ? value.AsVector().size() : 1;
    if (size > budget) return Status(Code::InvalidModel, "its options repeat one list too often");
    budget -= size;
    attribute->name = map.Keys()[i].AsKey();
    if (read(value, attribute.get())) list_.push_back(std::move(attribute));
  }
  return {};
}

const fb::AttributeT* FlexOptions::find(const char* name) const {
  for (const auto& attribute : list_) {
    if (attribute->name == name) return attribute.get();
  }
  return nullptr;
}

int32_t FlexOptions::integer(const char* name, int32_t otherwise) const {
  const fb::AttributeT* found = find(name);
  if (found == nullptr || found->ints.size() + found->floats.size() != 1) return otherwise;
  const double value = found->ints.empty() ? found->floats[0] : static_cast<double>(found->ints[0]);
  return value >= INT32_MIN && value <= INT32_MAX ? static_cast<int32_t>(value) : otherwise;
}

float FlexOptions::real(const char* name) const {
  const fb::AttributeT* found = find(name);
  if (found == nullptr || found->ints.size() + found->floats.size() != 1) return 0;
  return found->ints.empty() ? static_cast<float>(found->floats[0])
                             : static_cast<float>(found->ints[0]);
}

}  // namespace qrt::import::tflite
