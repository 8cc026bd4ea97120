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

// At most `columns` wide, and no higher than twice that, in the picture's proportions.
rt::Result<Picture> shrink(const Picture& picture, int columns) {
  const double factor =
      std::min(static_cast<double>(columns) / picture.width, 2.0 * columns / picture.height);
  if (factor >= 1) return picture;
  return resize(picture, std::max(1, static_cast<int>(picture.height * factor + 0.5)),
                std::max(1, static_cast<int>(picture.width * factor + 0.5)));
}

}  // namespace

std::string draw(const Picture& picture, int columns) {
  const auto small = shrink(picture, columns);
  if (!small.ok()) return "(" + small.status().message() + ")";
  const bool paints = colour() && utf8();
  std::string text;
  for (int y = 0; y < small->height; y += 2) {
    if (y > 0) text += '\n';
    std::string last;
    for (int x = 0; x < small->width; ++x) {
      const Rgb top = pixel(*small, y, x), bottom = pixel(*small, y + 1, x);
      if (!paints) {
        text += shade((brightness(top) + brightness(bottom)) / 2);
        continue;
      }
      const std::string colours = format("\033[38;2;%d;%d;%dm\033[48;2;%d;%d;%dm", top.r, top.g,
                                         top.b, bottom.r, bottom.g, bottom.b);
      if (colours != last) text += colours;
      last = colours;
      text += "▀";
    }
    if (paints) text += "\033[0m";
  }
  return text;
}

}  // namespace qrt::cli
