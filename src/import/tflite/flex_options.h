// The options of TensorFlow Lite's custom operators: mostly a FlexBuffers map.
#pragma once

#include <memory>
#include <vector>

#include "qrt_generated.h"
#include "src/base/span.h"
#include "src/base/status.h"

namespace qrt::import::tflite {

// Numbers, lists of numbers and texts; what else a map holds is left out.
class FlexOptions {
 public:
  using List = std::vector<std::unique_ptr<fb::AttributeT>>;

  // Fails if the bytes are no sound FlexBuffers map.
  rt::Status open(rt::Span<const uint8_t> bytes);

  int32_t integer(const char* name, int32_t otherwise) const;
  float real(const char* name) const;  // 0 if there is none
  List take() { return std::move(list_); }

 private:
  const fb::AttributeT* find(const char* name) const;

  List list_;
};

}  // namespace qrt::import::tflite
