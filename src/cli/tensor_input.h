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

  bool given() const { return !mean.empty() || !scale.empty() || resize; }
};

struct TensorInput {
  rt::Shape shape;
  std::vector<uint8_t> bytes;
  std::optional<Picture> picture;  // as the file has it, if it was one
  std::string note;                // what the user may not expect; empty mostly
};

// `tensor` is the model's input; dimensions that it leaves open take the file's.
// Messages name the file and the input.
rt::Result<TensorInput> load_tensor_input(const rt::Tensor& tensor, const std::string& path,
                                          const PictureOptions& options);

}  // namespace qrt::cli
