#include "src/cli/machine_options.h"

#include <cstdlib>

#include "src/cli/terminal.h"
#include "src/runtime/cpu.h"

namespace qrt::cli {
namespace {

// More than any machine this runs on; a pool of thousands of threads would only hurt.
constexpr double kMaxThreads = 1024;

}  // namespace

CLI::Option* named(CLI::Option* option, const std::string& value) {
  return option->type_name(value)->option_text(value);
}

std::function<std::string(const std::string&)> between(double low, double high) {
  return [=](const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end != text.c_str() && *end == '\0' && value >= low && value <= high) return std::string();
    return format("'%s' is not between %g and %g", text.c_str(), low, high);
  };
}

void add_model_option(CLI::App* command, std::string* model) {
  command->add_option("MODEL", *model, "Model: .qrt, .tflite or .onnx")->required()->type_name("");
}

void add_signature_option(CLI::App* command, std::string* signature) {
  named(command->add_option("--signature", *signature,
                            "Of a model that can do several things: this one (\"qrt inspect\" "
                            "lists them); without it the first"),
        "NAME");
}

CLI::Option* add_machine_options(CLI::App* command, size_t* threads, std::string* isa) {
  named(command->add_option("--threads,-t", *threads, "Threads; 0: one a core (default 1)"), "N")
      ->check(between(0, kMaxThreads));
  CLI::Option* option =
      command->add_option("--isa", *isa, "Use the kernels of this instruction set (\"qrt cpu\")");
  return named(option, "NAME")->check([](const std::string& name) {
    const auto chosen = rt::choose_isa(name.c_str());
    return chosen.ok() ? std::string() : chosen.status().message();
  });
}

size_t thread_count(size_t threads) {
  return threads > 0 ? threads : static_cast<size_t>(rt::cpu_facts().cores);
}

}  // namespace qrt::cli
