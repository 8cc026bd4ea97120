// Damage in a file's bytes: what FlatBuffers' verification must stop, files cut anywhere, and every
// byte changed. A damaged file that loads must also build, plan and run without touching memory
// that is not its own.
#include <cstdio>
#include <functional>
#include <random>

#include "tests/model/damageable_graphs.h"

namespace qrt::test {
namespace {

using rt::Code;

TEST(MalformedModel, FilesThatAreNone) {
  const std::string none = "not a .qrt model";
  expect_refused({}, none);
  for (size_t size : {1, 4, 7}) expect_refused(Bytes(size, 0), none);
  expect_refused(Bytes(4096, 0), none);
  expect_refused(Bytes(4096, 0xff), none);
  const Bytes magic = {0, 0, 0, 0, 'Q', 'R', 'T', '1'};
  const std::string damaged = "truncated or damaged";
  expect_refused(magic, damaged);
  for (uint8_t root : {1, 3, 4, 6, 8, 12, 24, 255}) {
    Bytes file = magic;
    file[0] = root;
    expect_refused(file, damaged);
    file.resize(64);
    expect_refused(file, damaged);
  }
}

TEST(MalformedModel, RootOffsets) {
  const Bytes sound = serialized(small_graph());
  for (uint32_t root : {0u, 1u, 4u, 7u, 0x18000000u, 0x7fffffffu, 0xffffffffu, 0xfffffff8u,
                        static_cast<uint32_t>(sound.size())}) {
    Bytes file = sound;
    std::memcpy(file.data(), &root, sizeof root);
    SCOPED_TRACE(root);
    expect_refused(file, "truncated or damaged");
  }
}

TEST(MalformedModel, WeightsSegment) {
  const Bytes sound = serialized(small_graph());
  const auto refused = [&](uint64_t offset, uint64_t bytes) {
    Bytes file = sound;
    fb::Model* root = fb::GetMutableModel(file.data());
    root->mutate_weights_offset(offset);
    root->mutate_weights_bytes(bytes);
    SCOPED_TRACE(offset);
    expect_refused(file, "its weights should end at byte");
  };
  const uint64_t size = sound.size();
  refused(size, 64);
  refused(size - 64, 0);
  refused(size - 63, 63);
  refused(size + 64, 0);
  refused(UINT64_MAX - 63, size + 64);  // wraps around to the file's size
  refused(0, UINT64_MAX);
  Bytes longer = sound;
  longer.push_back(0);
  expect_refused(longer, "its weights should end at byte");
}

TEST(MalformedModel, BuffersMustBeAligned) {
  const Bytes sound = serialized(small_graph());
  const rt::AlignedBuffer buffer = rt::allocate_aligned(sound.size() + 16);
  for (size_t shift : {1, 2, 4, 8}) {
    std::memcpy(buffer.get() + shift, sound.data(), sound.size());
    const auto model = rt::Model::from_buffer(buffer.get() + shift, sound.size());
    ASSERT_FALSE(model.ok());
    EXPECT_NE(model.status().message().find("must be aligned to 16 bytes"), std::string::npos);
  }
  EXPECT_FALSE(rt::Model::from_buffer(nullptr, 100).ok());
}

// Takes a field out of a table, as if its writer had left it out.
void drop_field(const flatbuffers::Table* table, flatbuffers::voffset_t field) {
  auto* vtable = const_cast<uint8_t*>(table->GetVTable());
  ASSERT_LT(field, flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable));
  flatbuffers::WriteScalar<flatbuffers::voffset_t>(vtable + field, 0);
}

TEST(MalformedModel, RequiredFieldsThatAreAbsent) {
  using Find = std::function<const void*(const fb::Model&)>;
  const Find model = [](const fb::Model& m) { return &m; };
  const Find graph = [](const fb::Model& m) { return m.subgraphs()->Get(0); };
  const Find tensor = [](const fb::Model& m) { return m.subgraphs()->Get(0)->tensors()->Get(0); };
  const Find op = [](const fb::Model& m) { return m.subgraphs()->Get(0)->operators()->Get(0); };
  struct Field {
    const char* name;
    Find table;
    flatbuffers::voffset_t field;
    const char* words = "truncated or damaged";
  };
  for (const Field& f :
       std::vector<Field>{{"subgraphs", model, fb::Model::VT_SUBGRAPHS},
                          {"tensors", graph, fb::Subgraph::VT_TENSORS},
                          {"operators", graph, fb::Subgraph::VT_OPERATORS},
                          {"inputs", graph, fb::Subgraph::VT_INPUTS},
                          {"outputs", graph, fb::Subgraph::VT_OUTPUTS},
                          {"shape", tensor, fb::Tensor::VT_SHAPE},
                          {"options", op, fb::Operator::VT_OPTIONS},
                          {"options' type", op, fb::Operator::VT_OPTIONS_TYPE,
                           "operator 0 'conv': has no options"},
                          {"node inputs", op, fb::Operator::VT_INPUTS},
                          {"node outputs", op, fb::Operator::VT_OUTPUTS},
                          {"scales",
                           [](const fb::Model& m) {
                             return m.subgraphs()->Get(0)->tensors()->Get(0)->quantization();
                           },
                           fb::Quantization::VT_SCALES},
                          {"window",
                           [&](const fb::Model& m) {
                             return m.subgraphs()->Get(0)->operators()->Get(0)->options_as_Conv2D();
                           },
                           fb::Conv2D::VT_WINDOW}}) {
    SCOPED_TRACE(f.name);
    Bytes file = serialized(small_graph());
    const auto* table = static_cast<const flatbuffers::Table*>(f.table(*fb::GetModel(file.data())));
    drop_field(table, f.field);
    expect_refused(file, f.words);
  }
}

TEST(MalformedModel, NamesMayBeAbsent) {
  Bytes file = serialized(small_graph());
  const fb::Subgraph* graph = fb::GetModel(file.data())->subgraphs()->Get(0);
  const auto drop_name = [](const auto* table, flatbuffers::voffset_t field) {
    drop_field(reinterpret_cast<const flatbuffers::Table*>(table), field);
  };
  drop_name(graph->tensors()->Get(0), fb::Tensor::VT_NAME);
  drop_name(graph->operators()->Get(0), fb::Operator::VT_NAME);
  const rt::Status status = run_file(file);
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(MalformedModel, NullAndStrayOffsetsInVectors) {
  const auto refused = [](const std::function<const uint8_t*(const fb::Subgraph&)>& find) {
    for (uint32_t offset : {0u, 1u, 3u, 0x7fffffffu, 0xfffffff0u}) {
      Bytes file = serialized(small_graph());
      const auto* element = find(*fb::GetModel(file.data())->subgraphs()->Get(0));
      std::memcpy(const_cast<uint8_t*>(element), &offset, sizeof offset);
      SCOPED_TRACE(offset);
      expect_refused(file, "truncated or damaged");
    }
  };
  refused([](const fb::Subgraph& g) { return g.tensors()->Data() + 8; });
  refused([](const fb::Subgraph& g) { return g.operators()->Data() + 4; });
  // The table's own offset to its vtable.
  refused([](const fb::Subgraph& g) { return reinterpret_cast<const uint8_t*>(&g); });
}

TEST(MalformedModel, VectorsLongerThanTheFile) {
  for (uint32_t length : {0x7fffffffu, 0xffffffffu, 0x40000000u, 100000u}) {
    Bytes file = serialized(small_graph());
    const auto* shape = fb::GetModel(file.data())->subgraphs()->Get(0)->tensors()->Get(0)->shape();
    // The length lies before the elements.
    const auto at = static_cast<size_t>(shape->Data() - file.data()) - sizeof length;
    std::memcpy(file.data() + at, &length, sizeof length);
    SCOPED_TRACE(length);
    expect_refused(file, "truncated or damaged");
  }
}

TEST(MalformedModel, UnknownOperators) {
  for (int kind : {static_cast<int>(fb::OpOptions::MAX) + 1, 128, 255}) {
    Bytes file = serialized(small_graph());
    const auto* op = reinterpret_cast<const flatbuffers::Table*>(
        fb::GetModel(file.data())->subgraphs()->Get(0)->operators()->Get(2));
    *const_cast<uint8_t*>(op->GetAddressOf(fb::Operator::VT_OPTIONS_TYPE)) =
        static_cast<uint8_t>(kind);
    expect_refused(file, "operator 2 'join': is of kind " + std::to_string(kind) +
                             ", which this version of libqrt does not know");
  }
}

// A table that a vector names a million times would cost a million times its work.
TEST(MalformedModel, ATableNamedAMillionTimes) {
  flatbuffers::FlatBufferBuilder b;
  const std::vector<int32_t> none;
  const auto tensor = fb::CreateTensorDirect(b, "t", fb::DType::S8, &none);
  const std::vector<flatbuffers::Offset<fb::Tensor>> tensors(1'100'000, tensor);
  const std::vector<flatbuffers::Offset<fb::Operator>> operators;
  const auto graph = fb::CreateSubgraphDirect(b, "g", &tensors, &operators, &none, &none);
  const std::vector<flatbuffers::Offset<fb::Subgraph>> graphs = {graph};
  fb::FinishModelBuffer(b, fb::CreateModelDirect(b, 1, 0, 0, 0, &graphs));
  expect_refused(Bytes(b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()),
                 "truncated or damaged");
}

TEST(MalformedModel, ManyOperatorsTakeNoMoreThanTheirTime) {
  graph::Graph g;
  int value = g.add_tensor("in", rt::DType::S8, {2});
  g.inputs = {value};
  for (int i = 0; i < 20000; ++i) {
    const int next = g.add_tensor("", rt::DType::S8, {2});
    if (i % 2 == 0) {
      g.add_node("", fb::CastT(), {value}, {next});
    } else {
      fb::ReshapeT reshape;
      reshape.shape = {2};
      g.add_node("", reshape, {value}, {next});
    }
    value = next;
  }
  g.outputs = {value};
  const rt::Status status = run_file(serialized(g));
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(MalformedModel, MappedFilesAreCheckedAlike) {
  const Bytes sound = serialized(small_graph());
  const std::string path = ::testing::TempDir() + "qrt_malformed_test.qrt";
  for (size_t size = 0; size <= sound.size(); size += size < 64 ? 1 : 61) {
    const Bytes cut(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_TRUE(graph::write_file(path, cut).ok());
    const auto model = rt::Model::open(path);
    EXPECT_EQ(model.ok(), size == sound.size()) << size;
    if (!model.ok()) {
      EXPECT_EQ(model.status().message().find(path), 0u);
    }
  }
  std::remove(path.c_str());
  EXPECT_EQ(rt::Model::open(path).status().code(), Code::Io);
  EXPECT_EQ(rt::Model::open("/").status().code(), Code::Io);
}

// --- No plan at all
// -------------------------------------------------------------------------------

TEST(MalformedModel, FilesCutAnywhereAreRefused) {
  const Bytes sound = serialized(small_graph());
  for (size_t size = 0; size < sound.size(); ++size) {
    const Bytes cut(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(run_file(cut).ok()) << size;
  }
}

class DamagedBytes : public ::testing::TestWithParam<int> {};

// A crash or a sanitizer's report is the failure; a damaged file may well be another sound one.
TEST_P(DamagedBytes, AnyByteMayHaveAnyValue) {
  const auto [name, graph] = std::move(damageable_graphs()[static_cast<size_t>(GetParam())]);
  const Bytes sound = serialized(graph);
  ASSERT_TRUE(run_file(sound).ok()) << name << ": " << run_file(sound).message();
  for (size_t i = 0; i < sound.size(); ++i) {
    const uint8_t was = sound[i];
    for (int value : {0, 1, 0x7f, 0x80, 0xff, was ^ 2, was ^ 0x10}) {
      if (value == was) continue;
      Bytes damaged = sound;
      damaged[i] = static_cast<uint8_t>(value);
      (void)run_file(damaged);
    }
  }
}

// Sizes and indices at the ends of their range, and floats that are no numbers.
TEST_P(DamagedBytes, AnyWordMayBeExtreme) {
  const Bytes sound = serialized(damageable_graphs()[static_cast<size_t>(GetParam())].second);
  for (size_t i = 0; i + 4 <= sound.size(); i += 4) {
    for (uint32_t value : {0x7fffffffu, 0x80000000u, 0xffffffffu, 0x40000000u, 0x00010000u, 7u,
                           0x7fc00000u, 0x7f800000u, 0x7f7fffffu, 0x00000001u}) {
      Bytes damaged = sound;
      std::memcpy(&damaged[i], &value, sizeof value);
      (void)run_file(damaged);
    }
  }
}

TEST_P(DamagedBytes, SeveralAtOnce) {
  const Bytes sound = serialized(damageable_graphs()[static_cast<size_t>(GetParam())].second);
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    Bytes damaged = sound;
    for (size_t n = 2 + random() % 3; n > 0; --n) {
      damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    }
    (void)run_file(damaged);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, DamagedBytes,
                         ::testing::Range(0, static_cast<int>(damageable_graphs().size())),
                         [](const auto& test) {
                           return damageable_graphs()[static_cast<size_t>(test.param)].first;
                         });

}  // namespace
}  // namespace qrt::test
