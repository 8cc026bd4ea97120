#include "src/quantize/mix.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "src/graph/node_spec.h"
#include "src/quantize/knapsack.h"
#include "src/quantize/timing.h"

namespace qrt::quantize {
namespace {

using graph::QuantizedAs;

class Search {
 public:
  Search(const Prepared& prepared, const Statistics& statistics, const Reference& reference,
         const Wishes& wishes, const MixOptions& options)
      : prepared_(prepared),
        statistics_(statistics),
        reference_(reference),
        wishes_(wishes),
        options_(options) {}

  rt::Result<MixResult> run() {
    parts_ = parts_of(prepared_.graph, make_plan(prepared_.graph, statistics_, wishes_));
    total_ = parts_.size() * (options_.schemes.size() - 1) + options_.schemes.size() + kPoints;
    QRT_RETURN_IF_ERROR(measure_times());
    QRT_RETURN_IF_ERROR(measure_noise());
    QRT_RETURN_IF_ERROR(draw_curve());
    choose();
    result_.wishes = wishes_for(result_.curve[result_.chosen].schemes);
    QRT_ASSIGN_OR_RETURN(result_.quantized, quantize(prepared_, statistics_, result_.wishes));
    return std::move(result_);
  }

 private:
  static constexpr size_t kPoints = 9;  // of the curve

  rt::Status step() { return tell(options_.progress, "searching", done_++, total_); }

  // The wishes with a scheme for each part, behind the caller's own.
  Wishes wishes_for(const std::vector<Scheme>& schemes) const {
    Wishes wishes = wishes_;
    for (size_t p = 0; p < parts_.size(); ++p) {
      for (size_t n : parts_[p].nodes) {
        wishes.overrides.push_back({prepared_.graph.nodes[n].name, schemes[p]});
      }
    }
    return wishes;
  }

  rt::Result<std::shared_ptr<const rt::Model>> model_of(const std::vector<Scheme>& schemes) const {
    QRT_ASSIGN_OR_RETURN(const Quantized quantized,
                         quantize(prepared_, statistics_, wishes_for(schemes)));
    return own_model(quantized.file);
  }

  // Of each part in each scheme: all parts in that scheme at once.
  rt::Status measure_times() {
    for (const Part& part : parts_) result_.costs.push_back({part.name, {}});
    for (const Scheme scheme : options_.schemes) {
      QRT_RETURN_IF_ERROR(step());
      QRT_ASSIGN_OR_RETURN(const auto model, model_of(std::vector<Scheme>(parts_.size(), scheme)));
      QRT_ASSIGN_OR_RETURN(const Times times,
                           time_operators(model, reference_.sample(), options_.threads, kSeconds));
      for (size_t p = 0; p < parts_.size(); ++p) {
        PartCost cost = {scheme, 0, 0};
        for (size_t n : parts_[p].nodes) {
          const auto found = times.operators.find(prepared_.graph.nodes[n].name);
          if (found != times.operators.end()) cost.us += found->second;
        }
        result_.costs[p].costs.push_back(cost);
      }
    }
    return {};
  }

  rt::Status measure_noise() {
    for (size_t p = 0; p < parts_.size(); ++p) {
      for (PartCost& cost : result_.costs[p].costs) {
        if (cost.scheme == Scheme::Float) continue;
        QRT_RETURN_IF_ERROR(step());
        const std::string key = parts_[p].name + "=" + scheme_name(cost.scheme);
        const auto known = options_.known.find(key);
        if (known != options_.known.end()) {
          cost.noise = known->second;
          continue;
        }
        std::vector<Scheme> schemes(parts_.size(), Scheme::Float);
        schemes[p] = cost.scheme;
        QRT_ASSIGN_OR_RETURN(const auto model, model_of(schemes));
        QRT_ASSIGN_OR_RETURN(const double sqnr_db, reference_.sqnr_db(model));
        cost.noise = std::pow(10, -sqnr_db / 10);
        if (options_.keep) options_.keep(key, cost.noise);
      }
    }
    return {};
  }

