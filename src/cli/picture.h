// Pictures from files: png, jpg and bmp, decoded and resized by stb.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace qrt::cli {

struct Picture {
  int height = 0, width = 0, channels = 0;  // 1 grey, 3 RGB, 4 RGBA
  std::vector<uint8_t> pixels;              // [height][width][channels]

  const uint8_t* at(int y, int x) const {
    return pixels.data() + (static_cast<size_t>(y) * width + x) * channels;
  }
};

bool is_picture(const uint8_t* data, size_t bytes);

// Decodes to the wanted number of channels: colours become grey, grey becomes three equal colours.
// 0: as the file has it. The message of an error does not name the file.
rt::Result<Picture> decode_picture(const std::vector<uint8_t>& file, int channels);

// Bilinear; when it shrinks, each new pixel averages all those it covers.
rt::Result<Picture> resize(const Picture& picture, int height, int width);

}  // namespace qrt::cli
