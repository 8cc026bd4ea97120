#include "src/cli/quantize_result.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "src/cli/table.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

using quantize::OperatorResult;
using quantize::Scheme;
using quantize::TensorCloseness;

double time_of(const quantize::Times& times, const std::string& name) {
  const auto found = times.operators.find(name);
  return found == times.operators.end() ? 0 : found->second;
}

// Operators of one scheme.
struct Share {
  size_t operators = 0;
  uint64_t macs = 0;
  double us = 0;
};
std::map<Scheme, Share> shares_of(const QuantizeResult& result) {
  std::map<Scheme, Share> shares;
  for (const OperatorResult& op : result.quantized().operators) {
    Share& share = shares[op.scheme];
    ++share.operators;
    share.macs += op.macs;
    share.us += time_of(result.after, op.name);
  }
  return shares;
}

// Why operators are float, and which.
struct Island {
  std::vector<std::string> operators;
  double us = 0;
};
std::map<std::string, Island> islands_of(const QuantizeResult& result) {
  std::map<std::string, Island> islands;
  for (const OperatorResult& op : result.quantized().operators) {
    if (op.scheme != Scheme::Float || op.reason.empty()) continue;
    Island& island = islands[op.reason];
    island.operators.push_back(op.name);
    island.us += time_of(result.after, op.name);
  }
  return islands;
}

std::string decibels(double db) { return std::isfinite(db) ? format("%.1f", db) : "exact"; }
Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// The tensors that lose most, of those that are integers.
std::vector<const TensorCloseness*> worst(const QuantizeResult& result, size_t count) {
  std::vector<const TensorCloseness*> tensors;
  for (const TensorCloseness& tensor : result.comparison.tensors) {
    if (tensor.type_b != rt::DType::F32) tensors.push_back(&tensor);
  }
  std::stable_sort(tensors.begin(), tensors.end(), [](const auto* a, const auto* b) {
    return a->closeness.sqnr_db() < b->closeness.sqnr_db();
  });
  if (tensors.size() > count) tensors.resize(count);
  return tensors;
}

std::map<std::string, size_t> values_by_name(const QuantizeResult& result) {
  std::map<std::string, size_t> values;
  const auto& all = result.tuned.prepared.graph.values;
  for (size_t v = 0; v < all.size(); ++v) values[all[v].name] = v;
  return values;
}

double clipped(const QuantizeResult& result, size_t v) {
  const quantize::ValueStatistics& seen = result.tuned.statistics.values[v];
  const quantize::ValuePlan& plan = result.quantized().plan.values[v];
  return seen.seen() && plan.quantized ? quantize::clipped_share(seen, plan.range) : 0;
}

std::string accuracy_text(const Accuracy& a) {
  const double unit = a.share ? 100 : 1;
  const char* percent = a.share ? " %" : "";
  std::string text = format("%s %.4g%s, was %.4g%s", printable(a.metric).c_str(), unit * a.after,
                            percent, unit * a.before, percent);
  if (!std::isnan(a.difference.low)) {
    text += format(": %+.3g [%+.3g, %+.3g]%s", unit * a.difference.value, unit * a.difference.low,
                   unit * a.difference.high, a.share ? " points" : "");
  }
  return text + format(" on %zu samples", a.samples);
}

void print_facts(const QuantizeResult& result) {
  Facts facts;
  facts.add("written", printable(result.out) + " from " + printable(result.in));
  facts.add(
      "size",
      format("%s, was %s: %.2f times smaller", human_bytes(result.bytes_after).c_str(),
             human_bytes(result.bytes_before).c_str(),
             static_cast<double>(result.bytes_before) / static_cast<double>(result.bytes_after)));
  facts.add("latency",
            format("%s, was %s: %.2f times as fast (%s, %zu thread%s)",
                   human_us(result.after.run_us).c_str(), human_us(result.before.run_us).c_str(),
                   result.before.run_us / result.after.run_us, result.isa.c_str(), result.threads,
                   result.threads == 1 ? "" : "s"));
  if (result.accuracy) facts.add("accuracy", accuracy_text(*result.accuracy));
  for (const TensorCloseness& output : result.comparison.outputs) {
    facts.add("output", format("%s: SQNR %s dB, largest error %s of %s",
                               short_name(printable(output.name_b), 40).c_str(),
                               decibels(output.closeness.sqnr_db()).c_str(),
                               human_real(output.closeness.largest_error).c_str(),
                               human_real(std::max(std::fabs(output.closeness.low_a),
                                                   std::fabs(output.closeness.high_a)))
                                   .c_str()));
  }
  facts.add("samples", format("calibrated on %zu, compared on %zu%s", result.calibrated,
                              result.comparison.samples,
                              result.seen_before ? " of them: there are no others" : " others"));
  for (const quantize::Gain& gain : result.tuned.gains) {
    facts.add(
        gain.kept ? "kept" : "left out",
        format("%s: %.1f dB, without it %.1f", gain.name.c_str(), gain.with_db, gain.without_db));
  }
  facts.print();
}

