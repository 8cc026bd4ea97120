// qrt_bench_convolutions: our quantized convolution against XNNPACK's, for every shape of
// well-known networks. Both run what a user would run; results are compared before anything is
// timed.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>

#include "bench/ceiling.h"
#include "bench/interleave.h"
#include "bench/network_shapes.h"
#include "bench/xnnpack.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"

namespace qrt::bench {
namespace {

using cli::format;
using Json = nlohmann::ordered_json;

constexpr const char* kFooter = R"(Examples:
  qrt_bench_convolutions                         every shape, best instruction set, one thread
  qrt_bench_convolutions --isa avx2              both sides kept to AVX2
  qrt_bench_convolutions --filter '^dw' --threads 2 --json depthwise.json

The ratio is XNNPACK's time divided by ours: above 1 ours is faster. The share is of what the
multipliers of the instruction set can do from registers alone, times the threads.)";

struct Options {
  std::string filter, isa, json;
  size_t threads = 1;
  double min_seconds = 0.02;
};

struct DestroyPool {
  void operator()(pthreadpool_t pool) const { pthreadpool_destroy(pool); }
};
using Pool = std::unique_ptr<pthreadpool, DestroyPool>;

struct Measured {
  NetworkShape network;
  std::string kernel;
  double ours = 0, xnnpack = 0;  // seconds; xnnpack is 0 without that peer

  double macs() const { return shape_macs(network.shape); }
  double ratio() const { return xnnpack / ours; }
};

struct Group {
  const char* name;
  bool (*has)(const ConvShape&);
};
constexpr Group kGroups[] = {
    {"depthwise", [](const ConvShape& s) { return s.depthwise(); }},
    {"dense, K >= 64, N >= 32",
     [](const ConvShape& s) {
       return !s.depthwise() && shape_depth(s) >= 64 && s.group_outputs() >= 32;
     }},
    {"all", [](const ConvShape&) { return true; }},
};

class Benchmark {
 public:
  explicit Benchmark(Options options) : options_(std::move(options)) {}

  rt::Status run() {
    QRT_ASSIGN_OR_RETURN(features_, rt::choose_isa(isa_name()));
    const rt::Status started = start_xnnpack(options_.isa.empty() ? nullptr : &features_);
    peer_ = started.ok();
    if (!peer_) cli::note("without XNNPACK: " + started.message());
    // One pool for both: the idle threads of a second one would compete with those that work.
    if (options_.threads > 1) pool_.reset(pthreadpool_create(options_.threads));
    ceiling_ = ceiling_of(features_) * static_cast<double>(options_.threads);
    const std::regex filter(options_.filter);
    for (const NetworkShape& network : network_shapes()) {
      if (!std::regex_search(shape_name(network.shape) + " " + network.networks, filter)) continue;
      QRT_RETURN_IF_ERROR(measure(network).within(shape_name(network.shape)));
    }
    if (measured_.empty()) {
      return rt::error(rt::Code::InvalidArgument, "no shape matches '%s'", options_.filter.c_str());
    }
    print();
    return options_.json.empty() ? rt::Status() : write_json();
  }

 private:
  const char* isa_name() const {
    return options_.isa.empty() ? std::getenv("QRT_ISA") : options_.isa.c_str();
  }

  rt::Status measure(const NetworkShape& network) {
    const ConvData data = random_data(network.shape);
    QRT_ASSIGN_OR_RETURN(OurConvolution ours,
                         OurConvolution::create(network.shape, data, isa_name(), pool_.get()));
    Measured m{network, ours.kernel()};
    QRT_RETURN_IF_ERROR(ours.run());
    const auto run_ours = [&] { (void)ours.run(); };  // as it did
    if (!peer_) {
      m.ours = interleaved_seconds({run_ours}, options_.min_seconds)[0];
    } else {
      QRT_ASSIGN_OR_RETURN(XnnpackConvolution xnnpack,
                           XnnpackConvolution::create(network.shape, data, pool_.get()));
      xnnpack.run();
      const size_t outputs = network.shape.window.pixels() * network.shape.out_channels;
      QRT_RETURN_IF_ERROR(compare(ours.output(), xnnpack.output(), outputs));
      const auto seconds =
          interleaved_seconds({run_ours, [&] { xnnpack.run(); }}, options_.min_seconds);
      m.ours = seconds[0];
      m.xnnpack = seconds[1];
    }
    measured_.push_back(std::move(m));
    return {};
  }

  // They may round a tie, or the multiplier itself, differently.
  static rt::Status compare(const int8_t* ours, const int8_t* peer, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (std::abs(ours[i] - peer[i]) > 1) {
        return rt::error(rt::Code::InvalidModel, "output %zu is %d, and XNNPACK says %d", i,
                         ours[i], peer[i]);
      }
    }
    return {};
  }

  std::string gmacs(double macs, double seconds) const {
    return format("%.1f", macs / seconds * 1e-9);
  }

  void print() const {
    cli::Facts facts;
    facts.add("machine",
              format("%s, %s, %zu thread%s", rt::cpu_facts().name, rt::isa_name(features_),
                     options_.threads, options_.threads == 1 ? "" : "s"));
    for (const Ceiling& c : ceilings()) {
      facts.add(&c == &ceilings().front() ? "ceilings" : "",
                format("%6.1f GMAC/s  %s", c.macs_per_second * 1e-9, c.instructions));
    }
    facts.print();
    std::puts("");

    std::vector<cli::Table::Column> columns = {
        {"shape"}, {"MMAC", true}, {"ours µs", true}, {"GMAC/s", true}, {"ceiling", true}};
    if (peer_) {
      for (const char* title : {"XNNPACK µs", "GMAC/s", "ratio"}) columns.push_back({title, true});
    }
    cli::Table table(columns);
    for (const Measured& m : measured_) {
      std::vector<std::string> cells = {
          shape_name(m.network.shape), format("%.2f", m.macs() * 1e-6),
          format("%.1f", m.ours * 1e6), gmacs(m.macs(), m.ours),
          ceiling_ > 0 ? format("%.0f %%", 100 * m.macs() / m.ours / ceiling_) : "-"};
      if (peer_) {
        cells.push_back(format("%.1f", m.xnnpack * 1e6));
        cells.push_back(gmacs(m.macs(), m.xnnpack));
        cells.push_back(format("%.2f", m.ratio()));
      }
      table.add(cells);
    }
    table.print();
    print_groups();
  }

