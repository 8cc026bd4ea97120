// qrt_bench_model: one model in turns. Loads it, prints a line of JSON about itself, then answers
// each line "run N" with the nanoseconds that each of N runs took. bench/models.py drives it, as it
// drives the peers (peers/onnxruntime/ort.mjs), so that no two run at once.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/ceiling.h"
#include "bench/model_convolutions.h"
#include "bench/xnnpack.h"
#include "src/cli/measure.h"
#include "src/cli/model_facts.h"
#include "src/cli/model_source.h"

namespace qrt::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model, isa;
  size_t threads = 1;
  bool xnnpack_operators = false;
};

struct Engine {
  virtual ~Engine() = default;
  virtual rt::Status run() = 0;
};

// The whole model, as `qrt bench` runs it.
struct OurEngine final : Engine {
  explicit OurEngine(Session s) : session(std::move(s)) {}
  rt::Status run() override { return cli::status_of(session.run()); }
  Session session;
};

// XNNPACK's operators for the model's quantized layers, back to back.
struct XnnpackEngine final : Engine {
  explicit XnnpackEngine(size_t threads)
      : pool(threads > 1 ? pthreadpool_create(threads) : nullptr) {}
  ~XnnpackEngine() override {
    operators.clear();
    if (pool != nullptr) pthreadpool_destroy(pool);
  }
  rt::Status run() override {
    for (XnnpackConvolution& op : operators) op.run();
    return {};
  }
  pthreadpool_t pool;
  std::vector<XnnpackConvolution> operators;
};

rt::Result<std::unique_ptr<Engine>> our_engine(const Options& options, const Program& program) {
  SessionOptions session_options;
  session_options.threads = static_cast<int32_t>(options.threads);
  QRT_ASSIGN_OR_RETURN(Session session, cli::result_of(Session::create(program, session_options)));
  cli::fill_random(session);
  return std::unique_ptr<Engine>(std::make_unique<OurEngine>(std::move(session)));
}

rt::Result<std::unique_ptr<Engine>> xnnpack_engine(const Options& options,
                                                   const rt::Program& program) {
  auto engine = std::make_unique<XnnpackEngine>(options.threads);
  for (const ConvShape& shape : quantized_convolutions(program)) {
    QRT_ASSIGN_OR_RETURN(auto op,
                         XnnpackConvolution::create(shape, random_data(shape), engine->pool));
    engine->operators.push_back(std::move(op));
  }
  return std::unique_ptr<Engine>(std::move(engine));
}

Json describe(const Options& options, const rt::Program& program) {
  double operator_macs = 0;
  for (const ConvShape& shape : quantized_convolutions(program)) {
    operator_macs += shape_macs(shape);
  }
  const cli::ModelFacts facts(program.model());
  return {{"engine", options.xnnpack_operators ? "XNNPACK operators" : "libqrt"},
          {"cpu", rt::cpu_facts().name},
          {"isa", rt::isa_name(program.features())},
          {"macs", facts.macs},
          {"float_macs", facts.float_macs},
          {"operator_macs", operator_macs},
          {"ceiling_macs_per_second", ceiling_of(program.features())}};
}

rt::Status answer(Engine& engine) {
  using Clock = std::chrono::steady_clock;
  std::vector<long long> times;
  for (std::string line; std::getline(std::cin, line);) {
    size_t runs = 0;
    if (std::sscanf(line.c_str(), "run %zu", &runs) != 1) continue;
    times.clear();
    for (size_t i = 0; i < runs; ++i) {
      const auto start = Clock::now();
      QRT_RETURN_IF_ERROR(engine.run());
      times.push_back(
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
    }
    for (size_t i = 0; i < runs; ++i) std::cout << (i == 0 ? "" : " ") << times[i];
    std::cout << std::endl;
  }
  return {};
}

rt::Status run(const Options& options) {
  ProgramOptions program_options;
  if (!options.isa.empty()) program_options.isa = options.isa.c_str();
  // Before a program is built: our own float operators use XNNPACK, too.
  QRT_ASSIGN_OR_RETURN(const rt::CpuFeatures features, rt::choose_isa(options.isa.c_str()));
  const rt::Status started = start_xnnpack(options.isa.empty() ? nullptr : &features);
  if (options.xnnpack_operators) QRT_RETURN_IF_ERROR(started);

  QRT_ASSIGN_OR_RETURN(const cli::OpenModel open, cli::open_model(options.model));
  QRT_ASSIGN_OR_RETURN(const Program built,
                       cli::result_of(Program::create(*open.api, program_options)));
  const auto program = cli::records_of(built);
  QRT_ASSIGN_OR_RETURN(auto engine, options.xnnpack_operators ? xnnpack_engine(options, *program)
                                                              : our_engine(options, built));
  std::cout << describe(options, *program).dump() << std::endl;
  return answer(*engine);
}

}  // namespace
}  // namespace qrt::bench

int main(int argc, char** argv) {
  qrt::bench::Options options;
  CLI::App app("Runs a model when told so on stdin, and says how long it took");
  app.add_option("MODEL", options.model, "Model: .qrt, .tflite or .onnx")->required();
  app.add_option("--threads,-t", options.threads, "Threads (default 1)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--isa", options.isa, "Use the kernels of this instruction set");
  app.add_flag("--xnnpack-operators", options.xnnpack_operators,
               "Instead of the model, run XNNPACK's operators for its quantized convolutions and "
               "fully connected layers");
  app.footer("Example:\n  echo run 10 | qrt_bench_model model.tflite --threads 2");
  CLI11_PARSE(app, argc, argv);
  const qrt::rt::Status status = qrt::bench::run(options);
  if (status.ok()) return 0;
  std::cout << nlohmann::json{{"error", status.message()}}.dump(
                   -1, ' ', false, nlohmann::json::error_handler_t::replace)
            << std::endl;
  return 1;
}
