// Operators that the app computes: found by name, given shapes, attributes and scratch, and allowed
// to fail.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/api/api_models.h"

namespace qrt::test {
namespace {

using Attributes = std::vector<std::unique_ptr<fb::AttributeT>>;

std::unique_ptr<fb::AttributeT> attribute(const char* name, std::vector<int64_t> ints,
                                          std::vector<double> floats = {}, const char* text = "") {
  auto result = std::make_unique<fb::AttributeT>();
  result->name = name;
  result->ints = std::move(ints);
  result->floats = std::move(floats);
  result->text = text;
  return result;
}

// y = relu(repeat(x)), repeat being the app's: x [N,3] f32, y as the model declares.
graph::Graph repeater(std::vector<int32_t> declared, Attributes attributes,
                      const char* name = "app.Repeat") {
  graph::Graph g;
  const int x = g.add_tensor("x", rt::DType::F32, {-1, 3});
  const int r = g.add_tensor("r", rt::DType::F32, declared);
  const int y = g.add_tensor("y", rt::DType::F32, declared);
  const int offset = g.add_constant<float>("offset", {1}, {0.5f});
  fb::CustomT custom;
  custom.name = name;
  custom.attributes = std::move(attributes);
  g.add_node("repeat", std::move(custom), {x, graph::kAbsent, offset}, {r});
  fb::UnaryT relu;
  relu.kind = fb::UnaryKind::Abs;
  g.add_node("abs", std::move(relu), {r}, {y});
  g.inputs = {x};
  g.outputs = {y};
  return g;
}

graph::Graph repeater() {
  Attributes attributes;
  attributes.push_back(attribute("times", {2}));
  attributes.push_back(attribute("scale", {}, {2}));
  return repeater({-1, 3}, std::move(attributes));
}

// What the callbacks count, and are told to do.
struct App {
  int shapes = 0, runs = 0;
  const char* fail_run = nullptr;
  int32_t most_rows = 1000;
};

qrt_status repeat_shape(void* user, qrt_custom_node* node) {
  auto* app = static_cast<App*>(user);
  ++app->shapes;
  TensorInfo x;
  if (qrt_custom_input_info(node, 0, &x) != QRT_OK) return QRT_INVALID_MODEL;
  int64_t times = 0;
  if (!qrt_custom_attribute_int(node, "times", &times)) {
    return qrt_custom_fail(node, "lacks the attribute 'times'");
  }
  // Constants are known already, other elements and outputs are not.
  EXPECT_EQ(*static_cast<const float*>(qrt_custom_input_data(node, 2)), 0.5f);
  EXPECT_EQ(qrt_custom_input_data(node, 0), nullptr);
  EXPECT_EQ(qrt_custom_output_data(node, 0), nullptr);
  EXPECT_EQ(qrt_custom_output_info(node, 0, &x), QRT_INVALID_ARGUMENT);
  const int32_t dims[] = {x.dims[0] * static_cast<int32_t>(times), x.dims[1]};
  if (dims[0] > app->most_rows) return qrt_custom_fail(node, "is more than the app can bear");
  qrt_custom_set_scratch_bytes(node, 100);
  return qrt_custom_set_output_shape(node, 0, dims, 2);
}

qrt_status repeat_run(void* user, qrt_custom_node* node) {
  auto* app = static_cast<App*>(user);
  ++app->runs;
  if (app->fail_run != nullptr) {
    return *app->fail_run == '\0' ? 77 : qrt_custom_fail(node, app->fail_run);
  }
  EXPECT_EQ(qrt_custom_input_count(node), 3u);
  EXPECT_EQ(qrt_custom_output_count(node), 1u);
  TensorInfo x, y;
  EXPECT_EQ(qrt_custom_input_info(node, 0, &x), QRT_OK);
  EXPECT_EQ(qrt_custom_input_info(node, 1, &y), QRT_INVALID_ARGUMENT) << "absent";
  EXPECT_EQ(qrt_custom_input_data(node, 1), nullptr);
  EXPECT_EQ(qrt_custom_output_info(node, 0, &y), QRT_OK);
  double scale = 1;
  (void)qrt_custom_attribute_float(node, "scale", &scale);
  auto* scratch = static_cast<unsigned char*>(qrt_custom_scratch(node));
  EXPECT_EQ(scratch != nullptr, app->shapes > 0) << "the shape function asks for it";
  if (scratch != nullptr) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(scratch) % 64, 0u);
    for (int i = 0; i < 100; ++i) scratch[i] = 0xEE;
  }
  const auto* in = static_cast<const float*>(qrt_custom_input_data(node, 0));
  const float offset = *static_cast<const float*>(qrt_custom_input_data(node, 2));
  auto* out = static_cast<float*>(qrt_custom_output_data(node, 0));
  for (size_t i = 0; i < y.elements(); ++i) {
    out[i] = in[i % x.elements()] * static_cast<float>(scale) + offset;
  }
  return QRT_OK;
}

