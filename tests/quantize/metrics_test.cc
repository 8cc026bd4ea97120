// Metrics against numbers that were worked out by hand, and what they refuse.
#include "src/quantize/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "src/quantize/interval.h"

namespace qrt::quantize {
namespace {

RealTensor tensor(rt::Shape shape, std::vector<double> values) {
  return {shape, std::move(values)};
}

Label number(int64_t n) {
  Label label;
  label.number = n;
  return label;
}

double value_of(const Metric& metric) {
  const auto value = metric.value();
  EXPECT_TRUE(value.ok()) << value.status().message();
  return value.ok() ? *value : NAN;
}

// What every metric promises of its contributions.
void expect_mean(const Metric& metric, size_t samples) {
  const std::vector<double> all = metric.contributions();
  ASSERT_EQ(all.size(), samples);
  const double sum = std::accumulate(all.begin(), all.end(), 0.0);
  EXPECT_NEAR(sum / static_cast<double>(samples), value_of(metric), 1e-12);
}

void expect_refused(Metric& metric, const std::vector<RealTensor>& outputs, const Label& label,
                    const char* part) {
  const rt::Status status = metric.add(outputs, label);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
}

TEST(Metrics, EveryNameMakesAMetricThatKnowsItsName) {
  for (const std::string& name : metric_names()) {
    const auto metric = make_metric(name, {});
    ASSERT_NE(metric, nullptr);
    EXPECT_EQ(metric->name(), name);
    EXPECT_EQ(metric->fresh()->name(), name);
    EXPECT_FALSE(metric->value().ok()) << "without samples";
  }
  EXPECT_EQ(make_metric("top2", {}), nullptr);
}

TEST(Metrics, Top1CountsTheHighestScoreAndOfEqualOnesTheFirst) {
  const auto top1 = make_metric("top1", {});
  const rt::Shape shape{1, 4};
  ASSERT_TRUE(top1->add({tensor(shape, {1, 5, 2, 3})}, number(1)).ok());
  ASSERT_TRUE(top1->add({tensor(shape, {1, 5, 5, 3})}, number(2)).ok());  // the first wins
  ASSERT_TRUE(top1->add({tensor(shape, {1, 5, 5, 3})}, number(1)).ok());
  ASSERT_TRUE(top1->add({tensor(shape, {NAN, 0, 0, 0})}, number(0)).ok());  // never the best
  EXPECT_EQ(top1->contributions(), (std::vector<double>{1, 0, 1, 0}));
  EXPECT_EQ(value_of(*top1), 0.5);
  expect_refused(*top1, {tensor(shape, {1, 2, 3, 4})}, number(4), "class 4, the output has 4");
  expect_refused(*top1, {tensor(shape, {1, 2, 3, 4})}, number(-1), "class -1");
  expect_refused(*top1, {tensor({2, 2}, {1, 2, 3, 4})}, number(0), "2x2");
  expect_refused(*top1, {}, number(0), "the model has 0");
}

TEST(Metrics, Top5LooksAtFiveAndAtTheOutputThatIsWanted) {
  MetricOptions options;
  options.output = 1;
  const auto top5 = make_metric("top5", options);
  const RealTensor other = tensor({1}, {0});
  const RealTensor scores = tensor({1, 7}, {7, 6, 5, 4, 3, 2, 1});
  for (int64_t label = 0; label < 7; ++label) {
    ASSERT_TRUE(top5->add({other, scores}, number(label)).ok());
  }
  EXPECT_EQ(top5->contributions(), (std::vector<double>{1, 1, 1, 1, 1, 0, 0}));
}

TEST(Metrics, MseIsTheMeanOverSamplesAndWantsEqualSizes) {
  const auto mse = make_metric("mse", {});
  EXPECT_FALSE(mse->higher_is_better());
  Label label;
  label.expected = {tensor({2}, {1, 2}), tensor({1}, {3})};
  ASSERT_TRUE(mse->add({tensor({2}, {1, 4}), tensor({1}, {2})}, label).ok());
  ASSERT_TRUE(mse->add(label.expected, label).ok());
  EXPECT_NEAR(value_of(*mse), 5.0 / 3 / 2, 1e-15);
  expect_mean(*mse, 2);
  expect_refused(*mse, {tensor({2}, {1, 4})}, label, "2 outputs are expected, the model has 1");
  expect_refused(*mse, {tensor({3}, {1, 4, 5}), tensor({1}, {2})}, label, "3, 2 is expected");
}

// The area is the share of pairs (positive, negative) in the right order, equal ones a half.
TEST(Metrics, AucIsTheShareOfOrderedPairs) {
  const auto auc = make_metric("auc", {});
  const double scores[] = {0.1, 0.4, 0.4, 0.8, 0.35};
  const int64_t labels[] = {0, 0, 1, 1, 1};
  for (size_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(auc->add({tensor({1}, {scores[i]})}, number(labels[i])).ok());
  }
  EXPECT_NEAR(value_of(*auc), (2 + 1.5 + 1) / 6, 1e-15);
  expect_mean(*auc, 5);
  expect_refused(*auc, {tensor({1}, {0})}, number(2), "0 and 1, not 2");
  expect_refused(*auc, {tensor({3}, {0, 1, 2})}, number(1), "one score");
  expect_refused(*auc, {tensor({1}, {NAN})}, number(1), "not a number");
  const auto one_class = auc->fresh();
  ASSERT_TRUE(one_class->add({tensor({1, 2}, {0, 1})}, number(1)).ok());
  EXPECT_NE(one_class->value().status().message().find("both labels"), std::string::npos);
}

TEST(Metrics, CerReadsCtcGreedily) {
  MetricOptions options;
  options.alphabet = {"a", "b", "ä"};
  const auto steps = [](const std::vector<size_t>& best, size_t classes, rt::Shape shape) {
    RealTensor output = tensor(shape, std::vector<double>(best.size() * classes));
    for (size_t t = 0; t < best.size(); ++t) output.values[t * classes + best[t]] = 1;
    return output;
  };
  // Repeated classes are one character unless a blank stands between.
  EXPECT_EQ(*ctc_text(steps({0, 1, 1, 0, 1, 3, 3, 2}, 4, {1, 8, 4}), options), "aaäb");
  // One class more than the alphabet and the blank is a space.
  EXPECT_EQ(*ctc_text(steps({1, 4, 2}, 5, {3, 1, 5}), options), "a b");
  options.blank = 3;
  EXPECT_EQ(*ctc_text(steps({0, 3, 0, 2}, 4, {4, 4}), options), "aaä");
  EXPECT_FALSE(ctc_text(steps({0, 1}, 6, {2, 6}), options).ok());
  EXPECT_FALSE(ctc_text(tensor({4}, {1, 2, 3, 4}), options).ok());
  options.blank = 4;
  EXPECT_FALSE(ctc_text(steps({0}, 4, {1, 4}), options).ok());

  options.blank = 0;
  const auto cer = make_metric("cer", options);
  Label label;
  label.text = "aäb";
  ASSERT_TRUE(cer->add({steps({1, 2}, 4, {2, 4})}, label).ok());  // "ab": one of three is missing
  label.text = "b";
  ASSERT_TRUE(cer->add({steps({2}, 4, {1, 4})}, label).ok());
  EXPECT_NEAR(value_of(*cer), 1.0 / 4, 1e-15);
  expect_mean(*cer, 2);
  const auto empty = cer->fresh();
  label.text = "";
  ASSERT_TRUE(empty->add({steps({2}, 4, {1, 4})}, label).ok());
  EXPECT_NE(empty->value().status().message().find("empty"), std::string::npos);
}

TEST(Metrics, EditDistanceCountsCharactersAndNotBytes) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("größe", "große"), 1u);
  EXPECT_EQ(edit_distance("ö", "ü"), 1u);
  EXPECT_EQ(code_points("größe"), 5u);
}

