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

// Those that this CPU has.
std::vector<std::string> names_of(rt::Span<const rt::NamedFeatures> all) {
  std::vector<std::string> names;
  for (const rt::NamedFeatures& some : all) {
    if (rt::cpu_facts().has(some.features)) names.emplace_back(some.name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list.empty() ? "none" : list;
}

Outcome show(bool json) {
  const rt::CpuFacts& cpu = rt::cpu_facts();
  const char* forced = std::getenv("QRT_ISA");
  QRT_ASSIGN_OR_RETURN(const rt::CpuFeatures used, rt::choose_isa(forced));
  const std::vector<std::string> features = names_of(rt::cpu_feature_names());
  const std::vector<std::string> sets = names_of(rt::instruction_sets());
  if (json) {
    print_json({{"name", cpu.name},
                {"cores", cpu.cores},
                {"l1d_bytes", cpu.l1d_bytes},
                {"l2_bytes", cpu.l2_bytes},
                {"l3_bytes", cpu.l3_bytes},
                {"features", features},
                {"isa_available", sets},
                {"isa", rt::isa_name(used)}});
    return {};
  }
  const bool is_forced = forced != nullptr && *forced != '\0';
  Facts lines;
  lines.add("name", *cpu.name != '\0' ? cpu.name : "not known");
  lines.add("cores", std::to_string(cpu.cores));
  lines.add("caches", "L1 data " + cache(cpu.l1d_bytes) + ", L2 " + cache(cpu.l2_bytes) + ", L3 " +
                          cache(cpu.l3_bytes));
  lines.add("features", joined(features));
  lines.add("instruction sets", joined(sets));
  lines.add("used", std::string(rt::isa_name(used)) +
                        (is_forced ? " (forced by QRT_ISA)" : " (all that this CPU has)"));
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