qrt_custom_operator repeat(App* app, const char* name = "app.Repeat") {
  qrt_custom_operator custom = {};
  custom.struct_size = sizeof custom;
  custom.name = name;
  custom.user_data = app;
  custom.shape = repeat_shape;
  custom.run = repeat_run;
  return custom;
}

Result<Session> session_with(const ModelBytes& bytes, const qrt_custom_operator& custom) {
  ProgramOptions options;
  options.custom_operators = &custom;
  options.custom_operator_count = 1;
  return session_of(bytes, options);
}

void expect_answers(Session& session, int32_t rows) {
  std::vector<float> x(static_cast<size_t>(rows) * 3);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) - 3;
  ASSERT_TRUE(session.set_input(0, x).ok());
  const Status status = session.run();
  ASSERT_TRUE(status.ok()) << status.message();
  const TensorInfo y = session.output_info(0);
  ASSERT_EQ(y.dims[0], 2 * rows);
  for (size_t i = 0; i < y.elements(); ++i) {
    EXPECT_EQ(session.output<float>(0)[i], std::abs(2 * x[i % x.size()] + 0.5f)) << i;
  }
}

TEST(CustomOperator, ComputesWhatTheAppSays) {
  App app;
  const ModelBytes bytes(repeater());
  auto session = session_with(bytes, repeat(&app));
  ASSERT_TRUE(session.ok()) << session.status().message();
  EXPECT_GT(app.shapes, 0);
  EXPECT_EQ(app.runs, 0);
  expect_answers(*session, 1);
  ASSERT_TRUE(session->resize_input(0, std::vector<int32_t>{5, 3}).ok());
  expect_answers(*session, 5);
  // Nothing is asked again for a shape that a session remembers.
  const int asked = app.shapes;
  ASSERT_TRUE(session->resize_input(0, std::vector<int32_t>{1, 3}).ok());
  EXPECT_EQ(app.shapes, asked);
  expect_answers(*session, 1);
}

TEST(CustomOperator, HasTheDeclaredShapeWithoutAShapeFunction) {
  App app;
  qrt_custom_operator custom = repeat(&app);
  custom.shape = nullptr;
  const ModelBytes fixed(repeater({2, 3}, {}));
  auto session = session_with(fixed, custom);
  ASSERT_TRUE(session.ok()) << session.status().message();
  ASSERT_TRUE(session->set_input(0, std::vector<float>{1, 2, 3}).ok());
  ASSERT_TRUE(session->run().ok());
  EXPECT_EQ(session->output<float>(0)[5], 3.5f);
  const ModelBytes open(repeater());
  const auto refused = session_with(open, custom);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(std::string(refused.status().message())
                .find("leaves the shape of output 0 open, ?x3, and the operator's shape function "
                      "gives none"),
            std::string::npos)
      << refused.status().message();
}

TEST(CustomOperator, MayFailInARun) {
  App app;
  const ModelBytes bytes(repeater());
  auto session = session_with(bytes, repeat(&app));
  ASSERT_TRUE(session.ok()) << session.status().message();
  app.fail_run = "finds no letters";
  Status status = session->run();
  EXPECT_EQ(status.code(), QRT_OPERATOR_FAILED);
  EXPECT_STREQ(status.message(), "operator 0 'repeat' (Custom.app.Repeat): finds no letters");
  app.fail_run = "";
  status = session->run();
  EXPECT_EQ(status.code(), QRT_OPERATOR_FAILED);
  EXPECT_STREQ(status.message(), "operator 0 'repeat' (Custom.app.Repeat): failed with status 77");
  app.fail_run = nullptr;
  expect_answers(*session, 1);
}

TEST(CustomOperator, MayRefuseAShape) {
  App app;
  const ModelBytes bytes(repeater());
  auto session = session_with(bytes, repeat(&app));
  ASSERT_TRUE(session.ok()) << session.status().message();
  const Status status = session->resize_input(0, std::vector<int32_t>{501, 3});
  EXPECT_EQ(status.code(), QRT_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message(),
               "operator 0 'repeat' (Custom.app.Repeat): is more than the app can bear");
  expect_answers(*session, 1);
  app.most_rows = 0;
  const auto none = session_with(bytes, repeat(&app));
  EXPECT_EQ(none.status().code(), QRT_OPERATOR_FAILED) << none.status().message();
}

TEST(CustomOperator, IsToldWhenTheAppGivesNone) {
  App app;
  const ModelBytes bytes(repeater());
  const std::string expected =
      "model: operator 0 'repeat' (Custom.app.Repeat): the app gives no operator 'app.Repeat'; it "
      "can, by qrt_program_options.custom_operators";
  const auto without = session_of(bytes);
  EXPECT_EQ(without.status().code(), QRT_UNSUPPORTED);
  EXPECT_EQ(without.status().message(), expected);
  const auto other = session_with(bytes, repeat(&app, "app.Repeated"));
  EXPECT_EQ(other.status().message(), expected);
}

