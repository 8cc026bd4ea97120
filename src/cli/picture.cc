#include "src/cli/picture.h"

#include <climits>
#include <cstring>

#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

// The second version of stb's resizer replaced the first, with another interface.
#define STB_IMAGE_RESIZE_STATIC
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#if __has_include(<stb_image_resize.h>)
#include <stb_image_resize.h>
#else
#include <stb_image_resize2.h>
#define QRT_STB_RESIZE2
#endif

namespace qrt::cli {
namespace {

using rt::Code;
using rt::error;

// More than any network looks at, and little enough to decode on a small machine.
constexpr int64_t kMaxPixels = int64_t{1} << 26;

bool starts_with(const uint8_t* data, size_t bytes, const char* magic, size_t length) {
  return bytes >= length && std::memcmp(data, magic, length) == 0;
}

bool too_large(int height, int width) {
  return height < 1 || width < 1 || static_cast<int64_t>(height) * width > kMaxPixels;
}

}  // namespace

bool is_picture(const uint8_t* data, size_t bytes) {
  return starts_with(data, bytes, "\x89PNG\r\n\x1a\n", 8) ||
         starts_with(data, bytes, "\xFF\xD8\xFF", 3) || starts_with(data, bytes, "BM", 2);
}

rt::Result<Picture> decode_picture(const std::vector<uint8_t>& file, int channels) {
  Picture picture;
  int present = 0;
  const auto damaged = [] {
    const char* reason = stbi_failure_reason();
    return error(Code::InvalidArgument, "the picture is damaged or of an unsupported kind (%s)",
                 reason != nullptr ? reason : "no reason given");
  };
  if (file.size() > INT_MAX) return error(Code::InvalidArgument, "the picture's file is too large");
  const int bytes = static_cast<int>(file.size());
  if (stbi_info_from_memory(file.data(), bytes, &picture.width, &picture.height, &present) == 0) {
    return damaged();
  }
  if (too_large(picture.height, picture.width)) {
    return error(Code::InvalidArgument, "the picture claims %d x %d pixels, which is too large",
                 picture.width, picture.height);
  }
  stbi_uc* pixels = stbi_load_from_memory(file.data(), bytes, &picture.width, &picture.height,
                                          &present, channels);
  if (pixels == nullptr) return damaged();
  picture.channels = channels != 0 ? channels : present;
  picture.pixels.assign(
      pixels, pixels + static_cast<size_t>(picture.height) * picture.width * picture.channels);
  stbi_image_free(pixels);
  return picture;
}

rt::Result<Picture> resize(const Picture& picture, int height, int width) {
  if (too_large(height, width)) {
    return error(Code::InvalidArgument, "a picture cannot be resized to %d x %d pixels", width,
                 height);
  }
  Picture resized;
  resized.height = height;
  resized.width = width;
  resized.channels = picture.channels;
  resized.pixels.resize(static_cast<size_t>(height) * width * picture.channels);
#ifdef QRT_STB_RESIZE2
  const bool done =
      stbir_resize(picture.pixels.data(), picture.width, picture.height, 0, resized.pixels.data(),
                   width, height, 0, static_cast<stbir_pixel_layout>(picture.channels),
                   STBIR_TYPE_UINT8, STBIR_EDGE_CLAMP, STBIR_FILTER_TRIANGLE) != nullptr;
#else
  const bool done =
      stbir_resize_uint8_generic(picture.pixels.data(), picture.width, picture.height, 0,
                                 resized.pixels.data(), width, height, 0, picture.channels,
                                 STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP,
                                 STBIR_FILTER_TRIANGLE, STBIR_COLORSPACE_LINEAR, nullptr) != 0;
#endif
  if (!done) return error(Code::OutOfMemory, "no memory to resize the picture");
  return resized;
}

}  // namespace qrt::cli
