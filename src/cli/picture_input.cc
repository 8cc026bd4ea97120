#include "src/cli/picture_input.h"

#include "src/cli/elements.h"

namespace qrt::cli {
namespace {

using rt::Code;
using rt::DType;
using rt::error;
using rt::Shape;
using rt::Tensor;

// Where a tensor's shape keeps height, width and channels; -1: no such axis, which means one.
struct Layout {
  int height = -1, width = -1, channel = -1;
  int channels = 1;
};

bool is_channels(int32_t dim) { return dim == 1 || dim == 3 || dim == 4; }

// [1,H,W,C], [1,C,H,W], [1,H,W], [H,W,C], [H,W]. Channels last wins where both would do.
bool find_layout(const Shape& shape, Layout* layout) {
  const int rank = shape.rank();
  const bool batch = rank > 0 && (shape[0] == 1 || shape[0] == -1);
  if (rank == 4 && batch && is_channels(shape[3])) {
    *layout = {1, 2, 3, shape[3]};
  } else if (rank == 4 && batch && is_channels(shape[1])) {
    *layout = {2, 3, 1, shape[1]};
  } else if (rank == 3 && (shape[2] == 3 || shape[2] == 4 || (shape[2] == 1 && !batch))) {
    *layout = {0, 1, 2, shape[2]};
  } else if (rank == 3 && batch) {
    *layout = {1, 2, -1, 1};
  } else if (rank == 2 && shape[0] != 1) {
    *layout = {0, 1, -1, 1};
  } else {
    return false;
  }
  return true;
}

float per_channel(const std::vector<float>& values, size_t channel, float otherwise) {
  if (values.empty()) return otherwise;
  return values.size() == 1 ? values[0] : values[channel];
}

rt::Status check_channels(const PictureOptions& options, size_t channels) {
  for (const std::vector<float>* values : {&options.mean, &options.scale}) {
    if (values->size() > 1 && values->size() != channels) {
      return error(Code::InvalidArgument, "%s has %zu values, the model's input has %zu channel%s",
                   values == &options.mean ? "--mean" : "--scale", values->size(), channels,
                   channels == 1 ? "" : "s");
    }
  }
  return {};
}

float real_of(uint8_t pixel, size_t channel, const PictureOptions& options) {
  return (static_cast<float>(pixel) - per_channel(options.mean, channel, 0)) *
         per_channel(options.scale, channel, 1);
}

// Gives the picture the input's height and width, or the open dimensions the picture's.
rt::Status fit_size(const Layout& layout, bool may_resize, Shape* shape, Picture* picture) {
  int32_t& height = (*shape)[layout.height];
  int32_t& width = (*shape)[layout.width];
  if (height == -1) height = picture->height;
  if (width == -1) width = picture->width;
  if (picture->height == height && picture->width == width) return {};
  if (!may_resize) {
    return error(Code::InvalidArgument,
                 "the picture has %d x %d pixels, the model wants %d x %d; --resize resizes it",
                 picture->width, picture->height, width, height);
  }
  QRT_ASSIGN_OR_RETURN(*picture, resize(*picture, height, width));
  return {};
}

// The elements in the tensor's order.
rt::Status encode_pixels(const Tensor& tensor, const Layout& layout, const PictureOptions& options,
                         const Picture& picture, std::vector<uint8_t>* bytes) {
  const bool plain = options.mean.empty() && options.scale.empty();
  const bool bytewise = plain && (tensor.type == DType::U8 || tensor.type == DType::S8);
  if (!bytewise && !takes_reals(tensor)) {
    return error(Code::InvalidArgument, "a picture cannot be turned into elements of type %s%s",
                 rt::dtype_name(tensor.type), plain ? "" : " with --mean or --scale");
  }
  const auto channels = static_cast<size_t>(layout.channels);
  QRT_RETURN_IF_ERROR(check_channels(options, channels));
  // Where a pixel's channels lie when they come first: a plane each.
  const bool planes = layout.channel >= 0 && layout.channel < layout.height;
  const size_t count = picture.pixels.size(), plane = count / channels;
  std::vector<float> reals(bytewise ? 0 : count);
  bytes->resize(bytewise ? count : 0);
  for (size_t i = 0; i < count; ++i) {
    const size_t channel = i % channels;
    const size_t to = planes ? channel * plane + i / channels : i;
    const uint8_t pixel = picture.pixels[i];
    if (bytewise) {
      (*bytes)[to] = tensor.type == DType::U8 ? pixel : static_cast<uint8_t>(pixel ^ 0x80);
    } else {
      reals[to] = real_of(pixel, channel, options);
    }
  }
  return bytewise ? rt::Status() : encode(tensor, reals, bytes);
}

}  // namespace

bool takes_pictures(const Tensor& tensor) {
  Layout layout;
  return find_layout(tensor.shape, &layout) &&
         (takes_reals(tensor) || tensor.type == DType::U8 || tensor.type == DType::S8);
}

rt::Result<TensorInput> from_picture(const Tensor& tensor, const rt::MappedFile& file,
                                     const PictureOptions& options) {
  Layout layout;
  if (!find_layout(tensor.shape, &layout)) {
    return error(Code::InvalidArgument,
                 "the model wants %s, which is no picture (height x width x 1, 3 or 4 channels)",
                 tensor.shape.str().c_str());
  }
  const std::vector<uint8_t> bytes(file.data(), file.data() + file.size());
  QRT_ASSIGN_OR_RETURN(Picture picture, decode_picture(bytes, layout.channels));
  TensorInput input;
  input.picture = picture;
  input.shape = tensor.shape;
  if (input.shape[0] == -1 && layout.height > 0) input.shape[0] = 1;
  QRT_RETURN_IF_ERROR(fit_size(layout, options.resize, &input.shape, &picture));
  QRT_RETURN_IF_ERROR(encode_pixels(tensor, layout, options, picture, &input.bytes));
  if (!options.kept.empty()) {
    input.note = "prepared as the model itself says: " + options.kept;
  } else if (tensor.type == DType::F32 && options.mean.empty() && options.scale.empty()) {
    input.note =
        "pixels go in as 0 to 255; if the model was trained on another range, give "
        "--mean and --scale (1/255 for 0 to 1)";
  }
  return input;
}

rt::Result<TensorInput> from_pixels(const Tensor& tensor, const Shape& shape,
                                    const std::vector<uint8_t>& pixels,
                                    const PictureOptions& options) {
  Layout layout;
  const bool has_channels = find_layout(tensor.shape, &layout) && layout.channel >= 0;
  const auto channels = static_cast<size_t>(has_channels ? layout.channels : 1);
  QRT_RETURN_IF_ERROR(check_channels(options, channels));
  // Elements from one channel to the next.
  const auto step = static_cast<size_t>(
      has_channels ? shape.elements(layout.channel + 1, shape.rank()) : shape.elements());
  std::vector<float> reals(pixels.size());
  for (size_t i = 0; i < pixels.size(); ++i) {
    reals[i] = real_of(pixels[i], i / step % channels, options);
  }
  TensorInput input;
  input.shape = shape;
  if (!options.kept.empty()) {
    input.note = "prepared as the model itself says: " + options.kept;
  }
  QRT_RETURN_IF_ERROR(encode(tensor, reals, &input.bytes));
  return input;
}

}  // namespace qrt::cli
