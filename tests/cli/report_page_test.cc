// The page of a report: whole in one file, and safe whatever the report holds.
#include "src/cli/report_page.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "tests/support/cli.h"

namespace qrt::cli {
namespace {

using test::contains;

const char kOpen[] = "<script id=\"report\" type=\"application/json\">";

// What stands in the page's script element, as a browser would cut it out.
std::string embedded(const std::string& page) {
  const size_t begin = page.find(kOpen) + sizeof kOpen - 1;
  return page.substr(begin, page.find("</script", begin) - begin);
}

Json read_back(const Json& report) { return Json::parse(embedded(report_page(report))); }

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

TEST(ReportPage, HoldsTheReport) {
  const Json report = {{"model", "a.onnx"},
                       {"size", {{"before", 345152}, {"after", 94376}}},
                       {"operators", {{{"name", "/net/Conv"}, {"us_after", 4.25}}}},
                       {"recipe", {{"seed", 0.12345678901234}}}};
  EXPECT_EQ(read_back(report), report);
}

TEST(ReportPage, NamesCannotLeaveTheirScript) {
  const std::string names[] = {"</script><script>alert(1)</script>",
                               "<!--<script>",
                               "-->]]>",
                               "\"'\\`${x}",
                               "{{report}}{{script}}",
                               "Gr\u00f6\u00dfe \u5c42 \U0001F600 \u2028\u2029",
                               std::string("nul\0, newline\n, bell\a", 19)};
  const std::string plain = report_page({{"model", "m"}});
  for (const std::string& name : names) {
    const Json report = {{"model", name}, {"operators", {{{"name", name}}}}, {name, name}};
    const std::string page = report_page(report);
    EXPECT_EQ(Json::parse(embedded(page)), report) << name;
    for (const char* tag : {"<script", "</script", "<!--", "<"}) {
      EXPECT_EQ(count(page, tag), count(plain, tag)) << name << ": " << tag;
    }
  }
}

TEST(ReportPage, NamesThatAreNotUtf8AreMadeSo) {
  EXPECT_EQ(read_back({{"model", "a\xff"}}).at("model"), "a\xef\xbf\xbd");
}

TEST(ReportPage, FetchesNothing) {
  const std::string page = report_page(Json::object());
  EXPECT_TRUE(contains(page, "default-src 'none'"));
  for (const char* way : {" src=", "href=\"http", "@import", "url(", "<link", "<iframe", "<base"}) {
    EXPECT_FALSE(contains(page, way)) << way;
  }
  EXPECT_TRUE(contains(page, "<style>\n:root {")) << "the styles are in it";
  EXPECT_FALSE(contains(page, "{{")) << "a part is missing";
}

TEST(ReportPage, NamesTheLicenceOfWhatItHolds) {
  const std::string page = report_page(Json::object());
  const bool charts = contains(page, "Chart.js v3");
  EXPECT_EQ(contains(page, "Copyright (c) 2014-2022 Chart.js Contributors"), charts);
  EXPECT_EQ(contains(page, "The above copyright notice and this permission"), charts);
}

TEST(ReportPage, AnythingIsAReport) {
  for (const char* text :
       {"{}", "[]", "null", "3", "\"text\"", R"({"tensors": 3, "weights": {}, "operators": null})",
        R"({"tensors": [null, 4, [], {"histogram": null}, {"histogram": {"counts": [1]}}]})",
        R"({"tensors": [{"histogram": {"low": 0, "width": 1, "counts": [null, "a", {}]}}]})",
        R"({"weights": [null, 7, {"low": [1]}, {"low": [], "high": []},
                        {"low": [null], "high": ["x"], "scales": [{}]}]})"}) {
    EXPECT_TRUE(read_back(Json::parse(text)).is_object()) << text;
  }
}

TEST(ReportPage, NumbersThatJsonLacksAreNull) {
  const Json page = read_back({{"latency", {{"before_us", NAN}, {"after_us", INFINITY}}}});
  EXPECT_TRUE(page["latency"]["before_us"].is_null());
  EXPECT_TRUE(page["latency"]["after_us"].is_null());
}

