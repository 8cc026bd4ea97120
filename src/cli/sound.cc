#include "src/cli/sound.h"

#include <sndfile.h>

#include <cstring>
#include <memory>

namespace qrt::cli {
namespace {

using rt::Code;
using rt::error;

struct Close {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

}  // namespace

bool is_wav(const uint8_t* data, size_t bytes) {
  return bytes >= 12 && std::memcmp(data, "RIFF", 4) == 0 && std::memcmp(data + 8, "WAVE", 4) == 0;
}

rt::Result<Sound> read_sound(const std::string& path, int64_t max_samples) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, Close> file(sf_open(path.c_str(), SFM_READ, &info));
  if (file == nullptr) {
    return error(Code::InvalidArgument, "the sound cannot be read: %s", sf_strerror(nullptr));
  }
  if (info.channels != 1) {
    return error(Code::InvalidArgument, "the sound has %d channels, a model takes one; mix it down",
                 info.channels);
  }
  if (info.frames < 0 || info.frames > max_samples) {
    return error(Code::InvalidArgument, "the sound has %lld samples at %d Hz, the model takes %lld",
                 static_cast<long long>(info.frames), info.samplerate,
                 static_cast<long long>(max_samples));
  }
  Sound sound;
  sound.rate = info.samplerate;
  sound.samples.resize(static_cast<size_t>(info.frames));
  if (sf_readf_float(file.get(), sound.samples.data(), info.frames) != info.frames) {
    return error(Code::InvalidArgument, "the sound's file is truncated");
  }
  return sound;
}

}  // namespace qrt::cli
