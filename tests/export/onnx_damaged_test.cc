// A .qrt file with any byte changed, if it still loads and builds, is exported or refused, without
// touching memory that is not its own; and what is exported can be read.
#include "src/graph/reader.h"
#include "tests/export/onnx_round_trip.h"
#include "tests/model/damageable_graphs.h"

namespace qrt::test {
namespace {

// Whether the file could be exported.
bool is_exported(const Bytes& file) {
  const rt::AlignedBuffer aligned = rt::allocate_aligned(file.size());
  std::memcpy(aligned.get(), file.data(), file.size());
  const auto model = rt::Model::from_buffer(aligned.get(), file.size());
  if (!model.ok() || !rt::Program::build(*model).ok()) return false;
  const auto onnx = onnx_export::export_onnx(graph::read_model(**model));
  if (!onnx.ok()) {
    EXPECT_FALSE(onnx.status().message().empty());
    return false;
  }
  // Ours must not call the file damaged, except for strides that it believes of nobody.
  const auto back = import::import_onnx(onnx->data(), onnx->size(), "exported.onnx");
  const std::string& message = back.status().message();
  EXPECT_TRUE(back.ok() || back.status().code() == rt::Code::Unsupported ||
              message.find("a window size, stride or dilation of") != std::string::npos)
      << message;
  return true;
}

TEST(ExportDamaged, EveryByte) {
  std::vector<graph::Graph> graphs;
  graphs.push_back(moving_graph());
  graphs.push_back(picking_graph());
  graphs.push_back(pooling_graph());
  graphs.push_back(arithmetic_graph());
  for (const graph::Graph& graph : graphs) EXPECT_TRUE(is_exported(serialized(graph)));
  for (auto& [name, graph] : damageable_graphs()) graphs.push_back(std::move(graph));
  for (const graph::Graph& graph : graphs) {
    const Bytes sound = serialized(graph);
    const size_t structure = fb::GetModel(sound.data())->weights_offset();
    for (size_t at = 0; at < structure; ++at) {
      for (const int change : {1, 0x80, 0xff}) {
        Bytes file = sound;
        file[at] = static_cast<uint8_t>(file[at] ^ change);
        (void)is_exported(file);
      }
    }
  }
}

}  // namespace
}  // namespace qrt::test
