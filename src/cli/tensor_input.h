// From a file to the contents of one model input: the kind of file is told from its content (raw
// bytes by the ending .bin or .raw), and everything is checked against the model's tensor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/cli/picture.h"
#include "src/opspec/tensor.h"

namespace qrt::cli {

// How pictures become numbers. Without mean and scale: real = pixel for float inputs; for u8 and
// s8 inputs the pixel is the quantized value (s8: less 128).
struct PictureOptions {
  std::vector<float> mean;  // real = (pixel - mean) * scale; one, or one a channel
  std::vector<float> scale;
  bool resize = false;
  std::string kept;  // what the model itself says of these, if it was asked
};

struct TensorInput {
  rt::Shape shape;
  std::vector<uint8_t> bytes;
  std::optional<Picture> picture;  // as the file has it, if it was one
  std::string note;                // what the user may not expect; empty mostly
};

// How many samples an array holds for a model's input, and the shape of each. A first dimension
// that is 1 or open in the input counts samples; so does one that the input does not have.
struct Stack {
  size_t samples = 0;
  rt::Shape shape;
};
// Messages name neither the file nor the input.
rt::Result<Stack> stack_of(const rt::Tensor& tensor, const std::vector<int64_t>& array_shape);

// One sample from elements of some type: the model's own; floats, which are quantized for a
// quantized input; u8, which --mean and --scale make numbers of. Messages name neither the file nor
// the input.
rt::Result<TensorInput> from_elements(const rt::Tensor& tensor, rt::DType type,
                                      const rt::Shape& shape, std::vector<uint8_t> elements,
                                      const PictureOptions& options);

// `tensor` is the model's input; dimensions that it leaves open take the file's.
// Messages name the file and the input.
rt::Result<TensorInput> load_tensor_input(const rt::Tensor& tensor, const std::string& path,
                                          const PictureOptions& options);

}  // namespace qrt::cli
