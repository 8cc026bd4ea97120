#include "tests/support/run_graph.h"

namespace qrt::test {

rt::Result<Loaded> load(const graph::Graph& graph, const rt::SessionOptions& options,
                        const char* isa) {
  QRT_ASSIGN_OR_RETURN(graph::Bytes file, graph::serialize(graph));
  Loaded loaded;
  loaded.bytes = rt::allocate_aligned(file.size());
  std::memcpy(loaded.bytes.get(), file.data(), file.size());
  QRT_ASSIGN_OR_RETURN(auto model, rt::Model::from_buffer(loaded.bytes.get(), file.size()));
  rt::ProgramOptions program_options;
  program_options.isa = isa;
  QRT_ASSIGN_OR_RETURN(auto program, rt::Program::build(model, program_options));
  QRT_ASSIGN_OR_RETURN(loaded.session, rt::Session::create(program, options));
  return loaded;
}

Loaded must_load(const graph::Graph& graph, const rt::SessionOptions& options, const char* isa) {
  auto loaded = load(graph, options, isa);
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  return loaded.ok() ? std::move(*loaded) : Loaded{};
}

}  // namespace qrt::test
