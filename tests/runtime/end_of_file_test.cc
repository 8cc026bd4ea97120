// Nothing past the end of a model is read. Constants at the very end of the last page that is
// mapped are computed with, directly and under other names, by every operator with kernels of its
// own.
#include <functional>

#include "tests/support/guarded.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

using rt::DType;
using Dims = std::vector<int32_t>;

size_t elements(const Dims& shape) {
  size_t count = 1;
  for (int32_t dim : shape) count *= static_cast<size_t>(dim);
  return count;
}

graph::Quantization scale_for(DType type) {
  return type == DType::S8 ? graph::Quantization{{0.5f}, {3}, -1, 0} : graph::Quantization{};
}

// A graph whose last constant is read under another name, or by way of several.
struct Builder {
  explicit Builder(int names) : renamings(names) {}

  int weights(DType type, const Dims& shape) {
    graph::Bytes bytes(elements(shape) * rt::dtype_bytes(type), 0x3C);  // as floats: 0.0115
    const graph::Quantization q =
        type == DType::S8 ? graph::Quantization{{0.1f}, {}, -1, 0} : graph::Quantization{};
    return g.add_constant_bytes("weights", type, shape, bytes, q);
  }
  // After all other constants. Of a multiple of 64 bytes, for a file that starts at one and ends
  // with a page.
  int last(DType type, const Dims& shape) {
    const graph::Quantization q = scale_for(type);
    graph::Bytes bytes(elements(shape) * rt::dtype_bytes(type));
    EXPECT_EQ(bytes.size() % 64, 0u);
    for (size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = type == DType::F32 && i % 4 == 3 ? 0x3E : static_cast<uint8_t>(i * 7 % 101);
    }
    const Dims flat = {static_cast<int32_t>(elements(shape))};
    int value = g.add_constant_bytes("last", type, renamings % 2 == 0 ? shape : flat, bytes, q);
    for (int i = renamings; i > 0; --i) {
      fb::ReshapeT reshape;
      reshape.shape = i % 2 == 0 ? flat : shape;
      const int renamed = g.add_tensor("renamed", type, reshape.shape, q);
      g.add_node("rename", reshape, {value}, {renamed});
      value = renamed;
    }
    return value;
  }
  template <class Options>
  void node(const Options& options, const std::vector<int>& inputs, DType type, const Dims& shape) {
    const int out = g.add_tensor("out", type, shape, scale_for(type));
    g.add_node("node", options, inputs, {out});
    g.outputs = {out};
  }

  graph::Graph g;
  const int renamings;
};

// The file's last byte is the last before a page that cannot be read.
graph::Bytes run_at_the_end(const graph::Graph& g, const char* isa) {
  const auto file = graph::serialize(g);
  EXPECT_TRUE(file.ok()) << file.status().message();
  const Guarded<uint8_t> memory(*file, Guard::Behind);
  const auto model = rt::Model::from_buffer(memory.data(), memory.size());
  EXPECT_TRUE(model.ok()) << model.status().message();
  if (!model.ok()) return {};
  rt::ProgramOptions options;
  options.isa = isa;
  const auto program = rt::Program::build(*model, options);
  EXPECT_TRUE(program.ok()) << program.status().message();
  if (!program.ok()) return {};
  const auto session = rt::Session::create(*program, {});
  EXPECT_TRUE(session.ok()) << session.status().message();
  if (!session.ok()) return {};
  EXPECT_TRUE((*session)->run().ok());
  const auto* out = static_cast<const uint8_t*>((*session)->output_data(0));
  // XNNPACK's own limits on what it reads are not known to every version of it: none of its kernels
  // may be given such an input.
  const std::string name = (*program)->kernel(g.nodes.size() - 1)->name();
  EXPECT_EQ(name.find("xnnpack"), std::string::npos) << name;
  return {out, out + (*session)->output_bytes(0)};
}

void check(const std::function<void(Builder&)>& build) {
  for (int renamings : {0, 1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << renamings << " renamings");
    Builder b(renamings);
    build(b);
    const graph::Bytes expected = run_at_the_end(b.g, "scalar");
    for (const std::string& isa : runnable_instruction_sets()) {
      EXPECT_EQ(run_at_the_end(b.g, isa.c_str()), expected) << isa;
    }
  }
}