  std::vector<const Measured*> members(const Group& group) const {
    std::vector<const Measured*> all;
    for (const Measured& m : measured_) {
      if (group.has(m.network.shape)) all.push_back(&m);
    }
    return all;
  }
  template <class Value>
  static double geometric_mean(const std::vector<const Measured*>& all, const Value& value) {
    double sum = 0;
    for (const Measured* m : all) sum += std::log(value(*m));
    return std::exp(sum / static_cast<double>(all.size()));
  }

  void print_groups() const {
    constexpr size_t kWorst = 6;
    std::vector<cli::Table::Column> columns = {{"group"}, {"shapes", true}, {"ceiling", true}};
    if (peer_) {
      columns.push_back({"mean ratio", true});
      columns.push_back({"slower", true});
      columns.push_back({"worst ratios"});
    }
    cli::Table table(columns);
    for (const Group& group : kGroups) {
      std::vector<const Measured*> all = members(group);
      if (all.empty()) continue;
      const double share = geometric_mean(all, [&](auto& m) { return m.macs() / m.ours; });
      std::vector<std::string> cells = {
          group.name, std::to_string(all.size()),
          ceiling_ > 0 ? format("%.0f %%", 100 * share / ceiling_) : "-"};
      if (peer_) {
        std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->ratio() < b->ratio(); });
        const auto slower =
            std::count_if(all.begin(), all.end(), [](auto* m) { return m->ratio() < 1; });
        cells.push_back(format("%.2f", geometric_mean(all, [](auto& m) { return m.ratio(); })));
        cells.push_back(std::to_string(slower));
        std::string worst;
        for (size_t i = 0; i < std::min(kWorst, all.size()); ++i) {
          worst += format("%s%.2f  %s", i == 0 ? "" : "\n", all[i]->ratio(),
                          shape_name(all[i]->network.shape).c_str());
        }
        cells.push_back(worst);
      }
      table.add(cells);
    }
    std::printf("\n%s\n", cli::bold("Geometric means").c_str());
    table.print();
  }

  rt::Status write_json() const {
    Json json = {{"cpu", rt::cpu_facts().name},   {"isa", rt::isa_name(features_)},
                 {"threads", options_.threads},   {"ceilings", Json::array()},
                 {"convolutions", Json::array()}, {"groups", Json::array()}};
    for (const Ceiling& c : ceilings()) {
      json["ceilings"].push_back({{"instructions", c.instructions},
                                  {"isa", rt::isa_name(c.needs)},
                                  {"macs_per_second", c.macs_per_second}});
    }
    for (const Measured& m : measured_) {
      Json row = {{"shape", shape_name(m.network.shape)},
                  {"networks", m.network.networks},
                  {"macs", m.macs()},
                  {"kernel", m.kernel},
                  {"us", m.ours * 1e6}};
      if (ceiling_ > 0) row["share_of_ceiling"] = m.macs() / m.ours / ceiling_;
      if (peer_) {
        row["xnnpack_us"] = m.xnnpack * 1e6;
        row["ratio"] = m.ratio();
      }
      json["convolutions"].push_back(row);
    }
    for (const Group& group : kGroups) {
      const auto all = members(group);
      if (all.empty()) continue;
      Json row = {{"group", group.name}, {"shapes", all.size()}};
      if (peer_) row["mean_ratio"] = geometric_mean(all, [](auto& m) { return m.ratio(); });
      json["groups"].push_back(row);
    }
    std::ofstream file(options_.json);
    file << json.dump(2) << '\n';
    if (file.flush()) return {};
    return rt::error(rt::Code::Io, "cannot write '%s'", options_.json.c_str());
  }

  Options options_;
  rt::CpuFeatures features_ = 0;
  bool peer_ = false;
  Pool pool_;
  double ceiling_ = 0;  // of all threads; 0: not known
  std::vector<Measured> measured_;
};

}  // namespace
}  // namespace qrt::bench

int main(int argc, char** argv) {
  qrt::bench::Options options;
  CLI::App app("Our quantized convolution against XNNPACK's on the shapes of well-known networks");
  app.add_option("--filter", options.filter, "Only shapes whose name or network matches this regex")
      ->check([](const std::string& text) {
        try {
          std::regex{text};
          return std::string();
        } catch (const std::regex_error& e) {
          return "'" + text + "' is no regular expression: " + e.what();
        }
      });
  app.add_option("--isa", options.isa,
                 "Keep ours, and on x86 XNNPACK's, to this instruction set (\"qrt cpu\")");
  app.add_option("--threads,-t", options.threads, "Threads of both (default 1)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--min-time", options.min_seconds,
                 "Seconds to measure each side of a shape at least (default 0.02)")
      ->check(CLI::Range(0.0, 3600.0));
  app.add_option("--json", options.json, "Also write the results to this file");
  app.footer(qrt::bench::kFooter);
  CLI11_PARSE(app, argc, argv);
  const qrt::rt::Status status = qrt::bench::Benchmark(options).run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "qrt_bench_convolutions: %s\n", status.message().c_str());
  return 1;
}
