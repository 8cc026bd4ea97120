#include "src/graph/keep_state.h"

#include <algorithm>
#include <utility>

#include "src/base/dtype.h"
#include "src/graph/subgraphs.h"
#include "src/opspec/spec.h"

namespace qrt::graph {
namespace {

using rt::Code;
using rt::error;
using rt::Status;

// Where in `list` is the value of this name; an error that names all that there are.
Status find(const Graph& graph, const std::vector<int>& list, const char* what,
            const std::string& name, size_t* found) {
  std::string all;
  for (*found = 0; *found < list.size(); ++*found) {
    const std::string& one = graph.value(list[*found]).name;
    if (one == name) return {};
    all += (all.empty() ? "'" : ", '") + one + "'";
  }
  return error(Code::InvalidArgument, "there is no %s '%s' to keep as state; the model has %s",
               what, name.c_str(), all.empty() ? "none" : all.c_str());
}

std::string described(const Value& value) {
  return std::string(rt::dtype_name(value.type)) + " " +
         rt::Shape(value.shape.data(), value.shape.size()).str();
}

// Whether a value is only read where it stands, and not under another name that would change with
// it.
bool is_only_read(const Graph& graph, int value) {
  if (std::count(graph.outputs.begin(), graph.outputs.end(), value) > 0) return false;
  return std::none_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    if (std::count(node.inputs.begin(), node.inputs.end(), value) == 0) return false;
    const rt::OpSpec* spec = rt::find_spec(node.type());
    return spec == nullptr || spec->alias || spec->has_effects || runs_graphs(node);
  });
}

// Whether `pattern`, with one '*', fits, and the text that stands for it.
bool fits(const std::string& name, const std::string& pattern, std::string* text) {
  const size_t star = pattern.find('*');
  const std::string before = pattern.substr(0, star), after = pattern.substr(star + 1);
  if (name.size() < before.size() + after.size() || name.compare(0, star, before) != 0 ||
      name.compare(name.size() - after.size(), after.size(), after) != 0) {
    return false;
  }
  *text = name.substr(star, name.size() - before.size() - after.size());
  return true;
}

}  // namespace

Status find_states(const Graph& graph, const std::vector<KeptState>& wanted,
                   std::vector<KeptState>* found) {
  size_t ignored;
  const auto add = [&](KeptState state) -> Status {
    QRT_RETURN_IF_ERROR(find(graph, graph.inputs, "input", state.input, &ignored));
    QRT_RETURN_IF_ERROR(find(graph, graph.outputs, "output", state.output, &ignored));
    for (const KeptState& one : *found) {
      if (one.input != state.input && one.output != state.output) continue;
      return error(Code::InvalidArgument,
                   "'%s' and '%s' are to be a state, and so are '%s' and '%s'", one.input.c_str(),
                   one.output.c_str(), state.input.c_str(), state.output.c_str());
    }
    found->push_back(std::move(state));
    return {};
  };
  found->clear();
  for (const KeptState& one : wanted) {
    const size_t star = one.output.find('*');
    if (one.input.find('*') == std::string::npos && star == std::string::npos) {
      QRT_RETURN_IF_ERROR(add(one));
      continue;
    }
    if (std::count(one.input.begin(), one.input.end(), '*') != 1 ||
        std::count(one.output.begin(), one.output.end(), '*') != 1) {
      return error(Code::InvalidArgument, "'%s' and '%s' do not have one '*' each",
                   one.input.c_str(), one.output.c_str());
    }
    const size_t before = found->size();
    for (int input : graph.inputs) {
      const std::string& name = graph.value(input).name;
      std::string text;
      if (!fits(name, one.input, &text)) continue;
      QRT_RETURN_IF_ERROR(
          add({name, one.output.substr(0, star) + text + one.output.substr(star + 1), one.most}));
    }
    if (found->size() == before) {
      return error(Code::InvalidArgument, "there is no input '%s' to keep as state",
                   one.input.c_str());
    }
  }
  return {};
}

Status keep_state(Graph& graph, const std::string& input, const std::string& output) {
  size_t in_at, out_at;
  QRT_RETURN_IF_ERROR(find(graph, graph.inputs, "input", input, &in_at));
  QRT_RETURN_IF_ERROR(find(graph, graph.outputs, "output", output, &out_at));
  const int state = graph.inputs[in_at], next = graph.outputs[out_at];
  const Value &from = graph.value(next), &to = graph.value(state);
  const auto is_open = [](int32_t dim) { return dim < 0; };
  if (std::any_of(to.shape.begin(), to.shape.end(), is_open)) {
    return error(Code::InvalidArgument,
                 "'%s' is %s: a state has a fixed shape, which --shape can give it", input.c_str(),
                 described(to).c_str());
  }
  // Open dimensions of the output are looked at when the model is loaded.
  bool same = from.type == to.type && from.quantization == to.quantization &&
              from.shape.size() == to.shape.size();
  for (size_t i = 0; same && i < to.shape.size(); ++i) {
    same = from.shape[i] == to.shape[i] || is_open(from.shape[i]);
  }
  if (!same) {
    return error(Code::InvalidArgument, "'%s' is %s and '%s' is %s: a state stays what it is",
                 input.c_str(), described(to).c_str(), output.c_str(), described(from).c_str());
  }
  if (!is_only_read(graph, state)) {
    const int old = graph.add_tensor(input + "/before", to.type, to.shape, to.quantization);
    graph.replace_uses(state, old);
    graph.nodes.insert(graph.nodes.begin(),
                       Graph::make_node(input + "/before", fb::ReadVariableT(), {state}, {old}));
  }
  graph.inputs.erase(graph.inputs.begin() + static_cast<std::ptrdiff_t>(in_at));
  const int kept = graph.outputs[out_at];
  graph.outputs.erase(graph.outputs.begin() + static_cast<std::ptrdiff_t>(out_at));
  Value& variable = graph.value(state);
  variable.variable = true;
  variable.dim_names.clear();
  graph.add_node(input + "/next", fb::AssignVariableT(), {state, kept}, {});
  return {};
}

}  // namespace qrt::graph
