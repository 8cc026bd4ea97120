// TensorFlow Lite's resource variables. A VAR_HANDLE gives a tensor that stands for the variable of
// a name; what the variable holds is known only from what is read from it or assigned to it. Here
// it becomes a variable of the graph, which ReadVariable and AssignVariable name directly.
#pragma once

#include <map>
#include <string>

#include "src/import/tflite/op_context.h"

namespace qrt::import::tflite {

// The variables of a whole model, by name.
struct Resources {
  std::map<std::string, int> ids;        // Value::variable_id
  std::map<std::string, Value> initial;  // what CALL_ONCE assigns
};

class Variables {
 public:
  // Of one graph.
  Variables(graph::Graph& graph, Resources& resources, Budget& budget)
      : graph_(graph), resources_(resources), budget_(budget) {}

  // VAR_HANDLE.
  Status declare(const tfl::Operator& op);
  // READ_VARIABLE into value `result`.
  Status read(const tfl::Operator& op, int result);
  // ASSIGN_VARIABLE of value `assigned`.
  Status assign(const tfl::Operator& op, int assigned);

 private:
  // The variable behind an operator's input 0, which holds what is `like` a value.
  Status find(const tfl::Operator& op, int like, int* variable);

  graph::Graph& graph_;
  Resources& resources_;
  Budget& budget_;
  std::map<int, std::string> handles_;    // by tensor: the variable's name
  std::map<std::string, int> variables_;  // by name: the value in the graph
};

// What a CALL_ONCE's graph assigns, if it assigns constants and does nothing else.
Status evaluate_initial_values(graph::Graph graph, std::map<std::string, Value>* initial);
// Lets the variables of a graph start as they should.
Status start_variables(const Resources& resources, graph::Graph* graph);

}  // namespace qrt::import::tflite