void print_shares(const QuantizeResult& result) {
  std::printf("\n%s\n", bold("Operators").c_str());
  Table table({{"scheme"}, {"operators", true}, {"MACs", true}, {"time", true}});
  for (const auto& [scheme, share] : shares_of(result)) {
    table.add({quantize::scheme_name(scheme), std::to_string(share.operators),
               human_count(static_cast<double>(share.macs)), human_us(share.us)});
  }
  table.print();
  const auto islands = islands_of(result);
  if (islands.empty()) return;
  std::printf("\n%s\n", bold("In float").c_str());
  Table why({{"operators"}, {"why"}, {"time", true}});
  for (const auto& [reason, island] : islands) {
    std::string names = short_name(printable(island.operators[0]), 40);
    if (island.operators.size() > 1) {
      names += format(" and %zu more", island.operators.size() - 1);
    }
    why.add({names, reason, human_us(island.us)});
  }
  why.print();
}

void print_worst(const QuantizeResult& result) {
  const auto tensors = worst(result, 10);
  if (tensors.empty()) return;
  const std::map<std::string, size_t> values = values_by_name(result);
  std::printf("\n%s\n", bold("Tensors that lose most").c_str());
  Table table(
      {{"tensor"}, {"operator"}, {"type"}, {"SQNR dB", true}, {"range"}, {"clipped", true}});
  for (const TensorCloseness* tensor : tensors) {
    const auto found = values.find(tensor->name_a);
    table.add(
        {short_name(printable(tensor->name_b), 40), tensor->kind, rt::dtype_name(tensor->type_b),
         decibels(tensor->closeness.sqnr_db()),
         human_real(tensor->closeness.low_a) + " to " + human_real(tensor->closeness.high_a),
         found == values.end() ? "" : format("%.3f %%", 100 * clipped(result, found->second))});
  }
  table.print();
}

void print_curve(const QuantizeResult& result) {
  if (!result.mix) return;
  std::printf("\n%s\n", bold("Mixes that were tried").c_str());
  Table table({{"parts"}, {"time", true}, {"loss", true}, {""}});
  for (size_t i = 0; i < result.mix->curve.size(); ++i) {
    const quantize::Mix& mix = result.mix->curve[i];
    table.add({mix.label, human_us(mix.us), human_real(mix.loss),
               i == result.mix->chosen ? "taken" : ""});
  }
  table.print();
}

Json range_json(const QuantizeResult& result, size_t v) {
  const quantize::ValueStatistics& seen = result.tuned.statistics.values[v];
  const quantize::ValuePlan& plan = result.quantized().plan.values[v];
  Json json = {{"low", plan.range.low},
               {"high", plan.range.high},
               {"seen_low", seen.low.first},
               {"seen_high", seen.high.first},
               {"scale", plan.quantization.scales[0]},
               {"zero_point", plan.quantization.zero_point()},
               {"clipped_share", clipped(result, v)},
               {"how", plan.how}};
  // Coarser: enough to draw.
  constexpr int kDrawn = 128, kJoined = quantize::Histogram::kBins / kDrawn;
  std::vector<uint64_t> counts;
  const quantize::Histogram& h = seen.histogram;
  if (h.empty()) return json;
  for (int i = 0; i < kDrawn; ++i) {
    counts.push_back(0);
    for (int k = 0; k < kJoined; ++k) counts.back() += h.count(i * kJoined + k);
  }
  json["histogram"] = {{"low", h.low(0)}, {"width", h.width() * kJoined}, {"counts", counts}};
  return json;
}

Json tensors_json(const QuantizeResult& result) {
  const std::map<std::string, size_t> values = values_by_name(result);
  const graph::Graph& graph = result.tuned.prepared.graph;
  const std::vector<int> producers = graph.producers();
  Json list = Json::array();
  for (const TensorCloseness& tensor : result.comparison.tensors) {
    const auto found = values.find(tensor.name_a);
    if (found == values.end() || tensor.type_b == rt::DType::F32) continue;
    const size_t v = found->second;
    const int producer = producers[v];
    Json json = {{"name", tensor.name_a},
                 {"operator", producer < 0 ? "" : graph.nodes[static_cast<size_t>(producer)].name},
                 {"type", rt::dtype_name(tensor.type_b)},
                 {"sqnr_db", finite(tensor.closeness.sqnr_db())}};
    if (result.quantized().plan.values[v].quantized) json.update(range_json(result, v));
    list.push_back(std::move(json));
  }
  return list;
}

Json operators_json(const QuantizeResult& result) {
  const graph::Graph& graph = result.tuned.prepared.graph;
  Json list = Json::array();
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const OperatorResult& op = result.quantized().operators[n];
    const std::vector<int>& outputs = graph.nodes[n].outputs;
    list.push_back({{"name", op.name},
                    {"kind", op.kind},
                    {"scheme", quantize::scheme_name(op.scheme)},
                    {"reason", op.reason},
                    {"macs", op.macs},
                    {"us_before", time_of(result.before, op.name)},
                    {"us_after", time_of(result.after, op.name)},
                    {"output", outputs.empty() ? "" : graph.value(outputs[0]).name},
                    {"largest_correction", op.largest_correction}});
  }
  return list;
}

