// `qrt operators`: what this version can run and import, from the operators' rows and the
// importers' rules.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "src/cli/commands.h"
#include "src/graph/node_spec.h"
#include "src/import/supported.h"

namespace qrt::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  qrt operators
  qrt operators | grep -i resize)";

struct Variant {
  std::string kinds;  // joined; "" if the operator has none
  std::string takes, form;
};

const char* form_name(rt::QuantizedAs form) {
  switch (form) {
    case rt::QuantizedAs::Float:
      return "";
    case rt::QuantizedAs::Weighted:
      return "constant weights";
    case rt::QuantizedAs::Computes:
      return "computes";
    case rt::QuantizedAs::Joins:
      return "one scale for all";
    case rt::QuantizedAs::Moves:
      return "moves";
    case rt::QuantizedAs::Finds:
      return "finds";
  }
  return "";
}

template <class Options>
auto set_kind(Options* options, int kind, int) -> decltype(void(options->kind), true) {
  options->kind = static_cast<decltype(options->kind)>(kind);
  return true;
}
template <class Options>
bool set_kind(Options*, int, long) {
  return false;
}

// Tables that a file must have.
template <class Options>
auto set_window(Options* options, int) -> decltype(void(options->window)) {
  options->window = std::make_unique<fb::Window2DT>();
}
template <class Options>
void set_window(Options*, long) {}

// With its other attributes as they are by default.
template <class Options>
std::vector<Variant> variants_of() {
  std::vector<Variant> variants;
  for (int kind = 0;; ++kind) {
    graph::Node node;
    Options options;
    set_window(&options, 0);
    const bool kinds = set_kind(&options, kind, 0);
    node.options.Set(std::move(options));
    const graph::Facts facts = graph::facts_of(node);
    if (kinds && facts.kind.empty()) return variants;
    const std::string form = form_name(facts.form);
    if (!variants.empty() && variants.back().takes == facts.signatures &&
        variants.back().form == form) {
      variants.back().kinds += ", " + facts.kind;
    } else {
      variants.push_back({facts.kind, facts.signatures, form});
    }
    if (!kinds) return variants;
  }
}

void print_rows(const char* name, const std::vector<Variant>& variants) {
  for (const Variant& variant : variants) {
    std::printf("| %s%s%s | `%s` | %s |\n", name, variant.kinds.empty() ? "" : ": ",
                variant.kinds.c_str(), variant.takes.c_str(), variant.form.c_str());
  }
}

void print_list(const char* title, const std::vector<std::string>& names) {
  std::printf("\n## %s (%zu)\n\n", title, names.size());
  std::string line;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string word = names[i] + (i + 1 < names.size() ? "," : "");
    if (line.size() + word.size() > 100) {
      std::printf("%s\n", line.c_str());
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  std::printf("%s\n", line.c_str());
}

Outcome show() {
  std::printf(
      "# Operators\n\n"
      "Printed by `qrt operators`. What is imported becomes these:\n\n"
      "| operator | takes | on integers |\n| --- | --- | --- |\n");
#define QRT_OPERATOR(name) print_rows(#name, variants_of<fb::name##T>());
#include "qrt_operators.inc"
#undef QRT_OPERATOR
  print_list("ONNX operators that are imported", import::supported_onnx());
  print_list("TensorFlow Lite operators that are imported", import::supported_tflite());
  return {};
}

}  // namespace

void add_operators(CLI::App& app, Action* action) {
  CLI::App* command = app.add_subcommand("operators", "List what can be run and imported");
  command->footer(kFooter);
  command->callback([=] { *action = [] { return show(); }; });
}

}  // namespace qrt::cli
