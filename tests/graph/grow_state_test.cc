// Caches that grow in a session, against the same model with what came before handed over.
#include "src/graph/grow_state.h"

#include <numeric>

#include "tests/support/open_model.h"

namespace qrt::test {
namespace {

using graph::DType;
using graph::Graph;
using graph::KeptState;
using Dims = std::vector<int32_t>;
using Floats = std::vector<float>;

struct Form {
  int32_t added = 1;    // -1: open
  bool turned = false;  // joined with the axes in another order
  bool causal = false;
  bool window = false;  // a mask and positions computed from the sizes
  bool narrow = false;  // sizes as s32
  int32_t heads = 4, groups = 2, depth = 3, width = 5;
};

// y = attention of q over past and new keys and values.
struct Decoder {
  Graph g;
  Form form;
  int q, k, v, past_k, past_v, present_k, present_v;

  explicit Decoder(const Form& f) : form(f) {
    q = input("q", {1, f.heads, f.added, f.depth}, {"", "", "t", ""});
    k = input("k", {1, f.groups, f.added, f.depth}, {"", "", "t", ""});
    v = input("v", {1, f.groups, f.added, f.width}, {"", "", "t", ""});
    past_k = input("past.k", {1, f.groups, -1, f.depth}, {"", "", "past", ""});
    past_v = input("past.v", {1, f.groups, -1, f.width}, {"", "", "past", ""});
    const int mask = f.window ? window() : graph::kAbsent;
    present_k = joined("present.k", past_k, k);
    present_v = joined("present.v", past_v, v);
    fb::AttentionT attention;
    attention.scale = 0.5f;
    attention.causal = f.causal;
    const int y = g.add_tensor("y", DType::F32, {1, f.heads, f.added, f.width});
    std::vector<int> inputs = {q, present_k, present_v};
    if (mask != graph::kAbsent) inputs.push_back(mask);
    g.add_node("attention", attention, inputs, {y});
    g.outputs.push_back(y);
    g.outputs.push_back(present_k);
    g.outputs.push_back(present_v);
  }

