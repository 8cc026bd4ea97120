// `qrt bench`: how long a model takes to load, to prepare and to run on this machine, how much
// memory it needs, and where the time goes.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include "src/cli/commands.h"
#include "src/cli/inspect_json.h"
#include "src/cli/json_output.h"
#include "src/cli/machine_options.h"
#include "src/cli/measure.h"
#include "src/cli/model_facts.h"
#include "src/cli/running_model.h"
#include "src/cli/shape_option.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

struct Options {
  std::string model, signature, isa;
  std::vector<std::string> shapes;
  size_t threads = 1;
  size_t warmup = 3;
  double seconds = 1;
  bool profile = false, json = false;
};

constexpr size_t kNameWidth = 36;
constexpr int kBarWidth = 16;

constexpr const char* kFooter = R"(Examples:
  qrt bench model.qrt
  qrt bench model.qrt --threads 4 --seconds 5
  qrt bench model.qrt --shape image=4x224x224x3
  qrt bench model.qrt --profile             the time of every operator, and its kernel
  qrt bench model.tflite --json | jq .median_us

Inputs are random, the same in every run of the tool. "load" maps and verifies a .qrt, and converts
other models; "prepare" chooses kernels, packs weights and plans memory. The profile is taken in runs
of its own, for measuring every operator costs a little.)";

// One line on a terminal that says how far a longer measurement is.
class StatusLine {
 public:
  StatusLine(const char* what, double seconds)
      : what_(what), seconds_(seconds), shown_(isatty(STDERR_FILENO) != 0 && seconds > 1) {}
  ~StatusLine() {
    if (drawn_) std::fputs("\r\033[K", stderr);
  }
  void operator()(double passed) {
    if (!shown_ || passed < next_) return;
    next_ = passed + 0.1;
    drawn_ = true;
    std::fprintf(stderr, "\r%s … %.0f of %.0f s", what_, passed, seconds_);
  }

 private:
  const char* what_;
  double seconds_, next_ = 0;
  bool shown_, drawn_ = false;
};

struct Measured {
  double prepare_us = 0;
  Timings timings;
  std::vector<double> profile_ns;  // by operator; empty without --profile
};

class Report {
 public:
  Report(const RunningModel& model, const Measured& measured)
      : open_(model.open),
        session_(model.session),
        isa_(model.program.isa()),
        memory_(model.session.memory()),
        facts_(*model.open.model, model.open.entry),
        measured_(measured) {
    for (double ns : measured.profile_ns) total_ns_ += ns;
  }

  void print() const {
    const Timings& t = measured_.timings;
    Facts lines;
    lines.add("model", printable(open_.path) +
                           (open_.converted()
                                ? format(" (%s, converted in memory)", format_name(open_.format))
                                : ""));
    lines.add("machine", format("%s, %s, %zu thread%s", rt::cpu_facts().name, isa_,
                                session_.threads(), session_.threads() == 1 ? "" : "s"));
    lines.add("load", human_us(open_.load_us));
    lines.add("prepare", human_us(measured_.prepare_us));
    lines.add("run", bold("median " + human_us(t.median_us)) + ", min " + human_us(t.min_us) +
                         ", mean " + human_us(t.mean_us) + ", p90 " + human_us(t.p90_us) +
                         ", p99 " + human_us(t.p99_us));
    lines.add("", format("%zu runs%s", t.runs, throughput().c_str()));
    lines.add("memory", "arena " + human_bytes(memory_.arena_bytes) + ", weights " +
                            human_bytes(memory_.weight_bytes) + ", packed " +
                            human_bytes(memory_.packed_bytes) + ", process " +
                            human_bytes(peak_rss_bytes()));
    lines.print();
    if (!measured_.profile_ns.empty()) print_profile();
  }

  void print_as_json() const {
    const Timings& t = measured_.timings;
    Json json = {{"model", open_.path},
                 {"source_format", format_name(open_.format)},
                 {"cpu", rt::cpu_facts().name},
                 {"isa", isa_},
                 {"threads", session_.threads()},
                 {"runs", t.runs},
                 {"min_us", t.min_us},
                 {"median_us", t.median_us},
                 {"mean_us", t.mean_us},
                 {"p90_us", t.p90_us},
                 {"p99_us", t.p99_us},
                 {"load_us", open_.load_us},
                 {"prepare_us", measured_.prepare_us},
                 {"macs", facts_.macs},
                 {"arena_bytes", memory_.arena_bytes},
                 {"weight_bytes", memory_.weight_bytes},
                 {"packed_bytes", memory_.packed_bytes},
                 {"peak_rss_bytes", peak_rss_bytes()}};
    if (!measured_.profile_ns.empty()) {
      json["profile"] = Json::array();
      for (size_t i = 0; i < facts_.steps.size(); ++i) {
        const OpInfo op = session_.operator_info(i);
        json["profile"].push_back({{"index", i},
                                   {"name", op.name},
                                   {"kind", facts_.steps[i].kind},
                                   {"kernel", kernel_name(op.kernel)},
                                   {"output_shape", output_shape(op)},
                                   {"macs", facts_.steps[i].macs},
                                   {"us", measured_.profile_ns[i] / 1000},
                                   {"percent", percent(measured_.profile_ns[i])}});
      }
      json["profile_by_kind"] = Json::array();
      for (const Kind& kind : by_kind()) {
        json["profile_by_kind"].push_back({{"kind", kind.name},
                                           {"operators", kind.operators},
                                           {"us", kind.ns / 1000},
                                           {"percent", percent(kind.ns)}});
      }
    }
    print_json(json);
  }

