#include "src/cli/machine_options.h"

#include "src/runtime/cpu.h"

namespace qrt::cli {
namespace {

// More than any machine this runs on; a pool of thousands of threads would only hurt.
constexpr size_t kMaxThreads = 1024;

}  // namespace

CLI::Option* add_machine_options(CLI::App* command, size_t* threads, std::string* isa) {
  command->add_option("--threads,-t", *threads, "Threads; 0: one a core (default 1)")
      ->type_name("N")
      ->check(CLI::Range(size_t{0}, kMaxThreads));
  return command->add_option("--isa", *isa, "Use the kernels of this instruction set (\"qrt cpu\")")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        const auto chosen = rt::choose_isa(name.c_str());
        return chosen.ok() ? std::string() : chosen.status().message();
      });
}

size_t thread_count(size_t threads) {
  return threads > 0 ? threads : static_cast<size_t>(rt::cpu_facts().cores);
}

}  // namespace qrt::cli
