// TensorFlow Lite's resource variables. A VAR_HANDLE gives a tensor that stands for the variable of
// a name; what the variable holds is known only from what is read from it or assigned to it. Here
// it becomes a variable of the graph, which ReadVariable and AssignVariable name directly.
#pragma once

#include <map>
#include <string>

#include "src/import/tflite/op_context.h"

namespace qrt::import::tflite {

// What the variables of a model start as, by name: what its CALL_ONCE assigns.
using InitialValues = std::map<std::string, Value>;

class Variables {
 public:
  // Of one graph.
  Variables(const File& file, graph::Graph& graph, Budget& budget)
      : file_(file), graph_(graph), budget_(budget) {}

  // VAR_HANDLE.
  Status declare(const tfl::Operator& op);
  // READ_VARIABLE into value `result`.
  Status read(const tfl::Operator& op, int result);
  // ASSIGN_VARIABLE of value `assigned`.
  Status assign(const tfl::Operator& op, int assigned);
  // From now on, and for those that operators before have used.
  Status start_as(const InitialValues& values);

 private:
  // The variable behind an operator's input 0, which holds what is `like` a value.
  Status find(const tfl::Operator& op, int like, int* variable);

  const File& file_;
  graph::Graph& graph_;
  Budget& budget_;
  std::map<int, std::string> handles_;    // by tensor: the variable's name
  std::map<std::string, int> variables_;  // by name: the value in the graph
  InitialValues initial_;
};

// What a CALL_ONCE's graph assigns, if it assigns constants and does nothing else.
Status initial_values(graph::Graph graph, InitialValues* values);

}  // namespace qrt::import::tflite
