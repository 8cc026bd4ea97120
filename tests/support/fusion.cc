#include "tests/support/fusion.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace qrt::test {
namespace {

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// At commas outside of brackets.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      if (i > begin) parts.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    } else {
      depth += text[i] == '[' ? 1 : text[i] == ']' ? -1 : 0;
    }
  }
  return parts;
}

Dims64 integers_of(const std::string& list) {
  Dims64 elements;
  for (const std::string& part : split(list.substr(1, list.size() - 2))) {
    elements.push_back(std::stoll(part));
  }
  return elements;
}

bool is_number(const std::string& text) {
  return !text.empty() && (std::isdigit(text[0]) != 0 || text[0] == '-' || text[0] == '.');
}

std::vector<std::vector<float>> outputs_at(Loaded& loaded,
                                           const std::vector<std::vector<int32_t>>& shapes,
                                           float deviation) {
  std::vector<std::vector<float>> results;
  std::vector<rt::InputShape> wanted;
  for (size_t i = 0; i < shapes.size(); ++i) {
    wanted.emplace_back(i, rt::Shape(shapes[i].data(), shapes[i].size()));
  }
  const rt::Status status = loaded.session->resize_inputs({wanted.data(), wanted.size()});
  EXPECT_TRUE(status.ok()) << status.message();
  if (!status.ok()) return results;
  for (size_t i = 0; i < loaded.session->inputs(); ++i) {
    const size_t bytes = loaded.session->input_bytes(i);
    if (loaded.session->input(i).type == rt::DType::F32) {
      loaded.set(i, random_numbers(bytes / sizeof(float), static_cast<unsigned>(i + 1), deviation));
    } else {
      std::vector<uint8_t> flags(bytes);
      for (size_t k = 0; k < bytes; ++k) flags[k] = k % 3 != 1;
      loaded.set(i, flags);
    }
  }
  loaded.run();
  for (size_t k = 0; k < loaded.session->outputs(); ++k) {
    results.push_back(loaded.get<float>(k));
  }
  return results;
}

}  // namespace

OnnxText& OnnxText::input(const std::string& name, const std::vector<std::string>& dims,
                          int32_t type) {
  builder.open_input(name, dims, type);
  return *this;
}

OnnxText& OnnxText::constant(const std::string& name, const Dims64& dims,
                             const std::vector<float>& values) {
  builder.floats(name, dims, values);
  return *this;
}

OnnxText& OnnxText::lines(const std::vector<std::string>& text) {
  for (const std::string& one : text) line(one);
  return *this;
}

OnnxText& OnnxText::output(const std::string& name) {
  outputs_.push_back(name);
  return *this;
}

std::string OnnxText::argument(const std::string& text) {
  if (!is_number(text) && text[0] != '[') return text == "_" ? "" : text;
  const std::string name = "constant" + std::to_string(++constants_);
  if (text[0] == '[') {
    builder.integers(name, integers_of(text));
  } else {
    builder.floats(name, {}, {std::stof(text)});
  }
  return name;
}

void OnnxText::line(const std::string& text) {
  const size_t equals = text.find(" = "), open = text.find('('), close = text.find(')');
  const std::vector<std::string> results = split(text.substr(0, equals));
  const std::string op = trimmed(text.substr(equals + 3, open - equals - 3));
  std::vector<std::string> inputs;
  for (const std::string& part : split(text.substr(open + 1, close - open - 1))) {
    inputs.push_back(argument(part));
  }
  OnnxNode node = builder.op(op, inputs, results);
  for (size_t at = close + 1; at < text.size();) {
    const size_t begin = text.find_first_not_of(' ', at);
    if (begin == std::string::npos) break;
    const size_t sign = text.find('=', begin);
    const bool list = text[sign + 1] == '[';
    const size_t end = std::min(text.find(list ? ']' : ' ', sign), text.size() - (list ? 1 : 0));
    const std::string name = text.substr(begin, sign - begin);
    const std::string value = text.substr(sign + 1, end - sign - (list ? 0 : 1));
    if (list) {
      node.set(name, integers_of(value));
    } else if (!is_number(value)) {
      node.set(name, value.c_str());
    } else if (value.find('.') != std::string::npos || value.find('e') != std::string::npos) {
      node.set(name, std::stof(value));
    } else {
      node.set(name, int64_t{std::stoll(value)});
    }
    at = end + 1;
  }
  last_ = results[0];
}

graph::Graph OnnxText::imported() const {
  OnnxBuilder complete = builder;
  for (const std::string& name : outputs_) complete.output(name);
  complete.output(last_);
  return complete.must_import();
}

std::vector<float> random_numbers(size_t count, unsigned seed, float deviation) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

void expect_fused(const graph::Graph& imported, const Fusion& expected) {
  graph::Graph fused = imported, plain = imported;
  ASSERT_TRUE(graph::optimize(fused).ok());
  ASSERT_TRUE(graph::optimize(plain, {false}).ok());
  EXPECT_EQ(kinds(fused), expected.kinds);
  EXPECT_NE(kinds(plain), expected.kinds);
  Loaded a = must_load(fused), b = must_load(plain);
  if (a.session == nullptr || b.session == nullptr) return;
  for (const auto& shapes : expected.sizes) {
    SCOPED_TRACE(testing::PrintToString(shapes));
    const auto actual = outputs_at(a, shapes, expected.deviation);
    const auto wanted = outputs_at(b, shapes, expected.deviation);
    ASSERT_EQ(actual.size(), wanted.size());
    for (size_t k = 0; k < wanted.size(); ++k) {
      ASSERT_EQ(a.session->output_shape(k), b.session->output_shape(k));
      double largest = 0;
      for (float value : wanted[k]) largest = std::max(largest, std::fabs(double{value}));
      ASSERT_EQ(actual[k].size(), wanted[k].size());
      for (size_t i = 0; i < wanted[k].size(); ++i) {
        ASSERT_NEAR(actual[k][i], wanted[k][i], expected.tolerance * largest)
            << "output " << k << ", element " << i;
      }
    }
  }
}

void expect_not_fused(const graph::Graph& imported, const std::string& kind) {
  graph::Graph fused = imported;
  ASSERT_TRUE(graph::optimize(fused).ok());
  EXPECT_EQ(count_kind(fused, kind), 0u) << testing::PrintToString(kinds(fused));
  EXPECT_FALSE(fused.nodes.empty());
}

void expect_not_found(const graph::Graph& imported, const std::string& name) {
  graph::Graph fused = imported;
  ASSERT_TRUE(graph::optimize(fused).ok());
  EXPECT_EQ(fused.record.fused.count(name), 0u) << testing::PrintToString(kinds(fused));
  EXPECT_FALSE(fused.nodes.empty());
}

}  // namespace qrt::test
