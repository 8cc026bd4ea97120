#include "tests/oracle/check.h"

#include <cstring>
#include <limits>
#include <type_traits>

#include "tests/support/instruction_sets.h"
#include "tests/support/run_graph.h"

namespace qrt::test {
namespace {

// Calls visit with a value of the C++ type of the elements.
template <class Visit>
void with_type(DType type, const Visit& visit) {
  switch (type) {
    case DType::F32:
      return visit(float{});
    case DType::S8:
      return visit(int8_t{});
    case DType::U8:
    case DType::Bool:
      return visit(uint8_t{});
    case DType::S16:
      return visit(int16_t{});
    case DType::F64:
      return visit(double{});
    case DType::F16:  // as bits
    case DType::BF16:
      return visit(uint16_t{});
    case DType::S32:
      return visit(int32_t{});
    case DType::S64:
      return visit(int64_t{});
    case DType::S4:
      ADD_FAILURE() << "two elements share a byte";
  }
}

graph::Bytes bytes_of(DType type, const std::vector<double>& values) {
  graph::Bytes bytes;
  with_type(type, [&](auto zero) {
    using T = decltype(zero);
    for (double value : values) {
      const T element = static_cast<T>(value);
      const auto* first = reinterpret_cast<const uint8_t*>(&element);
      bytes.insert(bytes.end(), first, first + sizeof element);
    }
  });
  return bytes;
}

std::vector<double> values_of(DType type, const uint8_t* bytes, size_t size) {
  std::vector<double> values;
  with_type(type, [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < size; i += sizeof(T)) {
      T element;
      std::memcpy(&element, bytes + i, sizeof element);
      values.push_back(static_cast<double>(element));
    }
  });
  return values;
}

graph::Graph graph_of(const Node& node, const std::vector<Expected>& expected) {
  graph::Graph g;
  std::vector<int> in, out;
  for (const Stored& input : node.inputs) {
    if (input.role == Stored::Absent) {
      in.push_back(graph::kAbsent);
      continue;
    }
    if (input.role == Stored::Constant) {
      in.push_back(g.add_constant_bytes("constant", input.type, input.shape,
                                        bytes_of(input.type, input.values), input.quantization));
      continue;
    }
    in.push_back(g.add_tensor("in", input.type, input.shape, input.quantization));
    g.value(in.back()).variable = input.role == Stored::Variable;
    if (input.role == Stored::Input) g.inputs.push_back(in.back());
  }
  for (const Expected& e : expected) {
    out.push_back(g.add_tensor("out", e.type, e.tensor.shape, e.quantization));
  }
  graph::Node made;
  made.name = "node";
  made.options = node.options;
  made.inputs = in;
  made.outputs = out;
  g.nodes.push_back(std::move(made));
  g.outputs = out;
  return g;
}

// Empty: equal, or as near as it has to be.
std::string difference(const std::vector<double>& actual, const Expected& expected) {
  if (actual.size() != expected.tensor.values.size()) {
    return "gives " + std::to_string(actual.size()) + " elements, not " +
           std::to_string(expected.tensor.values.size());
  }
  size_t count = 0, first = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i], e = expected.tensor.values[i];
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    if (!expected.tolerance.empty() && std::fabs(a - e) <= expected.tolerance[i]) continue;
    if (count++ == 0) first = i;
  }
  if (count == 0) return "";
  return std::to_string(count) + " of " + std::to_string(actual.size()) +
         " elements differ; the first, " + std::to_string(first) + ", is " +
         testing::PrintToString(actual[first]) + ", not " +
         testing::PrintToString(expected.tensor.values[first]);
}

// Pools for all tests: starting threads costs more than what they do here.
pthreadpool_t pool_of(size_t threads) {
  using Pool = std::unique_ptr<pthreadpool, decltype(&pthreadpool_destroy)>;
  static const Pool two(pthreadpool_create(2), &pthreadpool_destroy);
  static const Pool three(pthreadpool_create(3), &pthreadpool_destroy);
  return threads == 1 ? nullptr : threads == 2 ? two.get() : three.get();
}

void run_and_compare(const graph::Graph& graph, const Node& node,
                     const std::vector<Expected>& expected, const std::string& isa, size_t threads,
                     int runs) {
  rt::SessionOptions options;
  options.pool = pool_of(threads);
  Loaded loaded = must_load(graph, options, isa.c_str());
  if (loaded.session == nullptr) return;
  for (int run = 0; run < runs; ++run) {
    size_t next = 0;
    for (const Stored& input : node.inputs) {
      if (input.role == Stored::Input) loaded.set(next++, bytes_of(input.type, input.values));
    }
    EXPECT_TRUE(loaded.session->run().ok());
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto bytes = loaded.get<uint8_t>(i);
    const std::string found =
        difference(values_of(expected[i].type, bytes.data(), bytes.size()), expected[i]);
    EXPECT_TRUE(found.empty()) << found << "; output " << i << ", " << isa << ", " << threads
                               << " thread(s)";
  }
}

}  // namespace

