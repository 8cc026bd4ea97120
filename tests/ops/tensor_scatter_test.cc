// TensorScatter against plain loops, SizeLimit, and Attention that looks at some of its keys only.
#include <cmath>
#include <string>

#include "tests/model/one_node.h"
#include "tests/support/open_model.h"

namespace qrt::test {
namespace {

using graph::Graph;
using rt::DType;
using Floats = std::vector<float>;

template <class T>
void fill(Loaded& loaded, size_t input, const std::vector<T>& elements) {
  loaded.set(input, elements);
}

Floats floats_of(size_t count, unsigned seed) {
  const auto bytes = random_elements(DType::F32, count * sizeof(float), seed);
  Floats floats(count);
  std::memcpy(floats.data(), bytes.data(), bytes.size());
  return floats;
}

// begins: one, or one an item; none: 0.
Floats scattered(const Dims& shape, int axis, int32_t added, const std::vector<int64_t>& begins,
                 const Floats& data, const Floats& updates) {
  const auto a = static_cast<size_t>(axis);
  size_t outer = 1, inner = 1;
  for (size_t i = 0; i < shape.size(); ++i)
    (i < a ? outer : inner) *= i == a ? 1 : static_cast<size_t>(shape[i]);
  const auto size = static_cast<size_t>(shape[a]), count = static_cast<size_t>(added);
  Floats out = data;
  for (size_t o = 0; o < outer; ++o) {
    const size_t item = axis > 0 ? o / (outer / static_cast<size_t>(shape[0])) : 0;
    const int64_t begin = begins.empty() ? 0 : begins[begins.size() > 1 ? item : 0];
    for (size_t n = 0; n < count; ++n) {
      const size_t place = (static_cast<size_t>(begin) + n) % size;
      for (size_t k = 0; k < inner; ++k) {
        out[(o * size + place) * inner + k] = updates[(o * count + n) * inner + k];
      }
    }
  }
  return out;
}

Graph scatter_graph(const Dims& shape, int axis, int32_t added, size_t places, DType type,
                    bool circular) {
  Graph g;
  Dims updates = shape;
  updates[static_cast<size_t>(axis)] = added;
  fb::TensorScatterT options;
  options.axis = added % 2 == 0 ? axis : axis - static_cast<int>(shape.size());
  options.circular = circular;
  const int data = g.add_tensor("data", DType::F32, shape);
  const int more = g.add_tensor("more", DType::F32, updates);
  g.inputs = {data, more};
  if (places > 0) {
    g.inputs.push_back(g.add_tensor("begin", type, {static_cast<int32_t>(places)}));
  }
  const int out = g.add_tensor("out", DType::F32, shape);
  g.add_node("node", options, g.inputs, {out});
  g.outputs = {out};
  return g;
}

TEST(TensorScatter, EveryPlaceOfEveryAxis) {
  unsigned seed = 0;
  for (const Dims& shape :
       {Dims{5}, Dims{2, 4}, Dims{3, 5, 2}, Dims{2, 3, 4, 3}, Dims{1, 2, 1, 3}}) {
    for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
      const int32_t size = shape[static_cast<size_t>(axis)];
      for (int32_t added = 1; added <= size; ++added) {
        for (const bool circular : {false, true}) {
          for (const size_t places : {size_t{0}, size_t{1}, static_cast<size_t>(shape[0])}) {
            if (places > 1 && axis == 0) continue;
            const DType type = ++seed % 2 == 0 ? DType::S32 : DType::S64;
            Loaded loaded = must_load(scatter_graph(shape, axis, added, places, type, circular));
            ASSERT_NE(loaded.session, nullptr);
            const Floats data = floats_of(loaded.session->input_bytes(0) / 4, seed);
            const Floats more = floats_of(loaded.session->input_bytes(1) / 4, seed + 1);
            fill(loaded, 0, data);
            fill(loaded, 1, more);
            const int32_t last = circular ? 2 * size : size - added;
            for (int32_t begin = 0; begin <= last; ++begin) {
              std::vector<int64_t> begins;
              for (size_t i = 0; i < places; ++i) {
                begins.push_back((begin + static_cast<int32_t>(i)) % (last + 1));
              }
              if (type == DType::S64 && places > 0) fill(loaded, 2, begins);
              if (type == DType::S32 && places > 0) {
                fill(loaded, 2, std::vector<int32_t>(begins.begin(), begins.end()));
              }
              loaded.run();
              ASSERT_EQ(loaded.get<float>(), scattered(shape, axis, added, begins, data, more))
                  << testing::PrintToString(shape) << " axis " << axis << " at " << begin;
            }
          }
        }
      }
    }
  }
}

TEST(TensorScatter, ARunWithoutRoomFails) {
  for (const bool circular : {false, true}) {
    Loaded loaded = must_load(scatter_graph({2, 4}, 1, 2, 2, DType::S64, circular));
    ASSERT_NE(loaded.session, nullptr);
    for (const int64_t begin : {int64_t{3}, INT64_MAX, int64_t{-1}, INT64_MIN}) {
      if (circular && begin >= 0) continue;
      fill(loaded, 2, std::vector<int64_t>{0, begin});
      const rt::Status status = loaded.session->run();
      EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
      EXPECT_NE(status.message().find("'data' has 4 places; 2 more do not fit behind the first " +
                                      std::to_string(begin)),
                std::string::npos)
          << status.message();
    }
  }
}

TEST(TensorScatter, Refused) {
  const auto refused = [](const Dims& data, const Dims& more, const Dims& begin,
                          const char* words) {
    fb::TensorScatterT options;
    options.axis = 1;
    const Graph g = one_node(
        options, {tensor(DType::F32, data), tensor(DType::F32, more), tensor(DType::S64, begin)},
        tensor(DType::F32, data));
    expect_refused(serialized(g), words, rt::Code::InvalidModel);
  };
  refused({2, 4}, {2, 5}, {1}, "has updates 2x5 along axis 1 for data 2x4");
  refused({2, 4}, {3, 4}, {1}, "has updates 3x4 along axis 1 for data 2x4");
  refused({2, 4}, {2, 1, 1}, {1}, "has updates 2x1x1 along axis 1");
  refused({2, 4}, {2, 4}, {3}, "begins at 3 places along axis 1 of data 2x4");
  refused({2, 4}, {2, 4}, {1, 1}, "begins at 1x1 places along axis 1 of data 2x4");
  refused({4}, {4}, {1}, "axis");
}

TEST(SizeLimit, GivesTheValueAndRefusesMore) {
  for (const DType type : {DType::S32, DType::S64}) {
    Graph g;
    const int value = g.add_tensor("value", type, {2});
    const int limit = type == DType::S32 ? g.add_constant<int32_t>("limit", {2}, {3, 5})
                                         : g.add_constant<int64_t>("limit", {2}, {3, 5});
    const int out = g.add_tensor("out", type, {2});
    // As large as the limits, filled with what the run gives.
    const int seven = g.add_constant<float>("seven", {1}, {7});
    const int wide = g.add_tensor("wide", DType::F32, {3, 5});
    g.add_node("limited", fb::SizeLimitT(), {value, limit}, {out});
    g.add_node("wide", fb::BroadcastToT(), {seven, out}, {wide});
    g.inputs = {value};
    g.outputs = {out, wide};
    Loaded loaded = must_load(g);
    ASSERT_NE(loaded.session, nullptr);
    EXPECT_EQ(loaded.session->output_shape(1), (rt::Shape{3, 5}));
    const auto run = [&](int32_t a, int32_t b) {
      if (type == DType::S32) {
        fill(loaded, 0, std::vector<int32_t>{a, b});
      } else {
        fill(loaded, 0, std::vector<int64_t>{a, b});
      }
      return loaded.session->run();
    };
    EXPECT_TRUE(run(3, -1).ok());
    if (type == DType::S32) {
      EXPECT_EQ(loaded.get<int32_t>(), (std::vector<int32_t>{3, -1}));
    } else {
      EXPECT_EQ(loaded.get<int64_t>(), (std::vector<int64_t>{3, -1}));
    }
    const rt::Status status = run(3, 6);
    EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
    EXPECT_NE(status.message().find("is 6, there is room for 5 at most"), std::string::npos)
        << status.message();
  }
}

TEST(SizeLimit, Refused) {
  const auto refused = [](const graph::Value& value, const graph::Value& limit, const char* words,
                          rt::Code code) {
    const Graph g = one_node(fb::SizeLimitT(), {value, limit}, tensor(DType::S64, {-1}));
    expect_refused(serialized(g), words, code);
  };
  refused(tensor(DType::S64, {2}), constant(tensor(DType::S64, {3})), "limits 2 by 3",
          rt::Code::InvalidModel);
  refused(tensor(DType::S64, {2}), tensor(DType::S64, {2}), "known only in a run",
          rt::Code::Unsupported);
}

// softmax over the first keys only: the same bits as with these alone.
Graph attention(const Dims& q, const Dims& k, const Dims& lengths, DType type, bool causal) {
  Graph g;
  fb::AttentionT options;
  options.scale = 0.3f;
  options.causal = causal;
  options.softcap = 2;
  for (const Dims& shape : {q, k, k}) g.inputs.push_back(g.add_tensor("in", DType::F32, shape));
  std::vector<int> inputs = g.inputs;
  if (!lengths.empty()) {
    inputs.push_back(graph::kAbsent);
    inputs.push_back(g.add_tensor("lengths", type, lengths));
    g.inputs.push_back(inputs.back());
  }
  const int y = g.add_tensor("y", DType::F32, q);
  g.add_node("attention", options, inputs, {y});
  g.outputs = {y};
  return g;
}

TEST(AttentionLengths, SameBitsAsTheseKeysAlone) {
  constexpr int32_t kItems = 2, kHeads = 4, kGroups = 2, kRows = 3, kKeys = 7, kDepth = 5;
  const Floats q = floats_of(kItems * kHeads * kRows * kDepth, 1);
  const Floats k = floats_of(kItems * kGroups * kKeys * kDepth, 2);
  const Floats v = floats_of(kItems * kGroups * kKeys * kDepth, 3);
  // Item by item, by the keys that there are.
  const auto alone = [&](int32_t item, int32_t keys, bool causal) {
    Loaded loaded = must_load(
        attention({1, kHeads, kRows, kDepth}, {1, kGroups, keys, kDepth}, {}, DType::S64, causal));
    const auto part = [&](const Floats& all, int32_t heads, int32_t rows, int32_t taken) {
      Floats some;
      for (int32_t h = 0; h < heads; ++h) {
        const auto from = all.begin() + ((item * heads + h) * rows) * kDepth;
        some.insert(some.end(), from, from + taken * kDepth);
      }
      return some;
    };
    loaded.set(0, part(q, kHeads, kRows, kRows));
    loaded.set(1, part(k, kGroups, kKeys, keys));
    loaded.set(2, part(v, kGroups, kKeys, keys));
    loaded.run();
    return loaded.get<float>();
  };
  for (const bool causal : {false, true}) {
    for (const DType type : {DType::S32, DType::S64}) {
      for (const bool each : {false, true}) {
        Loaded loaded =
            must_load(attention({kItems, kHeads, kRows, kDepth}, {kItems, kGroups, kKeys, kDepth},
                                {each ? kItems : 1}, type, causal));
        ASSERT_NE(loaded.session, nullptr);
        loaded.set(0, q), loaded.set(1, k), loaded.set(2, v);
        for (int32_t first = kRows; first <= kKeys + 2; ++first) {
          const int32_t second = each ? kKeys - (first - kRows) : first;
          if (second < kRows) continue;
          if (type == DType::S32) {
            loaded.set(3, each ? std::vector<int32_t>{first, second} : std::vector<int32_t>{first});
          } else {
            loaded.set(3, each ? std::vector<int64_t>{first, second} : std::vector<int64_t>{first});
          }
          loaded.run();
          Floats expected = alone(0, std::min(first, kKeys), causal);
          const Floats more = alone(1, std::min(second, kKeys), causal);
          expected.insert(expected.end(), more.begin(), more.end());
          EXPECT_EQ(loaded.get<float>(), expected) << first << ", " << second << " keys";
        }
      }
    }
  }
}

TEST(AttentionLengths, WithoutAKeyResultsAreZero) {
  Loaded loaded = must_load(attention({1, 1, 2, 3}, {1, 1, 4, 3}, {1}, DType::S64, false));
  ASSERT_NE(loaded.session, nullptr);
  loaded.set(0, floats_of(6, 1)), loaded.set(1, floats_of(12, 2)), loaded.set(2, floats_of(12, 3));
  for (const int64_t length : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    loaded.set(3, std::vector<int64_t>{length});
    loaded.run();
    EXPECT_EQ(loaded.get<float>(), Floats(6, 0));
  }
}

TEST(AttentionLengths, Refused) {
  expect_refused(serialized(attention({2, 4, 3, 5}, {2, 2, 7, 5}, {3}, DType::S64, false)),
                 "lengths of 3 for a query of 2x4x3x5", rt::Code::InvalidModel);
  expect_refused(serialized(attention({3, 5}, {7, 5}, {3}, DType::S64, false)),
                 "lengths of 3 for a query of 3x5", rt::Code::InvalidModel);
  Graph g = attention({2, 3}, {2, 3}, {}, DType::S64, false);
  for (const float cap : {-1.0f, INFINITY, NAN}) {
    g.nodes[0].options.AsAttention()->softcap = cap;
    expect_refused(serialized(g), "has a softcap of", rt::Code::InvalidModel);
  }
}

}  // namespace
}  // namespace qrt::test