TEST(Metrics, MiouIsTheMeanOverClassesThatAppear) {
  const auto miou = make_metric("miou", {});
  Label label;
  label.expected = {tensor({2, 2}, {0, 0, 1, 255})};
  // Class numbers: pixel 1 is wrong, pixel 3 does not count. Class 0: 1 of 2; class 1: 1 of 2.
  ASSERT_TRUE(miou->add({tensor({1, 2, 2, 1}, {0, 1, 1, 7})}, label).ok());
  EXPECT_NEAR(value_of(*miou), 0.5, 1e-15);
  // Scores, classes last and first: all right. Class 0: 3 of 4; class 1: 2 of 3; then 5 of 6, 3
  // of 4.
  ASSERT_TRUE(miou->add({tensor({1, 2, 2, 3}, {9, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9})}, label).ok());
  EXPECT_NEAR(value_of(*miou), (3.0 / 4 + 2.0 / 3) / 2, 1e-15);
  ASSERT_TRUE(miou->add({tensor({1, 3, 2, 2}, {9, 9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9})}, label).ok());
  EXPECT_NEAR(value_of(*miou), (5.0 / 6 + 3.0 / 4) / 2, 1e-15);
  expect_mean(*miou, 3);
  expect_refused(*miou, {tensor({1, 3, 3, 2}, std::vector<double>(18))}, label, "2x2");
}