  // Assignments of less and less noise, each as fast as can be.
  rt::Status draw_curve() {
    std::vector<std::vector<Item>> rows;
    double most = 0, least = 0;
    for (const PartCosts& part : result_.costs) {
      rows.emplace_back();
      double low = part.costs[0].noise, high = low;
      for (const PartCost& cost : part.costs) {
        rows.back().push_back({cost.noise, cost.us});
        low = std::min(low, cost.noise);
        high = std::max(high, cost.noise);
      }
      most += high;
      least += low;
    }
    // In equal steps of decibels; without any noise there is one more, all float.
    least = std::max(least, most * 1e-6);
    std::set<std::vector<Scheme>> seen;
    for (size_t i = 0; i < kPoints; ++i) {
      QRT_RETURN_IF_ERROR(step());
      const double share = static_cast<double>(i) / (kPoints - 1);
      const double noise = most * std::pow(least / most, share) * 1.001;
      const std::vector<size_t> items = choose_items(rows, noise);
      std::vector<Scheme> schemes;
      for (size_t p = 0; p < items.size(); ++p) {
        schemes.push_back(result_.costs[p].costs[items[p]].scheme);
      }
      if (schemes.empty() || !seen.insert(schemes).second) continue;
      QRT_RETURN_IF_ERROR(judge(std::move(schemes)));
      // What comes next is slower.
      if (result_.curve.back().loss <= options_.most_loss) break;
    }
    if (result_.curve.empty() || result_.curve.back().loss > options_.most_loss) {
      const std::vector<Scheme> floats(parts_.size(), Scheme::Float);
      if (has_float() && seen.insert(floats).second) QRT_RETURN_IF_ERROR(judge(floats));
    }
    return {};
  }

  bool has_float() const {
    return std::count(options_.schemes.begin(), options_.schemes.end(), Scheme::Float) > 0;
  }

  rt::Status judge(std::vector<Scheme> schemes) {
    QRT_ASSIGN_OR_RETURN(const auto model, model_of(schemes));
    Mix mix;
    QRT_ASSIGN_OR_RETURN(mix.loss, options_.loss(model));
    QRT_ASSIGN_OR_RETURN(const Times times,
                         time_operators(model, reference_.sample(), options_.threads, kSeconds));
    mix.us = times.run_us;
    mix.label = label_of(schemes);
    mix.schemes = std::move(schemes);
    result_.curve.push_back(std::move(mix));
    return {};
  }

  std::string label_of(const std::vector<Scheme>& schemes) const {
    std::string label;
    for (const Scheme scheme : options_.schemes) {
      const auto count = std::count(schemes.begin(), schemes.end(), scheme);
      if (static_cast<size_t>(count) == schemes.size())
        return std::string("all ") + scheme_name(scheme);
      if (count == 0) continue;
      label += (label.empty() ? "" : ", ") + std::to_string(count) + " " + scheme_name(scheme);
    }
    return label;
  }

  // The fastest within the loss; else the one that loses least.
  void choose() {
    const std::vector<Mix>& curve = result_.curve;
    for (size_t i = 0; i < curve.size(); ++i) {
      const Mix& best = curve[result_.chosen];
      const bool within = curve[i].loss <= options_.most_loss;
      const bool better = within == result_.within
                              ? (within ? curve[i].us < best.us : curve[i].loss < best.loss)
                              : within;
      if (i == 0 || better) result_.chosen = i;
      result_.within = result_.within || within;
    }
  }

  static constexpr double kSeconds = 0.1;  // for timing a model

  const Prepared& prepared_;
  const Statistics& statistics_;
  const Reference& reference_;
  const Wishes& wishes_;
  const MixOptions& options_;
  std::vector<Part> parts_;
  MixResult result_;
  size_t done_ = 0, total_ = 0;
};

}  // namespace

std::vector<Part> parts_of(const graph::Graph& graph, const Plan& plan) {
  std::vector<Part> parts;
  // By value: the part that makes it, or -1.
  std::vector<int> maker(graph.values.size(), -1);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const graph::Node& node = graph.nodes[n];
    if (!is_static(plan.nodes[n].scheme)) continue;
    const QuantizedAs form = graph::quantized_as(graph, node);
    int part = -1;
    if (form == QuantizedAs::Weighted || node.type() == fb::OpOptions::MatMul) {
      part = static_cast<int>(parts.size());
      parts.push_back({node.name, {}});
    } else {
      // The latest of those that it reads from.
      for (int v : node.inputs) {
        if (v != graph::kAbsent) part = std::max(part, maker[static_cast<size_t>(v)]);
      }
    }
    // What comes before the first product goes with it.
    if (part < 0) continue;
    parts[static_cast<size_t>(part)].nodes.push_back(n);
    for (int v : node.outputs) maker[static_cast<size_t>(v)] = part;
  }
  return parts;
}

rt::Result<MixResult> search_mix(const Prepared& prepared, const Statistics& statistics,
                                 const Reference& reference, const Wishes& wishes,
                                 const MixOptions& options) {
  return Search(prepared, statistics, reference, wishes, options).run();
}

}  // namespace qrt::quantize