  int input(const char* name, Dims shape, std::vector<std::string> dims) {
    const int added = g.add_tensor(name, DType::F32, std::move(shape));
    g.value(added).dim_names = std::move(dims);
    g.inputs.push_back(added);
    return added;
  }
  int transposed(const std::string& name, int from) {
    fb::TransposeT order;
    order.perm = {0, 2, 1, 3};
    Dims shape = g.value(from).shape;
    std::swap(shape[1], shape[2]);
    const int to = g.add_tensor(name, DType::F32, shape);
    g.add_node(name, std::move(order), {from}, {to});
    return to;
  }
  int joined(const std::string& name, int past, int added) {
    Dims shape = g.value(past).shape;
    fb::ConcatT join;
    join.axis = form.turned ? 1 : -2;
    if (!form.turned) {
      const int present = g.add_tensor(name, DType::F32, shape);
      g.add_node(name, join, {past, added}, {present});
      return present;
    }
    std::swap(shape[1], shape[2]);
    const int all = g.add_tensor(name + "/all", DType::F32, shape);
    const int from = transposed(name + "/from", past), more = transposed(name + "/more", added);
    g.add_node(name + "/join", join, {from, more}, {all});
    return transposed(name, all);
  }
  template <class Options>
  int node(const char* name, DType type, Dims shape, Options options, std::vector<int> inputs) {
    const int to = g.add_tensor(name, type, std::move(shape));
    g.add_node(name, std::move(options), std::move(inputs), {to});
    return to;
  }
  DType size_type() const { return form.narrow ? DType::S32 : DType::S64; }
  int number(int64_t n) {
    if (form.narrow) return g.add_constant<int32_t>("n", {1}, {static_cast<int32_t>(n)});
    return g.add_constant<int64_t>("n", {1}, {n});
  }
  int size(int of, int32_t axis) {
    const int all = node("shape", size_type(), {4}, fb::ShapeOfT(), {of});
    fb::SliceT one;
    one.begins = {axis}, one.ends = {axis + 1}, one.strides = {1};
    return node("size", size_type(), {1}, std::move(one), {all});
  }
  int binary(fb::BinaryKind kind, DType type, Dims shape, int a, int b) {
    fb::BinaryT options;
    options.kind = kind;
    return node("binary", type, std::move(shape), std::move(options), {a, b});
  }
  // Row t at position p sees keys p - 2 to p. The positions, in a table of squares, are an output.
  int window() {
    const int before = size(past_k, 2), added = size(q, 2);
    const int end = binary(fb::BinaryKind::Add, size_type(), {1}, before, added);
    const int rows =
        node("rows", size_type(), {form.added}, fb::RangeT(), {before, end, number(1)});
    const int keys = node("keys", size_type(), {-1}, fb::RangeT(), {number(0), end, number(1)});
    fb::ReshapeT column;
    column.shape = {-1, 1};
    const int row = node("row", size_type(), {form.added, 1}, std::move(column), {rows});
    const int distance = binary(fb::BinaryKind::Sub, size_type(), {form.added, -1}, row, keys);
    const int near =
        binary(fb::BinaryKind::Less, DType::Bool, {form.added, -1}, distance, number(3));
    const int seen =
        binary(fb::BinaryKind::GreaterEqual, DType::Bool, {form.added, -1}, distance, number(0));
    // A part of a table that begins at the position.
    std::vector<float> squares(64);
    for (size_t i = 0; i < squares.size(); ++i) squares[i] = static_cast<float>(i * i);
    const int table = g.add_constant<float>("squares", {64}, squares);
    fb::SliceT part;
    part.begins = {0}, part.ends = {0}, part.strides = {1};
    g.outputs.push_back(
        node("positions", DType::F32, {form.added}, std::move(part), {table, before, end}));
    return binary(fb::BinaryKind::And, DType::Bool, {form.added, -1}, near, seen);
  }
};

Floats random_floats(size_t count, unsigned seed) {
  const auto bytes = random_elements(DType::F32, count * sizeof(float), seed);
  Floats floats(count);
  std::memcpy(floats.data(), bytes.data(), bytes.size());
  return floats;
}

void set(rt::Session& session, size_t input, const Floats& floats) {
  ASSERT_EQ(session.input_bytes(input), floats.size() * sizeof(float)) << input;
  if (!floats.empty()) {
    std::memcpy(session.input_data(input), floats.data(), floats.size() * sizeof(float));
  }
}

// Both models, run by the same steps.
struct Both {
  Form form;
  int32_t most;
  Loaded whole, kept;
  Floats past_k, past_v;
  int32_t length = 0;

  Both(const Form& f, int32_t most_places) : form(f), most(most_places) {
    whole = must_load(Decoder(f).g);
    Graph g = Decoder(f).g;
    const rt::Status status =
        graph::grow_states(g, {{"past.k", "present.k", most}, {"past.v", "present.v", most}});
    EXPECT_TRUE(status.ok()) << status.message();
    kept = must_load(g);
  }

