// Models inside of another file, as an app's package holds them: at any offset, with anything
// before and behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/api/api_models.h"

namespace qrt::test {
namespace {

// A file without a name, with a model `offset` bytes from its start.
class Package {
 public:
  Package(const ModelBytes& model, size_t offset, size_t behind) : file_(std::tmpfile()) {
    std::vector<uint8_t> bytes(offset + model.size + behind, 0xEE);
    std::memcpy(bytes.data() + offset, model.memory.get(), model.size);
    EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file_), bytes.size());
    std::fflush(file_);
  }
  ~Package() { std::fclose(file_); }
  Package(const Package&) = delete;
  Package& operator=(const Package&) = delete;
  int fd() const { return fileno(file_); }

 private:
  std::FILE* file_;
};

TEST(Descriptor, LoadsAtAnyOffset) {
  const ModelBytes bytes(doubler());
  for (size_t offset : {0, 1, 4, 8, 16, 17, 4095, 4096, 4112, 70000}) {
    for (size_t behind : {0, 1, 5000}) {
      SCOPED_TRACE(testing::Message() << offset << " before, " << behind << " behind");
      Result<Model> model = Status();
      {
        const Package package(bytes, offset, behind);
        model = Model::load_fd(package.fd(), offset, behind == 0 ? 0 : bytes.size);
        ASSERT_EQ(lseek(package.fd(), 0, SEEK_CUR),
                  static_cast<off_t>(offset + bytes.size + behind))
            << "the position stays";
      }  // closes the descriptor
      ASSERT_TRUE(model.ok()) << model.status().message();
      auto session = Session::create(*model);
      ASSERT_TRUE(session.ok()) << session.status().message();
      session->input<int8_t>(0)[1] = 21;
      ASSERT_TRUE(session->run().ok());
      EXPECT_EQ(session->output<int8_t>(0)[1], 42);
    }
  }
}

TEST(Descriptor, RefusesWhatLiesOutsideOfTheFile) {
  const ModelBytes bytes(doubler());
  const Package package(bytes, 100, 0);
  const uint64_t end = 100 + bytes.size;
  EXPECT_EQ(Model::load_fd(package.fd(), 100, bytes.size + 1).status().code(), QRT_IO_ERROR);
  EXPECT_EQ(Model::load_fd(package.fd(), end + 1, 0).status().code(), QRT_IO_ERROR);
  EXPECT_EQ(Model::load_fd(package.fd(), UINT64_MAX, UINT64_MAX).status().code(), QRT_IO_ERROR);
  EXPECT_EQ(Model::load_fd(package.fd(), 1, UINT64_MAX).status().code(), QRT_IO_ERROR);
  EXPECT_EQ(Model::load_fd(package.fd(), end, 0).status().code(), QRT_INVALID_MODEL) << "empty";
  EXPECT_EQ(Model::load_fd(package.fd(), 0, 0).status().code(), QRT_INVALID_MODEL);
  EXPECT_EQ(Model::load_fd(package.fd(), 100, bytes.size / 2).status().code(), QRT_INVALID_MODEL);
  EXPECT_EQ(Model::load_fd(-1, 0, 0).status().code(), QRT_IO_ERROR);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(Model::load_fd(ends[0], 0, 0).status().code(), QRT_IO_ERROR);
  close(ends[0]);
  close(ends[1]);

  ModelOptions options;
  options.name = "assets/digits";
  const auto refused = Model::load_fd(package.fd(), 0, 0, options);
  EXPECT_EQ(std::string(refused.status().message()).find("assets/digits"), 0u)
      << refused.status().message();
}

}  // namespace
}  // namespace qrt::test
