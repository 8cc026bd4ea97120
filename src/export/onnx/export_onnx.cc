#include <exception>
#include <new>
#include <string>

#include "src/export/export.h"
#include "src/export/onnx/ops.h"
#include "src/import/problems.h"
#include "src/opspec/spec.h"

namespace qrt::onnx_export {
namespace {

using graph::Graph;

// Goes through the nodes in order. After a problem it goes on, to find the others: the results of
// the node then stand for themselves.
void export_nodes(const Graph& graph, Tensors& tensors, ModelWriter& model,
                  import::Problems* problems) {
  for (const graph::Node& node : graph.nodes) {
    const std::string kind = graph::node_kind(node);
    const std::string who = "'" + node.name + "'";
    model.begin_node(node.name.empty() ? kind : node.name);
    Call call{tensors, model, node};
    try {
      const Rule rule = find_rule(node.type());
      if (rule == nullptr) {
        throw Unsupported(rt::find_spec(node.type())->has_effects
                              ? "variables and control flow are not exported"
                              : "ONNX has no such operator");
      }
      rule(call);
    } catch (const Unsupported& problem) {
      problems->add(kind, problem.what(), who);
      for (int v : node.outputs) {
        tensors.set_codes(v, graph::plain_order(tensors.rank(v)), "");
      }
    }
  }
}

rt::Result<graph::Bytes> write_model(const Graph& graph) {
  ModelWriter model(graph.name);
  Tensors tensors(graph, model);
  import::Problems problems;
  for (int v : graph.inputs) tensors.add_input(v, model.fresh(graph.value(v).name));
  Names outputs;
  for (int v : graph.outputs) outputs.push_back(model.fresh(graph.value(v).name));
  export_nodes(graph, tensors, model, &problems);
  if (!problems.empty()) return problems.status("exported");
  // First all that has to be made for them: tensors that become outputs change their names.
  Names made;
  for (size_t k = 0; k < outputs.size(); ++k) {
    model.begin_node(outputs[k]);
    made.push_back(tensors.own(graph.outputs[k]));
  }
  for (size_t k = 0; k < outputs.size(); ++k) {
    const Value& value = graph.value(graph.outputs[k]);
    model.output(outputs[k], value.type, value.shape, made[k]);
  }
  for (const auto& [key, value] : graph.metadata) model.metadata(key, value);
  return model.finish();
}

}  // namespace

rt::Result<graph::Bytes> export_onnx(const Graph& graph) {
  try {
    return write_model(graph);
  } catch (const Unsupported& problem) {
    return rt::error(rt::Code::Unsupported, "cannot be exported: %s", problem.what());
  } catch (const std::bad_alloc&) {
    return rt::error(rt::Code::OutOfMemory, "not enough memory");
  } catch (const std::exception& exception) {
    return rt::error(rt::Code::InvalidModel, "%s", exception.what());
  }
}

}  // namespace qrt::onnx_export
