// TensorFlow Lite's sparse constants become dense ones.
#include <functional>

#include "tests/import/tflite_expect.h"

namespace qrt::test {
namespace {

tfl::DimensionMetadataT dense_axis(int32_t size) {
  tfl::DimensionMetadataT axis;
  axis.dense_size = size;
  return axis;
}

template <class Vector, class T>
tfl::DimensionMetadataT compressed_axis(const std::vector<T>& segments,
                                        const std::vector<T>& indices) {
  tfl::DimensionMetadataT axis;
  axis.format = tfl::DimensionType::SPARSE_CSR;
  Vector all;
  all.values = segments;
  axis.array_segments.Set(std::move(all));
  all.values = indices;
  axis.array_indices.Set(std::move(all));
  return axis;
}

struct SparseModel : TfliteBuilder {
  int constant;

  // y = x + DENSIFY(a sparse constant of [rows, columns])
  SparseModel(const Ints& shape, const Floats& stored, const Ints& order, const Ints& blocks,
              const std::vector<tfl::DimensionMetadataT>& axes) {
    const int x = add_input("x", shape);
    constant = add_constant("sparse", shape, TensorType::FLOAT32, stored);
    auto sparsity = std::make_unique<tfl::SparsityT>();
    sparsity->traversal_order = order;
    sparsity->block_map = blocks;
    for (const auto& axis : axes) {
      sparsity->dim_metadata.push_back(std::make_unique<tfl::DimensionMetadataT>(axis));
    }
    tensor(constant).sparsity = std::move(sparsity);
    const int dense = add("dense", shape);
    add_op(Builtin::DENSIFY, {constant}, {dense});
    add_op(Builtin::ADD, {x, dense}, {add_output("y", shape)});
  }
  tfl::SparsityT& sparsity() { return *tensor(constant).sparsity; }
};

using Bytes8 = tfl::Uint8VectorT;

// [[1,0,0,2],[0,0,0,0],[0,3,0,0]] by rows.
SparseModel rows_model() {
  return SparseModel({3, 4}, {1, 2, 3}, {0, 1}, {},
                     {dense_axis(3), compressed_axis<Bytes8, uint8_t>({0, 2, 2, 3}, {0, 3, 1})});
}

TEST(TfliteSparse, RowsColumnsAndBlocks) {
  const Floats zeros(12, 0.0f);
  const Floats wanted = {1, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0};
  EXPECT_EQ(run_one<float>(optimized(rows_model()), zeros), wanted);
  // By columns, in 16 bits.
  const SparseModel columns(
      {3, 4}, {1, 3, 2}, {1, 0}, {},
      {dense_axis(4), compressed_axis<tfl::Uint16VectorT, uint16_t>({0, 1, 2, 2, 3}, {0, 2, 0})});
  EXPECT_EQ(run_one<float>(optimized(columns), zeros), wanted);
  // Columns in blocks of two, whose rows are compressed in 32 bits.
  const SparseModel blocks(
      {3, 4}, {1, 0, 0, 2, 0, 3}, {0, 1, 2}, {1},
      {dense_axis(3), compressed_axis<tfl::Int32VectorT, int32_t>({0, 2, 2, 3}, {0, 1, 0}),
       dense_axis(2)});
  EXPECT_EQ(run_one<float>(optimized(blocks), zeros), wanted);
  // Blocks of 1 x 2 along both axes, both compressed.
  const SparseModel both(
      {3, 4}, {1, 0, 0, 2, 0, 3}, {0, 1, 2, 3}, {0, 1},
      {compressed_axis<Bytes8, uint8_t>({0, 2}, {0, 2}),
       compressed_axis<Bytes8, uint8_t>({0, 2, 3}, {0, 1, 0}), dense_axis(1), dense_axis(2)});
  EXPECT_EQ(run_one<float>(optimized(both), zeros), wanted);
}

TEST(TfliteSparse, RefusesWhatIsDamaged) {
  const auto refused = [](const std::function<void(SparseModel&)>& damage,
                          const std::string& words) {
    SparseModel m = rows_model();
    damage(m);
    expect_refused(m, words);
  };
  const auto set = [](SparseModel& m, bool segments, const std::vector<uint8_t>& values) {
    tfl::DimensionMetadataT& axis = *m.sparsity().dim_metadata[1];
    (segments ? axis.array_segments : axis.array_indices).AsUint8Vector()->values = values;
  };
  refused([](SparseModel& m) { m.sparsity().traversal_order = {0}; }, "not every axis");
  refused([](SparseModel& m) { m.sparsity().dim_metadata.pop_back(); }, "not every axis");
  for (int32_t axis : {0, -1, 2}) {
    refused([&](SparseModel& m) { m.sparsity().traversal_order[1] = axis; },
            "with axis " + std::to_string(axis) + " out of place");
  }
  refused([](SparseModel& m) { m.sparsity().dim_metadata[0]->dense_size = 4; },
          "with an axis of 4 where 3 fit");
  refused([&](SparseModel& m) { set(m, true, {0, 2, 2}); }, "too few segments");
  refused([&](SparseModel& m) { set(m, true, {0, 2, 1, 3}); }, "segments out of order");
  refused([&](SparseModel& m) { set(m, true, {0, 2, 2, 4}); }, "too few indices");
  refused([&](SparseModel& m) { set(m, false, {0, 4, 1}); }, "with index 4 of 4");
  refused([](SparseModel& m) { m.buffer_of(m.constant).data.resize(8); }, "too few elements");
  const auto block = [](SparseModel& m, int32_t axis, int32_t size) {
    m.sparsity().block_map = {axis};
    m.sparsity().traversal_order = {0, 1, 2};
    m.sparsity().dim_metadata.push_back(
        std::make_unique<tfl::DimensionMetadataT>(dense_axis(size)));
  };
  refused([&](SparseModel& m) { block(m, 1, 3); }, "with blocks of 3 along axis 1");
  refused([&](SparseModel& m) { block(m, 1, 0); }, "with blocks of 0 along axis 1");
  refused([&](SparseModel& m) { block(m, 2, 2); }, "with blocks of 2 along axis 2");
  refused([](SparseModel& m) { m.tensor(m.constant).type = TensorType::INT4; },
          "with elements of type s4");
}

}  // namespace
}  // namespace qrt::test
