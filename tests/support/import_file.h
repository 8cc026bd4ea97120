// A foreign model imported, loaded and built, as the tool does it.
#pragma once

#include <cstring>
#include <memory>
#include <string>

#include "src/base/memory.h"
#include "src/graph/writer.h"
#include "src/import/import.h"
#include "src/import/runnable.h"
#include "src/runtime/session.h"

namespace qrt::test {

struct Imported {
  rt::AlignedBuffer bytes;
  std::shared_ptr<const rt::Program> program;
};

inline rt::Result<Imported> import_and_build(const std::string& path) {
  QRT_ASSIGN_OR_RETURN(const graph::Graph graph, import::import_file(path));
  QRT_ASSIGN_OR_RETURN(const graph::Bytes file, graph::serialize(graph));
  Imported imported;
  imported.bytes = rt::allocate_aligned(file.size());
  std::memcpy(imported.bytes.get(), file.data(), file.size());
  QRT_ASSIGN_OR_RETURN(const auto model, rt::Model::from_buffer(imported.bytes.get(), file.size()));
  QRT_ASSIGN_OR_RETURN(imported.program, import::build_program(model));
  return imported;
}

}  // namespace qrt::test