Json weights_json(const QuantizeResult& result) {
  const graph::Graph& graph = result.tuned.prepared.graph;
  Json list = Json::array();
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const OperatorResult& op = result.quantized().operators[n];
    if (op.scheme == Scheme::Float || !quantize::has_float_weights(graph, graph.nodes[n])) continue;
    const graph::Value& weights = graph.value(graph.nodes[n].inputs[1]);
    const auto outputs = static_cast<size_t>(weights.shape[0]);
    const size_t each = weights.elements() / outputs;
    Json low = Json::array(), high = Json::array();
    for (size_t o = 0; o < outputs; ++o) {
      const auto [least, most] =
          std::minmax_element(weights.as<float>() + o * each, weights.as<float>() + (o + 1) * each);
      low.push_back(*least);
      high.push_back(*most);
    }
    list.push_back({{"operator", op.name}, {"low", low}, {"high", high}});
  }
  return list;
}

void add_mix(const QuantizeResult& result, Json* json) {
  if (!result.mix) return;
  Json sensitivity = Json::array(), tradeoff = Json::array();
  for (const quantize::PartCosts& part : result.mix->costs) {
    for (const quantize::PartCost& cost : part.costs) {
      sensitivity.push_back(
          {{"operator", part.name},
           {"scheme", quantize::scheme_name(cost.scheme)},
           {"sqnr_db", cost.noise > 0 ? Json(-10 * std::log10(cost.noise)) : Json(nullptr)},
           {"us", cost.us}});
    }
  }
  for (size_t i = 0; i < result.mix->curve.size(); ++i) {
    const quantize::Mix& mix = result.mix->curve[i];
    tradeoff.push_back({{"us", mix.us},
                        {"loss", mix.loss},
                        {"label", mix.label},
                        {"chosen", i == result.mix->chosen}});
  }
  (*json)["sensitivity"] = std::move(sensitivity);
  (*json)["tradeoff"] = std::move(tradeoff);
}

Json outputs_json(const QuantizeResult& result) {
  Json list = Json::array();
  for (const TensorCloseness& output : result.comparison.outputs) {
    list.push_back({{"name", output.name_b},
                    {"sqnr_db", finite(output.closeness.sqnr_db())},
                    {"cosine", output.closeness.cosine()},
                    {"largest_difference", output.closeness.largest_error}});
  }
  return list;
}

}  // namespace

void print_result(const QuantizeResult& result) {
  print_facts(result);
  print_shares(result);
  print_curve(result);
  print_worst(result);
  for (const std::string& doubt : result.tuned.doubts) note(printable(doubt));
  for (const std::string& remark : result.quantized().plan.remarks) note(printable(remark));
}

Json json_of(const QuantizeResult& result) {
  Json json = {{"tool", std::string("qrt ") + QRT_VERSION},
               {"model", result.in},
               {"output", result.out},
               {"size", {{"before", result.bytes_before}, {"after", result.bytes_after}}},
               {"latency",
                {{"before_us", result.before.run_us},
                 {"after_us", result.after.run_us},
                 {"isa", result.isa},
                 {"threads", result.threads}}}};
  if (result.accuracy) {
    const Accuracy& a = *result.accuracy;
    json["accuracy"] = {{"metric", a.metric},
                        {"higher_is_better", a.higher_is_better},
                        {"share", a.share},
                        {"before", a.before},
                        {"after", a.after},
                        {"difference", a.difference.value},
                        {"low", finite(a.difference.low)},
                        {"high", finite(a.difference.high)},
                        {"samples", a.samples}};
  }
  json["outputs"] = outputs_json(result);
  json["samples"] = {{"calibration", result.calibrated},
                     {"evaluation", result.comparison.samples},
                     {"evaluation_is_new", !result.seen_before},
                     {"doubts", result.tuned.doubts}};
  json["schemes"] = Json::array();
  for (const auto& [scheme, share] : shares_of(result)) {
    json["schemes"].push_back({{"scheme", quantize::scheme_name(scheme)},
                               {"operators", share.operators},
                               {"macs", share.macs},
                               {"us", share.us}});
  }
  json["islands"] = Json::array();
  for (const auto& [reason, island] : islands_of(result)) {
    json["islands"].push_back(
        {{"operators", island.operators}, {"reason", reason}, {"us", island.us}});
  }
  json["operators"] = operators_json(result);
  json["tensors"] = tensors_json(result);
  json["weights"] = weights_json(result);
  add_mix(result, &json);
  json["repairs"] = Json::array();
  for (const quantize::Gain& gain : result.tuned.gains) {
    json["repairs"].push_back({{"name", gain.name},
                               {"sqnr_without_db", gain.without_db},
                               {"sqnr_with_db", gain.with_db},
                               {"kept", gain.kept}});
  }
  json["remarks"] = result.quantized().plan.remarks;
  json["recipe"] = recipe_of(result.wishes());
  return json;
}

}  // namespace qrt::cli