size_t Stored::scale_of(size_t element) const {
  if (quantization.scales.size() <= 1) return 0;
  size_t inner = 1;
  for (size_t i = static_cast<size_t>(quantization.axis) + 1; i < shape.size(); ++i) {
    inner *= static_cast<size_t>(shape[i]);
  }
  return element / inner % quantization.scales.size();
}

Tensor Stored::steps() const {
  Tensor result = numbers();
  if (quantization.zero_points.empty()) return result;
  for (size_t i = 0; i < result.values.size(); ++i) {
    result.values[i] -= quantization.zero_points[scale_of(i)];
  }
  return result;
}

Tensor Stored::real() const {
  Tensor result = steps();
  if (quantization.empty()) return result;
  for (size_t i = 0; i < result.values.size(); ++i) {
    result.values[i] *= static_cast<double>(quantization.scales[scale_of(i)]);
  }
  return result;
}

int32_t draw(std::mt19937& random, int32_t low, int32_t high) {
  const auto span = static_cast<uint32_t>(int64_t{high} - low) + 1;
  return static_cast<int32_t>(low + static_cast<int64_t>(span == 0 ? random() : random() % span));
}

Stored random_stored(const Kind& kind, const Dims& shape, double low, double high,
                     std::mt19937& random) {
  Stored stored{kind.type, shape, kind.quantization, {}, Stored::Input};
  const bool real = kind.type == DType::F32 || kind.type == DType::F64;
  for (size_t i = oracle::count(shape); i > 0; --i) {
    const double fraction = static_cast<double>(random()) / 4294967295.0;
    const double value = real ? low + (high - low) * fraction
                              : std::floor(low + (high - low + 1) * fraction * 0.9999999997);
    stored.values.push_back(value);
  }
  // The extremes find overflows that draws would miss.
  if (stored.values.size() > 2) {
    stored.values[random() % stored.values.size()] = low;
    stored.values[random() % stored.values.size()] = high;
  }
  if (kind.type == DType::F32) {
    for (double& value : stored.values) value = static_cast<double>(static_cast<float>(value));
  }
  return stored;
}

Stored random_stored(const Kind& kind, const Dims& shape, std::mt19937& random) {
  switch (kind.type) {
    case DType::S8:
      return random_stored(kind, shape, -128, 127, random);
    case DType::U8:
      return random_stored(kind, shape, 0, 255, random);
    case DType::Bool:
      return random_stored(kind, shape, 0, 1, random);
    case DType::S16:
      return random_stored(kind, shape, -32768, 32767, random);
    case DType::F16:
      return random_stored(kind, shape, 0, 65535, random);
    case DType::S32:
      return random_stored(kind, shape, std::numeric_limits<int32_t>::min(),
                           std::numeric_limits<int32_t>::max(), random);
    case DType::S64:  // all that double holds
      return random_stored(kind, shape, -9007199254740992.0, 9007199254740992.0, random);
    default:
      return random_stored(kind, shape, -2, 2, random);
  }
}

oracle::Range range_of(const Kind& kind, const fb::ClampT* clamp) {
  rt::IntRange range = {0, 0};
  EXPECT_TRUE(rt::quantized_range(kind.type, &range));
  return oracle::range_of(static_cast<double>(kind.quantization.scales[0]),
                          kind.quantization.zero_point(), range.min, range.max,
                          clamp != nullptr ? static_cast<double>(clamp->min) : -INFINITY,
                          clamp != nullptr ? static_cast<double>(clamp->max) : INFINITY);
}

void expect_node(const Node& node, const std::vector<Expected>& expected, int runs) {
  const graph::Graph graph = graph_of(node, expected);
  const auto sets = runnable_instruction_sets();
  for (const std::string& isa : sets) run_and_compare(graph, node, expected, isa, 1, runs);
  // Threads by turns: a pool's threads wait by spinning, which takes longer than what they do here.
  static size_t turn = 0;
  const size_t now = turn++;
  run_and_compare(graph, node, expected, sets[now % sets.size()], 2 + now / sets.size() % 2, runs);
}

}  // namespace qrt::test
