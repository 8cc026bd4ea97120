// Runs the tool `qrt` as a user would, in a folder of its own that goes away with the test.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/graph/graph.h"

namespace qrt::test {

struct Ran {
  int exit_code = -1;  // 128 and more: it crashed
  std::string out, err;
};

// Whether text has the part: for EXPECT_PRED2, whose failure prints both.
bool contains(const std::string& text, const std::string& part);

class CliTest : public ::testing::Test {
 protected:
  CliTest();
  ~CliTest() override;

  // Words as a shell would split them; `environment` comes before the program: "QRT_ISA=scalar".
  // The working folder is the test's.
  Ran qrt(const std::string& arguments, const std::string& environment = "") const;
  // qrt(), which must fail: with this exit code, one sentence on stderr that has every part,
  // nothing on stdout, and no exception trace.
  void expect_failure(const std::string& arguments, int exit_code,
                      const std::vector<std::string>& parts) const;

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& bytes) const;
  std::string read(const std::string& name) const;
  bool exists(const std::string& name) const;
  // Names in the folder, sorted, that a test did not write itself.
  std::vector<std::string> surprises() const;

  void write_model(const std::string& name, const graph::Graph& graph) const;
  // Input "image" s8 [1,2,2,3] at scale 1, zero point -128; output "scores", the probabilities of
  // three classes: the brightest of red, green and blue wins.
  void write_classifier(const std::string& name) const;
  // Inputs "a" and "b", f32 [2,3]; output "sum".
  void write_adder(const std::string& name) const;
  // 24-bit, every pixel of one colour.
  void write_bmp(const std::string& name, int width, int height, int r, int g, int b) const;
  template <class T>
  void write_npy(const std::string& name, const std::string& descr, const std::string& shape,
                 const std::vector<T>& elements) const {
    write(name,
          npy_header(descr, shape) + std::string(reinterpret_cast<const char*>(elements.data()),
                                                 elements.size() * sizeof(T)));
  }
  // Version 1.0; `shape` as Python writes it: "(1, 3)".
  static std::string npy_header(const std::string& descr, const std::string& shape);

 private:
  std::string folder_;
  mutable std::vector<std::string> written_;
};

}  // namespace qrt::test
