#include "src/cli/tensor_input.h"

#include <algorithm>
#include <filesystem>

#include "src/base/checked.h"
#include "src/cli/elements.h"
#include "src/cli/npy.h"
#include "src/cli/picture_input.h"
#include "src/cli/sound.h"
#include "src/cli/terminal.h"
#include "src/model/mapped_file.h"

namespace qrt::cli {
namespace {

using rt::Code;
using rt::DType;
using rt::error;
using rt::Shape;
using rt::Tensor;

// Inputs larger than this are a mistake, or an attack.
constexpr uint64_t kMaxInputBytes = uint64_t{1} << 32;

// The declared shape with every open dimension at 1.
Shape closed(const Shape& declared) {
  Shape shape = declared;
  for (int i = 0; i < shape.rank(); ++i) shape[i] = std::max(1, shape[i]);
  return shape;
}

// Fits the file's shape to the declared one: equal but for leading ones; open dimensions take the
// file's size.
bool fit(const std::vector<int64_t>& from, const Shape& declared, Shape* shape) {
  const auto rank = static_cast<size_t>(declared.rank());
  const size_t extra = from.size() > rank ? from.size() - rank : 0;
  const size_t missing = from.size() < rank ? rank - from.size() : 0;
  for (size_t i = 0; i < extra; ++i) {
    if (from[i] != 1) return false;
  }
  *shape = declared;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t dim = i < missing ? 1 : from[i - missing + extra];
    if (dim < 1 || dim > INT32_MAX) return false;
    int32_t& wanted = (*shape)[static_cast<int>(i)];
    if (wanted == -1) wanted = static_cast<int32_t>(dim);
    if (wanted != dim) return false;
  }
  uint64_t bytes;
  return rt::checked_bytes(*shape, 64, kMaxInputBytes, &bytes);
}

rt::Status wrong_shape(const std::string& shape, const Tensor& tensor) {
  return error(Code::InvalidArgument, "the array has shape %s, the model wants %s", shape.c_str(),
               tensor.shape.str().c_str());
}

rt::Result<TensorInput> from_npy(const Tensor& tensor, const rt::MappedFile& file,
                                 const PictureOptions& options) {
  QRT_ASSIGN_OR_RETURN(NpyArray array, parse_npy(file.data(), file.size()));
  Shape shape;
  if (!fit(array.shape, tensor.shape, &shape)) return wrong_shape(array.shape_str(), tensor);
  return from_elements(tensor, array.type, shape, std::move(array.data), options);
}

rt::Result<TensorInput> from_raw(const Tensor& tensor, const rt::MappedFile& file) {
  TensorInput input;
  input.shape = closed(tensor.shape);
  const size_t expected = bytes_for(tensor.type, static_cast<size_t>(input.shape.elements()));
  if (file.size() != expected) {
    return error(Code::InvalidArgument, "the file has %zu bytes, the model wants %zu (%s of %s)",
                 file.size(), expected, input.shape.str().c_str(), rt::dtype_name(tensor.type));
  }
  input.bytes.assign(file.data(), file.data() + file.size());
  return input;
}

rt::Result<TensorInput> from_sound(const Tensor& tensor, const std::string& path) {
  TensorInput input;
  input.shape = closed(tensor.shape);
  // One open dimension takes the sound's length.
  int open = -1;
  for (int i = 0; i < tensor.shape.rank(); ++i) {
    if (tensor.shape[i] == -1) open = i;
  }
  const int64_t wanted = input.shape.elements();
  const int64_t limit = open >= 0 && wanted == 1 ? INT32_MAX / 8 : wanted;
  QRT_ASSIGN_OR_RETURN(const Sound sound, read_sound(path, limit));
  const auto samples = static_cast<int64_t>(sound.samples.size());
  if (open >= 0 && wanted == 1 && samples > 0) {
    input.shape[open] = static_cast<int32_t>(samples);
  } else if (samples != wanted) {
    return error(Code::InvalidArgument,
                 "the sound has %lld samples at %d Hz, the model wants %lld (%s); cut or pad it "
                 "first",
                 static_cast<long long>(samples), sound.rate, static_cast<long long>(wanted),
                 input.shape.str().c_str());
  }
  std::vector<float> reals = sound.samples;
  Tensor target = tensor;
  // Plain 16-bit numbers are taken for what a wav holds itself.
  const float unit = 1.0F / 32768;
  if (tensor.type == DType::S16 && !tensor.quantization.present()) {
    target.quantization.scales = {&unit, 1};
  }
  if (!takes_reals(target)) {
    return error(Code::InvalidArgument, "a sound cannot be turned into elements of type %s",
                 rt::dtype_name(tensor.type));
  }
  QRT_RETURN_IF_ERROR(encode(target, reals, &input.bytes));
  return input;
}

rt::Result<TensorInput> load(const Tensor& tensor, const std::string& path,
                             const PictureOptions& options) {
  QRT_ASSIGN_OR_RETURN(const rt::MappedFile file, rt::MappedFile::open(path));
  const std::string ending = std::filesystem::path(path).extension();
  if (ending == ".bin" || ending == ".raw") return from_raw(tensor, file);
  if (is_npy(file.data(), file.size())) return from_npy(tensor, file, options);
  if (is_wav(file.data(), file.size())) return from_sound(tensor, path);
  if (is_picture(file.data(), file.size())) return from_picture(tensor, file, options);
  return error(Code::InvalidArgument,
               "%s; inputs are .npy, .png, .jpg, .bmp, .wav, or raw elements in a .bin or .raw",
               file.size() == 0 ? "the file is empty" : "the file is of no kind that can be read");
}

}  // namespace

