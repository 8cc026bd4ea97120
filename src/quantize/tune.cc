#include "src/quantize/tune.h"

#include <utility>

#include "src/quantize/calibrate.h"
#include "src/quantize/gram.h"

namespace qrt::quantize {
namespace {

// Less than this is noise: the simpler model stays.
constexpr double kLeastGain = 0.1;

class Tuner {
 public:
  Tuner(Tuned tuned, Reference reference, const SampleSource& samples, const TuneOptions& options)
      : best_(std::move(tuned)),
        reference_(std::move(reference)),
        samples_(samples),
        options_(options) {}

  rt::Result<Tuned> run() {
    const Wishes wishes = best_.wishes;
    QRT_ASSIGN_OR_RETURN(Candidate first, judge(best_.prepared, best_.statistics, start(wishes)));
    take(std::move(first));
    if (wishes.equalize != Switch::Off) QRT_RETURN_IF_ERROR(try_equalized(wishes.equalize));
    if (!wishes.observer) QRT_RETURN_IF_ERROR(try_observers());
    if (wants_columns(wishes)) QRT_RETURN_IF_ERROR(try_columns(wishes.round_columns));
    if (wishes.correct_bias != Switch::Off) {
      QRT_RETURN_IF_ERROR(try_corrected(wishes.correct_bias));
    }
    return std::move(best_);
  }

 private:
  static Wishes start(Wishes wishes) {
    wishes.equalize = Switch::Off;
    wishes.correct_bias = Switch::Off;
    wishes.round_columns = Switch::Off;
    if (!wishes.observer) wishes.observer = Observer::MinMax;
    return wishes;
  }

  struct Candidate {
    Wishes wishes;
    Quantized quantized;
    double sqnr_db = 0;
  };
  rt::Result<Candidate> judge(const Prepared& prepared, const Statistics& statistics,
                              const Wishes& wishes) {
    QRT_RETURN_IF_ERROR(tell(options_.progress, "trying", tried_++, kMostTries));
    Candidate candidate;
    candidate.wishes = wishes;
    QRT_ASSIGN_OR_RETURN(candidate.quantized, quantize(prepared, statistics, wishes));
    QRT_ASSIGN_OR_RETURN(const auto model, own_model(candidate.quantized.file));
    QRT_ASSIGN_OR_RETURN(candidate.sqnr_db, reference_.sqnr_db(model));
    return rt::Result<Candidate>(std::move(candidate));
  }

  void take(Candidate candidate) {
    best_.quantized = std::move(candidate.quantized);
    best_.sqnr_db = candidate.sqnr_db;
    best_.wishes = std::move(candidate.wishes);
  }

  // The candidate becomes the best if it is better, or if it was asked for; whether it did.
  bool choose(const std::string& name, bool asked, Candidate candidate) {
    const bool kept = asked || candidate.sqnr_db > best_.sqnr_db + kLeastGain;
    best_.gains.push_back({name, best_.sqnr_db, candidate.sqnr_db, kept});
    if (kept) take(std::move(candidate));
    return kept;
  }

  rt::Status try_equalized(Switch wish) {
    size_t pairs = 0;
    QRT_ASSIGN_OR_RETURN(Prepared prepared, equalized(best_.prepared, best_.statistics, &pairs));
    if (pairs == 0) return {};
    QRT_ASSIGN_OR_RETURN(Statistics statistics,
                         calibrate(prepared, samples_, options_.threads, options_.progress));
    Wishes wishes = best_.wishes;
    wishes.equalize = Switch::On;
    QRT_ASSIGN_OR_RETURN(Candidate candidate, judge(prepared, statistics, wishes));
    if (!choose("equalization between layers", wish == Switch::On, std::move(candidate))) return {};
    best_.prepared = std::move(prepared);
    best_.statistics = std::move(statistics);
    return {};
  }

  rt::Status try_with(const std::string& name, bool asked, const Wishes& wishes) {
    QRT_ASSIGN_OR_RETURN(Candidate candidate, judge(best_.prepared, best_.statistics, wishes));
    choose(name, asked, std::move(candidate));
    return {};
  }

  rt::Status try_observers() {
    for (const Observer observer : {Observer::Percentile, Observer::MseShrunk, Observer::Mse}) {
      Wishes wishes = best_.wishes;
      wishes.observer = observer;
      QRT_RETURN_IF_ERROR(
          try_with("ranges by " + std::string(observer_name(observer)), false, wishes));
    }
    return {};
  }

  rt::Status try_corrected(Switch wish) {
    Wishes wishes = best_.wishes;
    wishes.correct_bias = Switch::On;
    return try_with("bias correction", wish == Switch::On, wishes);
  }

  static bool wants_columns(const Wishes& wishes) {
    const bool coarse = wishes.scheme == Scheme::W4 || wishes.scheme == Scheme::DynamicW4;
    return wishes.round_columns == Switch::On ||
           (wishes.round_columns == Switch::Auto && (coarse || wishes.per_tensor));
  }

  rt::Status try_columns(Switch wish) {
    GramOptions options;
    options.threads = options_.threads;
    options.progress = options_.progress;
    QRT_ASSIGN_OR_RETURN(
        best_.statistics.grams,
        collect_grams(best_.prepared.model, best_.prepared.graph, samples_, options));
    Wishes wishes = best_.wishes;
    wishes.round_columns = Switch::On;
    return try_with("rounding that makes up for its errors", wish == Switch::On, wishes);
  }

  static constexpr size_t kMostTries = 7;
  Tuned best_;
  const Reference reference_;
  const SampleSource& samples_;
  const TuneOptions& options_;
  size_t tried_ = 0;
};

}  // namespace

rt::Result<Tuned> tune(Prepared prepared, const SampleSource& samples, const Wishes& wishes,
                       const TuneOptions& options) {
  Tuned tuned;
  QRT_ASSIGN_OR_RETURN(tuned.statistics,
                       calibrate(prepared, samples, options.threads, options.progress));
  tuned.doubts = doubts(tuned.statistics);
  QRT_ASSIGN_OR_RETURN(Reference reference,
                       Reference::create(prepared.model, samples, options.judged, options.threads));
  tuned.prepared = std::move(prepared);
  tuned.wishes = wishes;
  return Tuner(std::move(tuned), std::move(reference), samples, options).run();
}

}  // namespace qrt::quantize
