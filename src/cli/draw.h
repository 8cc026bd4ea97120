// Pictures drawn in the terminal with characters.
#pragma once

#include <string>

#include "src/cli/picture.h"

namespace qrt::cli {

// Lines of at most `columns` characters, without a newline at the end. With colour, a character
// shows two pixels, one above the other (the upper half block in 24-bit colours); without, it shows
// their mean brightness.
std::string draw(const Picture& picture, int columns);

}  // namespace qrt::cli
