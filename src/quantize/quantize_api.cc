// The public C++ API over the quantizer's parts.
#include <new>

#include "qrt/quantize.hpp"
#include "src/api/boundary.h"
#include "src/api/handles.h"
#include "src/quantize/tune.h"
#include "src/quantize/words.h"

namespace qrt {
namespace {

class Source : public quantize::SampleSource {
 public:
  Source(size_t count, const QuantizeSample& sample) : count_(count), sample_(sample) {}

  size_t size() const override { return count_; }
  rt::Result<quantize::Sample> load(size_t i) const override {
    quantize::Sample sample;
    sample.name = "sample " + std::to_string(i);
    for (QuantizeInput& input : sample_(i)) {
      if (input.shape.size() > rt::kMaxRank) {
        return rt::error(rt::Code::InvalidArgument, "%s has an input of %zu dimensions",
                         sample.name.c_str(), input.shape.size());
      }
      sample.inputs.push_back(
          {rt::Shape(input.shape.data(), input.shape.size()), std::move(input.bytes)});
    }
    return rt::Result<quantize::Sample>(std::move(sample));
  }

 private:
  size_t count_;
  const QuantizeSample& sample_;
};

rt::Result<quantize::Wishes> wishes_of(const QuantizeOptions& options) {
  quantize::Wishes wishes;
  QRT_RETURN_IF_ERROR(quantize::read_scheme("scheme", options.scheme, &wishes.scheme));
  QRT_RETURN_IF_ERROR(quantize::read_observer("observer", options.observer, &wishes));
  QRT_RETURN_IF_ERROR(quantize::read_switch("equalize", options.equalize, &wishes.equalize));
  QRT_RETURN_IF_ERROR(
      quantize::read_switch("bias_correction", options.bias_correction, &wishes.correct_bias));
  QRT_RETURN_IF_ERROR(
      quantize::read_switch("column_rounding", options.column_rounding, &wishes.round_columns));
  wishes.per_tensor = options.per_tensor;
  for (const auto& [pattern, scheme] : options.overrides) {
    wishes.overrides.push_back({pattern, quantize::Scheme::Float});
    QRT_RETURN_IF_ERROR(
        quantize::read_scheme("overrides", scheme, &wishes.overrides.back().scheme));
  }
  return wishes;
}

rt::Status run(const rt::Model& model, const quantize::SampleSource& samples,
               const QuantizeOptions& options, QuantizedModel* result) {
  QRT_ASSIGN_OR_RETURN(const quantize::Wishes wishes, wishes_of(options));
  QRT_ASSIGN_OR_RETURN(quantize::Prepared prepared, quantize::prepare(model));
  quantize::TuneOptions tuning;
  tuning.threads = options.threads;
  tuning.progress = options.progress;
  QRT_ASSIGN_OR_RETURN(quantize::Tuned tuned,
                       quantize::tune(std::move(prepared), samples, wishes, tuning));
  QuantizedModel made;
  made.notes = tuned.doubts;
  made.sqnr_db = tuned.sqnr_db;
  for (const quantize::OperatorResult& op : tuned.quantized.operators) {
    made.operators.push_back({op.name, op.kind, quantize::scheme_name(op.scheme), op.reason});
  }
  const std::vector<std::string>& remarks = tuned.quantized.plan.remarks;
  made.notes.insert(made.notes.end(), remarks.begin(), remarks.end());
  made.file = std::move(tuned.quantized.file);
  *result = std::move(made);
  return {};
}

}  // namespace

Status quantize_model(const Model& model, size_t count, const QuantizeSample& sample,
                      const QuantizeOptions& options, QuantizedModel* result) {
  Status status;
  api::guarded(status.raw(),
               [&] { return run(*model.handle()->model, Source(count, sample), options, result); });
  return status;
}

}  // namespace qrt