TEST(Interval, StudentsTIsThatOfTheTables) {
  EXPECT_NEAR(student_t975(1), 12.706, 1e-3);
  EXPECT_NEAR(student_t975(11), 2.2010, 1e-4);
  EXPECT_NEAR(student_t975(30), 2.0423, 1e-4);
  EXPECT_NEAR(student_t975(1000000), 1.95997, 1e-5);
}

TEST(Interval, OfMeansIsStudents) {
  const std::vector<double> a = {0, 0, 0, 0}, b = {1, 2, 3, 6};
  const Interval95 d = paired_difference(a, b);
  EXPECT_EQ(d.value, 3);
  // Standard deviation sqrt(14 / 3), t of 3 degrees.
  const double half = 3.1824 * std::sqrt(14.0 / 3 / 4);
  EXPECT_NEAR(d.low, 3 - half, 1e-9);
  EXPECT_NEAR(d.high, 3 + half, 1e-9);
  EXPECT_TRUE(std::isnan(paired_difference({1.5}, {2.5}).low));
  EXPECT_TRUE(std::isnan(paired_difference({}, {}).value));
}

// Agresti and Min: half a sample more in each of the four cells.
TEST(Interval, OfSharesHoldsAlsoWhereTwoModelsAgree) {
  std::vector<double> a(98, 1);
  const Interval95 same = paired_difference(a, a);
  EXPECT_EQ(same.value, 0);
  EXPECT_NEAR(same.high, 1.959964 / 100, 1e-7);
  EXPECT_NEAR(same.low, -same.high, 1e-12);
  std::vector<double> b = a;
  for (size_t i = 0; i < 4; ++i) b[i] = 0;
  const Interval95 worse = paired_difference(a, b);
  EXPECT_NEAR(worse.value, -4.0 / 98, 1e-15);
  const double half = 1.959964 * std::sqrt(5 - 16.0 / 100) / 100;
  EXPECT_NEAR(worse.low, -0.04 - half, 1e-7);
  EXPECT_NEAR(worse.high, -0.04 + half, 1e-7);
}

// DeLong's interval of an area: its variance is that of the shares of either class by itself.
TEST(Interval, OfAnAreaHasDeLongsVariance) {
  const auto a = make_metric("auc", {});
  const auto b = make_metric("auc", {});
  const double scores[] = {0.1, 0.4, 0.5, 0.8, 0.35, 0.9}, flat[] = {0, 0, 0, 0, 0, 0};
  const int64_t labels[] = {0, 0, 1, 1, 1, 0};
  for (size_t i = 0; i < 6; ++i) {
    ASSERT_TRUE(a->add({tensor({1}, {flat[i]})}, number(labels[i])).ok());
    ASSERT_TRUE(b->add({tensor({1}, {scores[i]})}, number(labels[i])).ok());
  }
  // Positives 0.5, 0.8, 0.35 are above 2/3, 2/3, 1/3 of the negatives; negatives 0.1, 0.4, 0.9
  // below 1, 2/3, 0 of the positives. Sums of squares 2/27 and 14/27, each over 3 * 3 samples.
  const Interval95 d = paired_difference(a->contributions(), b->contributions());
  EXPECT_NEAR(d.value, 5.0 / 9 - 0.5, 1e-12);
  const double variance = (2.0 / 27 + 14.0 / 27) / 9;
  EXPECT_NEAR((d.high - d.low) / 2, 2.5706 * std::sqrt(variance * 6 / 5), 1e-9);
}

}  // namespace
}  // namespace qrt::quantize