TEST(CustomOperator, OptionsAreChecked) {
  App app;
  const ModelBytes bytes(repeater());
  const auto refusal = [&](std::vector<qrt_custom_operator> list) {
    ProgramOptions options;
    options.custom_operators = list.data();
    options.custom_operator_count = list.size();
    const auto session = session_of(bytes, options);
    return session.ok() ? "" : std::string(session.status().message());
  };
  qrt_custom_operator good = repeat(&app), bad = good;
  EXPECT_EQ(refusal({good, repeat(&app, "other")}), "");
  bad.name = nullptr;
  EXPECT_EQ(refusal({bad}), "custom operator 0 lacks a name or its run");
  bad = good;
  bad.run = nullptr;
  EXPECT_EQ(refusal({repeat(&app, "other"), bad}), "custom operator 1 lacks a name or its run");
  EXPECT_EQ(refusal({good, good}), "custom operator 'app.Repeat' is given twice");
  bad = good;
  bad.struct_size = 0;
  EXPECT_EQ(refusal({bad}), "struct_size of the custom operator is not set");
  EXPECT_NE(refusal({good, bad}), "");
  ProgramOptions options;
  options.custom_operator_count = 1;
  EXPECT_EQ(session_of(bytes, options).status().code(), QRT_INVALID_ARGUMENT);
}

// Reads every attribute by every function: which of them found it, and what.
struct Reader {
  std::vector<std::string> found;
  int64_t first = 0;
  double real = 0;
  std::string text;
  std::vector<int64_t> integers;
  std::vector<double> reals;
  size_t bytes = 0;
};

qrt_status read_all(void* user, qrt_custom_node* node) {
  auto* reader = static_cast<Reader*>(user);
  *reader = {};
  for (const char* name : {"i", "b", "f", "s", "is", "fs", "none"}) {
    const char* text = nullptr;
    int64_t integer = 0, integers[2] = {};
    double reals[2] = {};
    size_t count = 0;
    std::string as;
    if (qrt_custom_attribute_int(node, name, &integer)) as += 'i';
    if (qrt_custom_attribute_float(node, name, &reals[0])) as += 'f';
    if (qrt_custom_attribute_string(node, name, &text)) as += 's', reader->text = text;
    if (qrt_custom_attribute_ints(node, name, integers, 2, &count)) as += 'I';
    if (count == 3) reader->integers.assign(integers, integers + 2);
    if (qrt_custom_attribute_floats(node, name, reals, 2, &count)) as += 'F';
    if (count == 3) reader->reals.assign(reals, reals + 2);
    if (std::string(name) == "i") reader->first = integer;
    if (std::string(name) == "f") reader->real = reals[0];
    if (!as.empty()) reader->found.push_back(std::string(name) + ":" + as);
  }
  const void* data = qrt_custom_data(node, &reader->bytes);
  EXPECT_EQ(data != nullptr, reader->bytes > 0);
  return QRT_OK;
}

qrt_custom_operator reading(Reader* reader) {
  qrt_custom_operator custom = {};
  custom.struct_size = sizeof custom;
  custom.name = "app.Repeat";
  custom.user_data = reader;
  custom.shape = custom.run = read_all;
  return custom;
}

TEST(CustomOperator, AttributesHaveTypes) {
  Attributes list;
  list.push_back(attribute("i", {-(int64_t{1} << 40)}));
  list.push_back(attribute("b", {1}));
  list.push_back(attribute("f", {}, {0.25}));
  list.push_back(attribute("s", {}, {}, "text"));
  list.push_back(attribute("is", {7, -8, 9}));
  list.push_back(attribute("fs", {}, {0.5, -1.5, 2.5}));
  graph::Graph graph = repeater({2, 3}, std::move(list));
  graph.nodes[0].options.AsCustom()->data = {1, 2, 3};
  const ModelBytes bytes(graph);
  Reader reader;
  auto session = session_with(bytes, reading(&reader));
  ASSERT_TRUE(session.ok()) << session.status().message();
  ASSERT_TRUE(session->run().ok());
  EXPECT_EQ(reader.found,
            (std::vector<std::string>{"i:ifIF", "b:ifIF", "f:fF", "s:s", "is:IF", "fs:F"}));
  EXPECT_EQ(reader.first, -(int64_t{1} << 40));
  EXPECT_EQ(reader.real, 0.25);
  EXPECT_EQ(reader.text, "text");
  EXPECT_EQ(reader.integers, (std::vector<int64_t>{7, -8}));
  EXPECT_EQ(reader.reals, (std::vector<double>{0.5, -1.5}));
  EXPECT_EQ(reader.bytes, 3u);
}

TEST(CustomOperator, NeedsAName) {
  const ModelBytes bytes(repeater({2, 3}, {}, ""));
  EXPECT_EQ(session_of(bytes).status().code(), QRT_INVALID_MODEL);
}

}  // namespace
}  // namespace qrt::test
