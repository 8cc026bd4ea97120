#include "src/quantize/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/quantize/calibrate.h"

namespace qrt::quantize {
namespace {

constexpr size_t kMostBytes = size_t{256} << 20;

// Of the f32 outputs; others have no distance.
std::vector<std::vector<float>> answers_of(rt::Session& session) {
  std::vector<std::vector<float>> answers;
  for (size_t i = 0; i < session.outputs(); ++i) {
    answers.emplace_back();
    if (session.output(i).type != rt::DType::F32) continue;
    const auto n = static_cast<size_t>(session.output_shape(i).elements());
    const auto* values = static_cast<const float*>(session.output_data(i));
    answers.back().assign(values, values + n);
  }
  return answers;
}

struct Memory {
  rt::AlignedBuffer bytes;
  std::shared_ptr<const rt::Model> model;
};

}  // namespace

rt::Result<std::shared_ptr<const rt::Model>> own_model(const std::vector<uint8_t>& bytes) {
  auto memory = std::make_shared<Memory>();
  memory->bytes = rt::allocate_aligned(bytes.size());
  if (memory->bytes == nullptr) return rt::Status(rt::Code::OutOfMemory, "not enough memory");
  std::memcpy(memory->bytes.get(), bytes.data(), bytes.size());
  QRT_ASSIGN_OR_RETURN(memory->model, rt::Model::from_buffer(memory->bytes.get(), bytes.size()));
  return std::shared_ptr<const rt::Model>(memory, memory->model.get());
}

rt::Result<Reference> Reference::create(std::shared_ptr<const rt::Model> model,
                                        const SampleSource& samples, size_t most, size_t threads) {
  Reference reference;
  reference.threads_ = threads;
  QRT_ASSIGN_OR_RETURN(Runner runner, Runner::create(std::move(model), threads));
  const size_t count = std::min(most, samples.size());
  size_t bytes = 0;
  for (size_t i = 0; i < count && bytes < kMostBytes; ++i) {
    QRT_ASSIGN_OR_RETURN(Sample sample, samples.load(i * samples.size() / count));
    QRT_RETURN_IF_ERROR(runner.run(sample));
    reference.answers_.push_back(answers_of(runner.session()));
    for (const auto& answer : reference.answers_.back()) bytes += answer.size() * sizeof(float);
    for (const auto& input : sample.inputs) bytes += input.bytes.size();
    reference.samples_.push_back(std::move(sample));
  }
  return rt::Result<Reference>(std::move(reference));
}

rt::Result<double> Reference::sqnr_db(const std::shared_ptr<const rt::Model>& candidate) const {
  QRT_ASSIGN_OR_RETURN(Runner runner, Runner::create(candidate, threads_));
  const size_t outputs = answers_.empty() ? 0 : answers_[0].size();
  std::vector<double> signal(outputs, 0), noise(outputs, 0);
  for (size_t s = 0; s < samples_.size(); ++s) {
    QRT_RETURN_IF_ERROR(runner.run(samples_[s]));
    const std::vector<std::vector<float>> answers = answers_of(runner.session());
    for (size_t o = 0; o < outputs; ++o) {
      const std::vector<float>& wanted = answers_[s][o];
      // A result whose size a run decides may have another: all of it is noise.
      const bool fits = answers[o].size() == wanted.size();
      for (size_t i = 0; i < wanted.size(); ++i) {
        const auto x = static_cast<double>(wanted[i]);
        const double e = fits ? static_cast<double>(answers[o][i]) - x : x;
        signal[o] += x * x;
        noise[o] += e * e;
      }
    }
  }
  double sum = 0;
  int counted = 0;
  for (size_t o = 0; o < outputs; ++o) {
    if (!(signal[o] > 0)) continue;
    sum += std::isfinite(noise[o]) ? noise[o] / signal[o] : 1e6;
    ++counted;
  }
  const double share = counted > 0 ? sum / counted : 0;
  return std::min(kExact, -10 * std::log10(std::max(share, 1e-30)));
}

}  // namespace qrt::quantize