  std::vector<Floats> inputs(int32_t added, unsigned seed) const {
    const auto count = [&](int32_t heads, int32_t width) {
      return static_cast<size_t>(heads * added * width);
    };
    return {random_floats(count(form.heads, form.depth), seed),
            random_floats(count(form.groups, form.depth), seed + 1),
            random_floats(count(form.groups, form.width), seed + 2)};
  }
  void resize(rt::Session& session, int32_t added, bool pasts) const {
    std::vector<rt::InputShape> shapes = {{0, {1, form.heads, added, form.depth}},
                                          {1, {1, form.groups, added, form.depth}},
                                          {2, {1, form.groups, added, form.width}}};
    if (pasts) {
      shapes.push_back({3, {1, form.groups, length, form.depth}});
      shapes.push_back({4, {1, form.groups, length, form.width}});
    }
    const rt::Status status = session.resize_inputs({shapes.data(), shapes.size()});
    ASSERT_TRUE(status.ok()) << status.message();
  }
  // `added` more rows in both; the same bits.
  void step(int32_t added, unsigned seed) {
    const std::vector<Floats> in = inputs(added, seed);
    ASSERT_NO_FATAL_FAILURE(resize(*whole.session, added, true));
    for (size_t i = 0; i < 3; ++i) set(*whole.session, i, in[i]);
    set(*whole.session, 3, past_k);
    set(*whole.session, 4, past_v);
    whole.run();
    if (form.added < 0) {
      ASSERT_NO_FATAL_FAILURE(resize(*kept.session, added, false));
    }
    for (size_t i = 0; i < 3; ++i) set(*kept.session, i, in[i]);
    kept.run();
    const size_t outputs = kept.session->outputs();
    ASSERT_EQ(outputs, form.window ? 2u : 1u);
    for (size_t o = 0; o < outputs; ++o) {
      EXPECT_EQ(kept.get<uint8_t>(o), whole.get<uint8_t>(o)) << "output " << o << " at " << length;
    }
    past_k = whole.get<float>(outputs);
    past_v = whole.get<float>(outputs + 1);
    length += added;
  }
  void restart() {
    kept.session->reset_state();
    past_k.clear(), past_v.clear();
    length = 0;
  }
};

std::vector<Form> forms() {
  std::vector<Form> all;
  for (int bits = 0; bits < 16; ++bits) {
    Form form;
    form.turned = (bits & 1) != 0, form.causal = (bits & 2) != 0;
    form.window = (bits & 4) != 0, form.narrow = form.window && (bits & 8) != 0;
    if ((bits & 8) != 0 && !form.window)
      form.heads = form.groups = 3, form.depth = 1, form.width = 2;
    all.push_back(form);
  }
  return all;
}

TEST(GrowState, SameBitsAsWithThePastHandedOver) {
  for (const Form& form : forms()) {
    SCOPED_TRACE(testing::Message() << form.turned << form.causal << form.window << form.narrow);
    Both both(form, 9);
    if (both.kept.session == nullptr) FAIL();
    ASSERT_EQ(both.kept.session->inputs(), 3u);
    for (unsigned i = 0; i < 9; ++i) ASSERT_NO_FATAL_FAILURE(both.step(1, i * 10));
    both.restart();
    for (unsigned i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(both.step(1, 500 + i));
  }
}

TEST(GrowState, APromptFirstAndThenOneByOne) {
  for (Form form : forms()) {
    SCOPED_TRACE(testing::Message() << form.turned << form.causal << form.window << form.narrow);
    form.added = -1;
    Both both(form, 17);
    if (both.kept.session == nullptr) FAIL();
    for (const int32_t added : {5, 1, 1, 3, 1, 6}) ASSERT_NO_FATAL_FAILURE(both.step(added, 7));
    EXPECT_EQ(both.length, 17);
  }
}

TEST(GrowState, ARunBeyondTheBoundChangesNothing) {
  Form form;
  form.window = true;
  Both both(form, 3);
  for (unsigned i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(both.step(1, i));
  rt::Session& session = *both.kept.session;
  std::vector<uint8_t> before(session.state_bytes()), after(session.state_bytes());
  ASSERT_TRUE(session.save_state(before.data(), before.size()).ok());
  for (int i = 0; i < 2; ++i) {
    const rt::Status status = session.run();
    EXPECT_EQ(status.code(), rt::Code::InvalidArgument);
    EXPECT_NE(status.message().find("is 4, there is room for 3 at most"), std::string::npos)
        << status.message();
    EXPECT_NE(status.message().find("past.k"), std::string::npos) << status.message();
  }
  ASSERT_TRUE(session.save_state(after.data(), after.size()).ok());
  EXPECT_EQ(before, after);
  both.restart();
  for (unsigned i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(both.step(1, 40 + i));
}

TEST(GrowState, SavedAndRestoredWithItsLength) {
  Both both(Form(), 8);
  for (unsigned i = 0; i < 4; ++i) ASSERT_NO_FATAL_FAILURE(both.step(1, i));
  rt::Session& session = *both.kept.session;
  std::vector<uint8_t> saved(session.state_bytes());
  ASSERT_TRUE(session.save_state(saved.data(), saved.size()).ok());
  const Floats past_k = both.past_k, past_v = both.past_v;
  for (unsigned i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(both.step(1, 90 + i));
  ASSERT_TRUE(session.restore_state(saved.data(), saved.size()).ok());
  both.past_k = past_k, both.past_v = past_v, both.length = 4;
  for (unsigned i = 0; i < 4; ++i) ASSERT_NO_FATAL_FAILURE(both.step(1, 70 + i));
}

// Whatever a saved state claims, nothing outside of the cache is touched.
TEST(GrowState, AnImpossibleLengthIsRefusedByTheRun) {
  Both both(Form(), 4);
  rt::Session& session = *both.kept.session;
  std::vector<uint8_t> state(session.state_bytes());
  for (const int64_t length : {int64_t{-1}, int64_t{4}, int64_t{1} << 40, INT64_MIN}) {
    ASSERT_TRUE(session.save_state(state.data(), state.size()).ok());
    // The length is the last variable.
    std::memcpy(state.data() + state.size() - sizeof length, &length, sizeof length);
    ASSERT_TRUE(session.restore_state(state.data(), state.size()).ok());
    EXPECT_EQ(session.run().code(), rt::Code::InvalidArgument) << length;
  }
  session.reset_state();
  ASSERT_NO_FATAL_FAILURE(both.step(1, 1));
}

TEST(GrowState, Refuses) {
  const auto refused = [](Graph g, const KeptState& state, const std::string& words) {
    const rt::Status status = graph::grow_states(g, {state});
    ASSERT_FALSE(status.ok()) << words;
    EXPECT_NE(status.message().find(words), std::string::npos) << status.message();
  };
  Form form;
  refused(Decoder(form).g, {"q", "present.k", 8},
          "'q' is 1x4x1x3: a state that grows has one open");
  refused(Decoder(form).g, {"past.k", "y", 8}, "'y' is not 'past.k' with something behind it");
  refused(Decoder(form).g, {"past.k", "present.v", 8},
          "'present.v' is not 'past.k' with something");
  // The values still come from the caller.
  refused(Decoder(form).g, {"past.k", "present.k", 8}, "present.v");
  {
    Decoder d(form);
    d.g.value(d.past_k).shape[0] = -1;
    refused(d.g, {"past.k", "present.k", 8}, "--shape fixes others");
  }
  const auto both = [](Graph g, const std::string& words) {
    const rt::Status status =
        graph::grow_states(g, {{"past.k", "present.k", 8}, {"past.v", "present.v", 8}});
    ASSERT_FALSE(status.ok()) << words;
    EXPECT_NE(status.message().find(words), std::string::npos) << status.message();
  };
  const auto softmax = [](bool kept) {
    Decoder d{Form()};
    fb::MatMulT product;
    product.transpose_b = true;
    d.form.groups = d.form.heads;
    const int scores = d.node("scores", DType::F32, {1, 2, 1, -1}, product, {d.k, d.present_k});
    if (kept) {
      d.g.outputs.push_back(scores);
    } else {
      d.g.outputs.push_back(d.node("softmax", DType::F32, {1, 2, 1, -1}, fb::SoftmaxT(), {scores}));
    }
    return d.g;
  };
  both(softmax(false), "'softmax' (Softmax) reads 'scores' of 1x2x1x");
  both(softmax(true), "output 'scores' is 1x2x1x");
  Form large;
  large.added = 9;
  refused(Decoder(large).g, {"past.k", "present.k", 8},
          "'past.k' grows by 9 at a time, to 8 at most");
}

}  // namespace
}  // namespace qrt::test