 private:
  struct Kind {
    std::string name;
    size_t operators = 0;
    double ns = 0;
  };

  double percent(double ns) const { return total_ns_ > 0 ? 100 * ns / total_ns_ : 0; }

  // "██▌": a column of these shows at a glance where the time goes.
  std::string bar(double ns) const {
    static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const int eighths = static_cast<int>(percent(ns) / 100 * kBarWidth * 8 + 0.5);
    std::string text;
    for (int i = 0; i < eighths / 8; ++i) text += "█";
    return text + kEighths[eighths % 8];
  }

  std::string throughput() const {
    if (facts_.macs <= 0 || measured_.timings.median_us <= 0) return "";
    return ", " + human_count(facts_.macs / measured_.timings.median_us * 1e6) +
           " multiply-accumulates a second";
  }

  static std::vector<int32_t> output_shape(const OpInfo& op) {
    return {op.dims, op.dims + op.rank};
  }

  std::vector<Kind> by_kind() const {
    std::map<std::string, Kind> kinds;
    for (size_t i = 0; i < facts_.steps.size(); ++i) {
      Kind& kind = kinds[facts_.steps[i].kind];
      kind.name = facts_.steps[i].kind;
      ++kind.operators;
      kind.ns += measured_.profile_ns[i];
    }
    std::vector<Kind> sorted;
    for (const auto& [name, kind] : kinds) sorted.push_back(kind);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Kind& a, const Kind& b) { return a.ns > b.ns; });
    return sorted;
  }

  void print_profile() const {
    Table table({{"#", true},
                 {"operator"},
                 {"name"},
                 {"kernel"},
                 {"output"},
                 {"µs", true},
                 {"%", true},
                 {""}});
    for (size_t i = 0; i < facts_.steps.size(); ++i) {
      const OpInfo op = session_.operator_info(i);
      const std::vector<int32_t> shape = output_shape(op);
      const double ns = measured_.profile_ns[i];
      table.add({std::to_string(i), facts_.steps[i].kind, short_name(op.name, kNameWidth),
                 kernel_name(op.kernel), rt::Shape(shape.data(), shape.size()).str(),
                 format("%.1f", ns / 1000), format("%.1f", percent(ns)), bar(ns)});
    }
    std::printf("\n%s\n", bold("Operators").c_str());
    table.print();

    Table sums({{"operator"}, {"count", true}, {"µs", true}, {"%", true}, {""}});
    for (const Kind& kind : by_kind()) {
      sums.add({kind.name, std::to_string(kind.operators), format("%.1f", kind.ns / 1000),
                format("%.1f", percent(kind.ns)), bar(kind.ns)});
    }
    std::printf("\n%s\n", bold("By kind").c_str());
    sums.print();
  }

  const OpenModel& open_;
  const Session& session_;
  const char* isa_;
  const MemoryInfo memory_;
  const ModelFacts facts_;
  const Measured& measured_;
  double total_ns_ = 0;
};

Outcome bench(const Options& options) {
  QRT_ASSIGN_OR_RETURN(OpenModel open, open_model(options.model, options.signature));
  Measured measured;
  const auto start = std::chrono::steady_clock::now();
  QRT_ASSIGN_OR_RETURN(RunningModel model,
                       start_model(std::move(open), options.isa, options.threads));
  QRT_RETURN_IF_ERROR(apply_shapes(options.shapes, &model.session));
  measured.prepare_us =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();

  fill_random(model.session);
  for (size_t i = 0; i < options.warmup; ++i) {
    QRT_RETURN_IF_ERROR(run_anew(model.session));
  }
  {
    StatusLine status("measuring", options.seconds);
    QRT_ASSIGN_OR_RETURN(measured.timings,
                         measure(model.session, options.seconds, std::ref(status)));
  }
  if (options.profile) {
    StatusLine status("profiling", options.seconds);
    QRT_ASSIGN_OR_RETURN(measured.profile_ns,
                         profile(model.session, options.seconds, std::ref(status)));
  }
  const Report report(model, measured);
  if (options.json) {
    report.print_as_json();
  } else {
    report.print();
  }
  return {};
}

}  // namespace

void add_bench(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Measure a model's speed and memory");
  add_model_option(command, &options->model);
  add_signature_option(command, &options->signature);
  add_machine_options(command, &options->threads, &options->isa);
  add_shape_option(command, &options->shapes, "The shape of an input; without: 1 where it is open");
  named(command->add_option("--warmup", options->warmup, "Runs before measuring (default 3)"), "N")
      ->check(between(0, 1e6));
  named(command->add_option("--seconds", options->seconds, "How long to measure (default 1)"), "S")
      ->check(between(0, 86400));
  command->add_flag("--profile", options->profile, "Show the time of every operator");
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(kFooter);
  command->callback([=] { *action = [options] { return bench(*options); }; });
}

}  // namespace qrt::cli
