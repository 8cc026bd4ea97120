// Sounds from files: mono wav, decoded by libsndfile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace qrt::cli {

struct Sound {
  int rate = 0;                // samples a second
  std::vector<float> samples;  // in [-1, 1]
};

bool is_wav(const uint8_t* data, size_t bytes);

// Refuses more than one channel, and more than `max_samples` samples.
rt::Result<Sound> read_sound(const std::string& path, int64_t max_samples);

}  // namespace qrt::cli
