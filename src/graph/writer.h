// Turns a Graph into the bytes of a .qrt file (schema/README.md).
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace qrt::graph {

// The file's bytes. Unused values are left out; equal constants are stored once.
rt::Result<Bytes> serialize(const Graph& graph);

// Writes `bytes` to `path` through a temporary file and a rename: the file is whole or absent.
rt::Status write_file(const std::string& path, const Bytes& bytes);

}  // namespace qrt::graph
