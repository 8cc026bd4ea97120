// Runs a hand-made graph as a user would: written to bytes, loaded, checked, run.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "src/base/memory.h"
#include "src/graph/graph.h"
#include "src/graph/writer.h"
#include "src/runtime/session.h"

namespace qrt::test {

// Runs a session, failing the test if it cannot.
inline void must_run(rt::Session& session) {
  const rt::Status status = session.run();
  EXPECT_TRUE(status.ok()) << status.message();
}

// A session together with the bytes its model lives in.
struct Loaded {
  rt::AlignedBuffer bytes;
  std::unique_ptr<rt::Session> session;

  template <class T>
  void set(size_t input, const std::vector<T>& elements) {
    ASSERT_EQ(elements.size() * sizeof(T), session->input_bytes(input));
    if (elements.empty()) return;  // memcpy takes no null pointer
    std::memcpy(session->input_data(input), elements.data(), elements.size() * sizeof(T));
  }
  void run() { must_run(*session); }
  template <class T>
  std::vector<T> get(size_t output = 0) const {
    const T* data = static_cast<const T*>(session->output_data(output));
    return std::vector<T>(data, data + session->output_bytes(output) / sizeof(T));
  }
};

rt::Result<Loaded> load(const graph::Graph& graph, const rt::SessionOptions& options = {},
                        const char* isa = nullptr);

// load(), failing the test with the Status' sentence.
Loaded must_load(const graph::Graph& graph, const rt::SessionOptions& options = {},
                 const char* isa = nullptr);

// Runs a graph with one input and returns output 0.
template <class Out, class In>
std::vector<Out> run_one(const graph::Graph& graph, const std::vector<In>& input) {
  Loaded loaded = must_load(graph);
  if (loaded.session == nullptr) return {};
  loaded.set(0, input);
  loaded.run();
  return loaded.get<Out>();
}

}  // namespace qrt::test