TEST(ReportPage, RoundsAllButTheRecipe) {
  const Json page =
      read_back({{"latency", {{"after_us", 203.123456789}}}, {"recipe", {{"a", 203.123456789}}}});
  EXPECT_EQ(page["latency"]["after_us"], 203.123);
  EXPECT_EQ(page["recipe"]["a"], 203.123456789);
}

TEST(ReportPage, HistogramsLoseEmptyEndsAndJoinBins) {
  const auto shown = [](Json counts) {
    const Json histogram = {{"low", -8.0}, {"width", 0.5}, {"counts", std::move(counts)}};
    return read_back({{"tensors", {{{"histogram", histogram}}}}})["tensors"][0]["histogram"];
  };
  EXPECT_EQ(shown({0, 0, 7, 0, 1, 0}),
            Json({{"low", -7.0}, {"width", 0.5}, {"counts", {7, 0, 1}}}));
  Json many = Json::array();
  for (int i = 0; i < 2000; ++i) many.push_back(3);
  const Json joined = shown(many);
  EXPECT_EQ(joined["width"], 4.0);
  ASSERT_EQ(joined["counts"].size(), 250u);
  for (const Json& bin : joined["counts"]) EXPECT_EQ(bin, 24);
}

TEST(ReportPage, ManyChannelsShareBars) {
  Json low = Json::array(), high = Json::array(), scales = Json::array();
  for (int i = 0; i < 1280; ++i) {
    low.push_back(-1 - i);
    high.push_back(i);
    scales.push_back(i % 5);
  }
  const Json one = read_back(
      {{"weights",
        {{{"operator", "a"}, {"low", low}, {"high", high}, {"scales", scales}}}}})["weights"][0];
  EXPECT_EQ(one["channels"], 1280);
  EXPECT_EQ(one["pooled"], 5);
  ASSERT_EQ(one["low"].size(), 256u);
  EXPECT_EQ(one["low"][1], -10);
  EXPECT_EQ(one["high"][1], 9);
  EXPECT_EQ(one["scales"][1], 4);
}

TEST(ReportPage, OfAMediumNetworkIsSmall) {
  Json operators = Json::array(), tensors = Json::array(), weights = Json::array();
  for (int at = 0; at < 200; ++at) {
    const std::string name = "/backbone/stage/block/conv." + std::to_string(at) + "/Conv";
    Json counts = Json::array(), low = Json::array(), high = Json::array(), scales = Json::array();
    for (int i = 0; i < 128; ++i) counts.push_back(1000 + 7 * i);
    for (int i = 0; i < 160; ++i) {
      low.push_back(-std::sqrt(i + 1.0 + at));
      high.push_back(std::sqrt(i + 2.0 + at));
      scales.push_back(std::sqrt(i + 2.0 + at) / 127);
    }
    operators.push_back({{"name", name}, {"kind", "Conv2D"}, {"us_after", std::sqrt(at + 2.0)}});
    tensors.push_back({{"name", name},
                       {"sqnr_db", std::sqrt(at + 900.0)},
                       {"histogram", {{"low", -3.2}, {"width", 0.05}, {"counts", counts}}}});
    weights.push_back({{"operator", name}, {"low", low}, {"high", high}, {"scales", scales}});
  }
  const Json report = {{"operators", operators}, {"tensors", tensors}, {"weights", weights}};
  EXPECT_LT(report_page(report).size(), 1200000u);
}

class ReportFile : public test::CliTest {};

TEST_F(ReportFile, IsWholeOrAbsent) {
  const Json report = {{"model", "m"}};
  ASSERT_TRUE(write_report_page(path("out.html"), report).ok());
  EXPECT_EQ(read("out.html"), report_page(report));
  const auto refused = write_report_page(path("nowhere/out.html"), report);
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(contains(refused.message(), "nowhere/out.html")) << refused.message();
}

}  // namespace
}  // namespace qrt::cli
