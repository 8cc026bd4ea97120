// `qrt cpu`: what libqrt sees of this machine, for choosing threads and for bug reports.
#include "src/runtime/cpu.h"

#include <cstdlib>
#include <memory>

#include "src/cli/commands.h"
#include "src/cli/json_output.h"
#include "src/cli/table.h"
#include "src/cli/terminal.h"

namespace qrt::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  qrt cpu
  qrt cpu --json
  QRT_ISA=scalar qrt cpu      the instruction set that libqrt is made to use)";

std::string cache(size_t bytes) { return bytes == 0 ? "not known" : human_bytes(bytes); }

Outcome show(bool json) {
  const rt::CpuFacts& cpu = rt::cpu_facts();
  const char* forced = std::getenv("QRT_ISA");
  QRT_ASSIGN_OR_RETURN(const rt::Isa used, rt::choose_isa(forced));
  std::vector<std::string> available;
  for (int i = 0; i < QRT_ISA_COUNT; ++i) {
    const auto isa = static_cast<rt::Isa>(i);
    if (cpu.has(isa)) available.push_back(rt::isa_name(isa));
  }
  if (json) {
    print_json({{"name", cpu.name},
                {"cores", cpu.cores},
                {"l1d_bytes", cpu.l1d_bytes},
                {"l2_bytes", cpu.l2_bytes},
                {"l3_bytes", cpu.l3_bytes},
                {"isa_available", available},
                {"isa", rt::isa_name(used)}});
    return {};
  }
  std::string list;
  for (const std::string& name : available) list += (list.empty() ? "" : ", ") + name;
  const bool is_forced = forced != nullptr && *forced != '\0';
  Facts lines;
  lines.add("name", *cpu.name != '\0' ? cpu.name : "not known");
  lines.add("cores", std::to_string(cpu.cores));
  lines.add("caches", "L1 data " + cache(cpu.l1d_bytes) + ", L2 " + cache(cpu.l2_bytes) + ", L3 " +
                          cache(cpu.l3_bytes));
  lines.add("instruction sets", list);
  lines.add("used", std::string(rt::isa_name(used)) +
                        (is_forced ? " (forced by QRT_ISA)" : " (the best of them)"));
  lines.print();
  return {};
}

}  // namespace

void add_cpu(CLI::App& app, Action* action) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("cpu", "Show this machine's CPU as libqrt sees it");
  command->add_flag("--json", *json, "Print JSON");
  command->footer(kFooter);
  command->callback([=] { *action = [json] { return show(*json); }; });
}

}  // namespace qrt::cli
