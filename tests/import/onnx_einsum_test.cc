// Einsum against its definition: for every value of all labels, the product of the operands'
// elements is added to the result's.
#include <map>
#include <random>

#include "tests/import/onnx_builder.h"

namespace qrt::test {
namespace {

using Floats = std::vector<float>;

struct Term {
  std::string labels;
  Dims64 dims;
  Floats elements;
};

size_t element_of(const std::string& labels, const Dims64& dims, std::map<char, int64_t>& at) {
  int64_t flat = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    // What is broadcast has one element.
    flat = flat * dims[i] + (dims[i] == 1 ? 0 : at[labels[i]]);
  }
  return static_cast<size_t>(flat);
}

Floats naive(const std::vector<Term>& terms, const std::string& result, Dims64* dims) {
  std::map<char, int64_t> sizes;
  for (const Term& term : terms) {
    for (size_t i = 0; i < term.labels.size(); ++i) {
      int64_t& size = sizes[term.labels[i]];
      size = std::max(size, term.dims[i]);
    }
  }
  size_t count = 1, all = 1;
  for (char label : result) {
    dims->push_back(sizes[label]);
    count *= static_cast<size_t>(sizes[label]);
  }
  for (const auto& [label, size] : sizes) all *= static_cast<size_t>(size);
  Floats sums(count, 0.0f);
  for (size_t n = 0; n < all; ++n) {
    std::map<char, int64_t> at;
    size_t rest = n;
    for (const auto& [label, size] : sizes) {
      at[label] = static_cast<int64_t>(rest) % size;
      rest /= static_cast<size_t>(size);
    }
    float product = 1;
    for (const Term& term : terms) product *= term.elements[element_of(term.labels, term.dims, at)];
    sums[element_of(result, *dims, at)] += product;
  }
  return sums;
}

// Whole numbers, so that sums are exact. `terms`: labels and sizes; `labels` says what an ellipsis
// is.
void check(const std::string& equation, const std::vector<std::pair<std::string, Dims64>>& shapes,
           const std::string& result, bool constant = false) {
  SCOPED_TRACE(equation + (constant ? " with a constant" : ""));
  std::mt19937 random(1);
  std::vector<Term> terms;
  OnnxBuilder b(17);
  std::vector<std::string> names;
  for (const auto& [labels, dims] : shapes) {
    int64_t count = 1;
    for (int64_t dim : dims) count *= dim;
    Term term{labels, dims, {}};
    for (int64_t i = 0; i < count; ++i) {
      term.elements.push_back(static_cast<float>(random() % 7) - 3);
    }
    names.push_back("x" + std::to_string(names.size()));
    if (constant && names.size() == 2) {
      b.floats(names.back(), dims, term.elements);
    } else {
      b.input(names.back(), dims);
    }
    terms.push_back(term);
  }
  b.op("Einsum", names, {"y"}).set("equation", equation.c_str());
  b.output("y");
  Dims64 dims;
  const Floats wanted = naive(terms, result, &dims);
  Loaded loaded = must_load(b.must_optimize());
  ASSERT_NE(loaded.session, nullptr);
  for (size_t i = 0, input = 0; i < terms.size(); ++i) {
    if (!(constant && i == 1)) loaded.set(input++, terms[i].elements);
  }
  loaded.run();
  ASSERT_EQ(loaded.session->output_shape(0).rank(), static_cast<int>(dims.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    EXPECT_EQ(loaded.session->output_shape(0)[static_cast<int>(i)], dims[i]);
  }
  EXPECT_EQ(loaded.get<float>(), wanted);
}

TEST(OnnxEinsum, FormsThatModelsUse) {
  for (bool constant : {false, true}) {
    check("ij,jk->ik", {{"ij", {2, 3}}, {"jk", {3, 4}}}, "ik", constant);
    check("ij,jk", {{"ij", {2, 3}}, {"jk", {3, 4}}}, "ik", constant);
    check("ij,kj->ki", {{"ij", {2, 3}}, {"kj", {4, 3}}}, "ki", constant);
    check("bhqd,bhkd->bhqk", {{"bhqd", {2, 3, 4, 5}}, {"bhkd", {2, 3, 6, 5}}}, "bhqk", constant);
    check("bqhd,bkhd->bhqk", {{"bqhd", {2, 4, 3, 5}}, {"bkhd", {2, 6, 3, 5}}}, "bhqk", constant);
    check("bsd,dnh->bsnh", {{"bsd", {2, 3, 4}}, {"dnh", {4, 5, 6}}}, "bsnh", constant);
    check("bsnh,nhd->bsd", {{"bsnh", {2, 3, 4, 5}}, {"nhd", {4, 5, 6}}}, "bsd", constant);
    check("i,j->ij", {{"i", {3}}, {"j", {4}}}, "ij", constant);
    check("i,i->", {{"i", {5}}, {"i", {5}}}, "", constant);
    check("bij,bij->b", {{"bij", {2, 3, 4}}, {"bij", {2, 3, 4}}}, "b", constant);
    check("bij,bij->bij", {{"bij", {2, 3, 4}}, {"bij", {2, 3, 4}}}, "bij", constant);
    check("bc,bcs->bs", {{"bc", {2, 3}}, {"bcs", {2, 3, 4}}}, "bs", constant);
    // What only one operand has is summed before.
    check("ijk,jl->il", {{"ijk", {2, 3, 4}}, {"jl", {3, 5}}}, "il", constant);
    check("...ij,...jk->...ik", {{"pqij", {2, 3, 4, 5}}, {"pqjk", {2, 3, 5, 6}}}, "pqik", constant);
    check("...ij,...jk->...ik", {{"qij", {3, 4, 5}}, {"pqjk", {2, 1, 5, 6}}}, "pqik", constant);
    check("...i,i", {{"pqi", {2, 3, 4}}, {"i", {4}}}, "pq", constant);
  }
  check("ij->ji", {{"ij", {2, 3}}}, "ji");
  check("ba", {{"ba", {2, 3}}}, "ab");
  check("ij->j", {{"ij", {2, 3}}}, "j");
  check("...j->...", {{"pj", {2, 3}}}, "p");
  check("i j , j k , k l -> i l", {{"ij", {2, 3}}, {"jk", {3, 4}}, {"kl", {4, 5}}}, "il");
}

TEST(OnnxEinsum, SizesMayBeOpen) {
  OnnxBuilder b(17);
  b.open_input("x", {"n", "2"});
  b.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  b.op("Einsum", {"x", "w"}, {"y"}).set("equation", "bi,io->bo");
  b.output("y");
  const graph::Graph g = b.must_optimize();
  const rt::InputShape shape = {0, {3, 2}};
  rt::SessionOptions options;
  options.input_shapes = {&shape, 1};
  Loaded loaded = must_load(g, options);
  ASSERT_NE(loaded.session, nullptr);
  loaded.set<float>(0, {1, 0, 0, 1, 1, 1});
  loaded.run();
  EXPECT_EQ(loaded.get<float>(), (Floats{1, 2, 3, 4, 5, 6, 5, 7, 9}));
}

TEST(OnnxEinsum, Refuses) {
  const auto refused = [](const char* equation, const std::string& words) {
    OnnxBuilder b(17);
    b.input("x", {2, 2});
    b.input("w", {2, 3});
    b.op("Einsum", {"x", "w"}, {"y"}).set("equation", equation);
    b.output("y");
    const auto g = b.import();
    ASSERT_FALSE(g.ok()) << equation;
    EXPECT_NE(g.status().message().find(words), std::string::npos) << g.status().message();
  };
  refused("ij->ij", "1 terms for 2 inputs");
  refused("ii,ij->j", "a diagonal, 'ii'");
  refused("ijk,ij->j", "'ijk' for 2 axes");
  refused("i,ij->j", "'i' for 2 axes");
  refused("......,ij->j", "two ellipses in '......'");
  refused("i1,ij->j", "'1' in an equation");
  refused("ij,jk->il", "'l' in the result alone");
  refused("ij,kj->ik", "sizes of 2 and 3 for 'j'");
}

}  // namespace
}  // namespace qrt::test