fb::Conv2DT convolution(int32_t groups) {
  fb::Conv2DT options;
  options.groups = groups;
  options.window = std::make_unique<fb::Window2DT>();
  options.window->padding = fb::Padding::Same;
  return options;
}

// Channels that do not fill a vector, in one pixel and in several.
TEST(EndOfFile, Convolutions) {
  for (DType type : {DType::F32, DType::S8}) {
    SCOPED_TRACE(rt::dtype_name(type));
    const int32_t more = type == DType::S8 ? 4 : 1;  // 64 bytes are more elements
    for (int32_t kernel : {1, 3, 5}) {
      check([&](Builder& b) {
        const int w = b.weights(type, {5, kernel, kernel, 6});
        b.node(convolution(1), {b.last(type, {1, 4 * more, 4, 6}), w}, type, {1, 4 * more, 4, 5});
      });
      check([&](Builder& b) {
        const int w = b.weights(type, {6, kernel, kernel, 1});
        b.node(convolution(6), {b.last(type, {1, 4 * more, 4, 6}), w}, type, {1, 4 * more, 4, 6});
      });
    }
    check([&](Builder& b) {  // all inputs of Winograd's tiles
      const int w = b.weights(type, {32, 3, 3, 18});
      b.node(convolution(1), {b.last(type, {1, 8, 8, 18}), w}, type, {1, 8, 8, 32});
    });
  }
}

TEST(EndOfFile, FullyConnectedLayers) {
  for (int32_t inputs : {1, 2, 3, 6, 19, 31}) {
    SCOPED_TRACE(inputs);
    for (DType type : {DType::F32, DType::S8}) {
      check([&](Builder& b) {
        const int w = b.weights(type, {7, inputs});
        b.node(fb::FullyConnectedT(), {b.last(type, {64, inputs}), w}, type, {64, 7});
      });
    }
  }
}

TEST(EndOfFile, OtherOperatorsOnBytes) {
  check([](Builder& b) {
    fb::BinaryT add;
    const int other = b.weights(DType::S8, {1, 64, 3});
    b.node(add, {other, b.last(DType::S8, {1, 64, 3})}, DType::S8, {1, 64, 3});
  });
  check([](Builder& b) {
    fb::Pool2DT pool;
    pool.kind = fb::PoolKind::Average;
    pool.kernel_h = pool.kernel_w = 2;
    pool.window = std::make_unique<fb::Window2DT>();
    b.node(pool, {b.last(DType::S8, {1, 8, 8, 5})}, DType::S8, {1, 7, 7, 5});
  });
  check([](Builder& b) {
    fb::ReduceT reduce;
    reduce.axes = {1};
    b.node(reduce, {b.last(DType::S8, {64, 5})}, DType::S8, {64});
  });
  check([](Builder& b) {
    b.node(fb::SoftmaxT(), {b.last(DType::S8, {64, 5})}, DType::S8, {64, 5});
  });
  check([](Builder& b) {
    fb::ResizeT resize;
    resize.mode = fb::ResizeMode::Bilinear;
    resize.out_h = resize.out_w = 16;
    b.node(resize, {b.last(DType::S8, {1, 8, 8, 3})}, DType::S8, {1, 16, 16, 3});
  });
  check([](Builder& b) {
    b.node(fb::DequantizeT(), {b.last(DType::S8, {64, 5})}, DType::F32, {64, 5});
  });
  check([](Builder& b) {
    b.node(fb::QuantizeT(), {b.last(DType::F32, {16, 5})}, DType::S8, {16, 5});
  });
  check([](Builder& b) {
    fb::UnaryT tanh;
    tanh.kind = fb::UnaryKind::Tanh;
    b.node(tanh, {b.last(DType::S8, {64, 5})}, DType::S8, {64, 5});
  });
  check([](Builder& b) {
    const int other = b.weights(DType::S8, {32, 18});
    b.node(fb::MatMulT(), {other, b.last(DType::S8, {18, 32})}, DType::S8, {32, 32});
  });
}

}  // namespace
}  // namespace qrt::test
