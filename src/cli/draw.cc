#include "src/cli/draw.h"

#include <algorithm>

#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

struct Rgb {
  int r, g, b;
};

Rgb pixel(const Picture& picture, int y, int x) {
  const uint8_t* p = picture.at(std::min(y, picture.height - 1), x);
  return picture.channels >= 3 ? Rgb{p[0], p[1], p[2]} : Rgb{p[0], p[0], p[0]};
}

int brightness(const Rgb& c) { return (2 * c.r + 5 * c.g + c.b) / 8; }

// Shades as bright as what they stand for on a dark terminal.
const char* shade(int level) {
  static constexpr const char* kBlocks[] = {" ", "░", "▒", "▓", "█"};
  static constexpr const char* kAscii[] = {" ", ".", ":", "+", "#"};
  const int index = std::min(4, level * 5 / 256);
  return utf8() ? kBlocks[index] : kAscii[index];
}

}  // namespace

std::string draw(const Picture& picture, int columns) {
  Picture small = picture;
  if (picture.width > columns) {
    const int height = std::max(
        1, static_cast<int>(static_cast<int64_t>(picture.height) * columns / picture.width));
    auto resized = resize(picture, height, columns);
    if (!resized.ok()) return "(" + resized.status().message() + ")";
    small = std::move(*resized);
  }
  std::string text;
  for (int y = 0; y < small.height; y += 2) {
    if (y > 0) text += '\n';
    for (int x = 0; x < small.width; ++x) {
      const Rgb top = pixel(small, y, x), bottom = pixel(small, y + 1, x);
      if (colour() && utf8()) {
        text += format("\033[38;2;%d;%d;%dm\033[48;2;%d;%d;%dm▀", top.r, top.g, top.b, bottom.r,
                       bottom.g, bottom.b);
      } else {
        text += shade((brightness(top) + brightness(bottom)) / 2);
      }
    }
    if (colour() && utf8()) text += "\033[0m";
  }
  return text;
}

}  // namespace qrt::cli
