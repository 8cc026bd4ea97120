// From a picture to the elements of a model's input: layout, size, channels, and numbers.
#pragma once

#include "src/cli/tensor_input.h"
#include "src/model/mapped_file.h"

namespace qrt::cli {

// Whether pictures can be fed to a model's input of this shape and type.
bool takes_pictures(const rt::Tensor& tensor);

// Messages name neither the file nor the input.
rt::Result<TensorInput> from_picture(const rt::Tensor& tensor, const rt::MappedFile& file,
                                     const PictureOptions& options);

// Pixels of an array that is laid out as the tensor is, by --mean and --scale, one of which is
// given. Messages name neither the file nor the input.
rt::Result<TensorInput> from_pixels(const rt::Tensor& tensor, const rt::Shape& shape,
                                    const std::vector<uint8_t>& pixels,
                                    const PictureOptions& options);

}  // namespace qrt::cli
