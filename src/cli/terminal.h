// What people read: sizes and times in fitting units, names made safe to print, colour where it is
// welcome.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace qrt::cli {

// Whether stdout shows colour: a terminal or FORCE_COLOR, and no NO_COLOR.
bool colour();
// Whether the locale says that the terminal understands UTF-8.
bool utf8();

// Unchanged where there is no colour.
std::string bold(const std::string& text);
std::string dim(const std::string& text);

// Columns the text takes on a terminal: escape sequences take none, a UTF-8 sequence takes one.
size_t display_width(const std::string& text);

// Text from a file, with control characters (which could drive the terminal) replaced.
std::string printable(const std::string& text);
// At most `width` columns, something in the middle left out.
std::string shorten(const std::string& text, size_t width);
// A tensor's or operator's name for a table. Of the names of fused operators, which TensorFlow Lite
// joins with semicolons, the first.
std::string short_name(const std::string& name, size_t width);

std::string human_bytes(uint64_t bytes);  // "512 B", "4.2 KiB"
std::string human_us(double us);          // "12.3 µs", "4.56 ms", "1.20 s"
std::string human_count(double count);    // "950", "41.7 k", "2.31 M"
std::string human_real(double value);     // four significant digits

std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

// "qrt: note: ..." on stderr: something was done that the user may not expect.
void note(const std::string& text);

}  // namespace qrt::cli