rt::Result<Stack> stack_of(const Tensor& tensor, const std::vector<int64_t>& dims) {
  const Shape& wanted = tensor.shape;
  const auto rank = static_cast<size_t>(wanted.rank());
  std::vector<int64_t> rest(dims.empty() ? dims.begin() : dims.begin() + 1, dims.end());
  Stack stack;
  if (dims.size() == rank && rank > 0 && (wanted[0] == 1 || wanted[0] == -1)) {
    rest.insert(rest.begin(), 1);
    if (fit(rest, wanted, &stack.shape)) {
      stack.samples = static_cast<size_t>(dims[0]);
      return stack;
    }
  } else if (fit(dims, wanted, &stack.shape)) {
    stack.samples = 1;
    return stack;
  } else if (!dims.empty() && fit(rest, wanted, &stack.shape)) {
    stack.samples = static_cast<size_t>(dims[0]);
    return stack;
  }
  NpyView array;
  array.shape = dims;
  return wrong_shape(array.shape_str(), tensor);
}

rt::Result<TensorInput> from_elements(const Tensor& tensor, DType type, const Shape& shape,
                                      std::vector<uint8_t> elements,
                                      const PictureOptions& options) {
  const bool pixels = !options.mean.empty() || !options.scale.empty();
  if (type == DType::U8 && pixels && takes_reals(tensor)) {
    return from_pixels(tensor, shape, elements, options);
  }
  TensorInput input;
  input.shape = shape;
  if (type == tensor.type) {
    input.bytes = std::move(elements);
    // A bool is 0 or 1, whatever a file says.
    if (tensor.type == DType::Bool) {
      for (uint8_t& value : input.bytes) value = value != 0;
    }
    return input;
  }
  if ((type != DType::F32 && type != DType::F64) || !takes_reals(tensor)) {
    return error(Code::InvalidArgument, "the array holds %s, the model wants %s%s",
                 rt::dtype_name(type), rt::dtype_name(tensor.type),
                 type == DType::U8 && takes_pictures(tensor)
                     ? "; --mean and --scale make numbers of pixels"
                     : "");
  }
  Tensor reals;
  reals.type = type;
  const std::vector<double> wide =
      decode(reals, elements.data(), elements.size() / rt::dtype_bytes(type));
  QRT_RETURN_IF_ERROR(encode(tensor, std::vector<float>(wide.begin(), wide.end()), &input.bytes));
  if (tensor.quantization.present()) {
    input.note = format(
        "quantized from float to %s with scale %.6g and zero point %d", rt::dtype_name(tensor.type),
        static_cast<double>(tensor.quantization.scale()), tensor.quantization.zero_point());
  } else {
    input.note =
        format("converted from %s to %s", rt::dtype_name(type), rt::dtype_name(tensor.type));
  }
  return input;
}

rt::Result<TensorInput> load_tensor_input(const Tensor& tensor, const std::string& path,
                                          const PictureOptions& options) {
  auto input = load(tensor, path, options);
  if (input.ok()) return input;
  if (input.status().code() == Code::Io) return input.status();  // names the file already
  return input.status().within(format("cannot feed '%s' to input '%s'", path.c_str(), tensor.name));
}

}  // namespace qrt::cli
