#include "src/cli/report_page.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "src/cli/report/page.h"
#include "src/graph/writer.h"

namespace qrt::cli {
namespace {

constexpr size_t kMostBins = 256;
constexpr size_t kMostBars = 256;

double rounded(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return std::strtod(text, nullptr);
}

// Of a histogram or of weights, a hundredth of a pixel is enough.
void round_numbers(Json& json, int digits) {
  if (json.is_number_float()) {
    const double value = json.get<double>();
    if (std::isfinite(value)) json = rounded(value, digits);
  } else if (json.is_structured()) {
    for (Json& item : json) round_numbers(item, digits);
  }
}

// The array `key` of an object, or nothing.
Json* array_of(Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? &*found : nullptr;
}

double number_or(const Json& value, double otherwise) {
  return value.is_number() ? value.get<double>() : otherwise;
}

double number_at(const Json& object, const char* key, double otherwise) {
  const auto found = object.find(key);
  return found != object.end() ? number_or(*found, otherwise) : otherwise;
}

// Takes off empty bins at both ends and joins neighbours until few enough are left.
void shorten_histogram(Json& histogram) {
  Json* counts = array_of(histogram, "counts");
  const double width = number_at(histogram, "width", NAN), low = number_at(histogram, "low", NAN);
  if (counts == nullptr || !std::isfinite(width) || !std::isfinite(low)) return;
  std::vector<double> bins;
  for (const Json& count : *counts) bins.push_back(number_or(count, 0));
  size_t first = 0, end = bins.size();
  while (end > first && !(bins[end - 1] > 0)) --end;
  while (first < end && !(bins[first] > 0)) ++first;
  const size_t join = std::max<size_t>(1, (end - first + kMostBins - 1) / kMostBins);
  Json kept = Json::array();
  for (size_t at = first; at < end; at += join) {
    double sum = 0;
    for (size_t i = at; i < std::min(end, at + join); ++i) sum += bins[i];
    // Counts are integers, which take fewer characters; a double holds them exactly up to 2^53.
    if (sum >= 0 && sum < 9007199254740992.0) {
      kept.push_back(static_cast<uint64_t>(sum));
    } else {
      kept.push_back(sum);
    }
  }
  *counts = std::move(kept);
  histogram["low"] = low + static_cast<double>(first) * width;
  histogram["width"] = width * static_cast<double>(join);
}

// Joins neighbouring channels until few enough bars are left: the lowest low, the highest high, the
// largest scale.
void shorten_weights(Json& weights) {
  Json* low = array_of(weights, "low");
  Json* high = array_of(weights, "high");
  if (low == nullptr || high == nullptr || low->size() != high->size()) return;
  const size_t channels = low->size();
  const size_t join = std::max<size_t>(1, (channels + kMostBars - 1) / kMostBars);
  const auto pool = [&](Json& values, bool smallest) {
    Json kept = Json::array();
    for (size_t at = 0; at < channels; at += join) {
      double best = NAN;
      for (size_t i = at; i < std::min(channels, at + join); ++i) {
        const double value = number_or(values[i], NAN);
        best = smallest ? std::fmin(best, value) : std::fmax(best, value);
      }
      kept.push_back(best);
    }
    round_numbers(kept, 3);
    values = std::move(kept);
  };
  Json* scales = array_of(weights, "scales");
  if (scales != nullptr && scales->size() == channels) {
    pool(*scales, false);
  } else {
    weights.erase("scales");  // such as those of blocks, which are not drawn
  }
  pool(*array_of(weights, "low"), true);
  pool(*array_of(weights, "high"), false);
  weights["channels"] = channels;
  weights["pooled"] = join;
}

Json shortened(const Json& report) {
  Json shown = report;
  if (!shown.is_object()) return Json::object();
  if (Json* tensors = array_of(shown, "tensors")) {
    for (Json& tensor : *tensors) {
      if (!tensor.is_object()) continue;
      const auto histogram = tensor.find("histogram");
      if (histogram != tensor.end() && histogram->is_object()) shorten_histogram(*histogram);
    }
  }
  if (Json* weights = array_of(shown, "weights")) {
    for (Json& one : *weights) shorten_weights(one);
  }
  for (auto& [key, value] : shown.items()) {
    if (key != "recipe") round_numbers(value, 6);
  }
  return shown;
}

}  // namespace

std::string report_page(const Json& report) {
  constexpr std::string_view kMark = "{{report}}";
  const std::string_view page(reinterpret_cast<const char*>(report::kPage), report::kPageBytes);
  const size_t mark = page.find(kMark);
  std::string made(page.substr(0, mark));
  // No "<" reaches the page from the report, so that nothing in it ends the script element or
  // begins another one.
  for (const char byte : shortened(report).dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (byte == '<') {
      made += "\\u003c";
    } else {
      made += byte;
    }
  }
  made += page.substr(mark + kMark.size());
  return made;
}

rt::Status write_report_page(const std::string& path, const Json& report) {
  const std::string page = report_page(report);
  return graph::write_file(path, graph::Bytes(page.begin(), page.end()));
}

}  // namespace qrt::cli
