#include "src/cli/command_metric.h"

#include <sys/wait.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "src/cli/npy.h"
#include "src/cli/terminal.h"
#include "src/graph/writer.h"

namespace qrt::cli {
namespace {

namespace fs = std::filesystem;
using rt::Code;
using rt::error;

class CommandMetric : public quantize::Metric {
 public:
  CommandMetric(std::string command, std::string folder)
      : command_(std::move(command)), folder_(std::move(folder)) {}
  ~CommandMetric() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  CommandMetric(const CommandMetric&) = delete;
  CommandMetric& operator=(const CommandMetric&) = delete;

  const char* name() const override { return command_.c_str(); }
  quantize::LabelKind label_kind() const override { return quantize::LabelKind::None; }
  bool is_share() const override { return false; }
  std::vector<double> contributions() const override { return {}; }
  std::unique_ptr<Metric> fresh() const override {
    auto metric = make_command_metric(command_);
    return metric.ok() ? std::move(*metric) : nullptr;
  }

  rt::Status add(const std::vector<quantize::RealTensor>& outputs,
                 const quantize::Label& /*label*/) override {
    for (size_t i = 0; i < outputs.size(); ++i) {
      const std::vector<float> values(outputs[i].values.begin(), outputs[i].values.end());
      const std::vector<int64_t> dims(outputs[i].shape.begin(), outputs[i].shape.end());
      QRT_RETURN_IF_ERROR(graph::write_file(
          format("%s/%06zu.%zu.npy", folder_.c_str(), samples_, i),
          format_npy(rt::DType::F32, dims, values.data(), values.size() * sizeof(float))));
    }
    ++samples_;
    return {};
  }

  rt::Result<double> value() const override {
    std::fflush(stdout);
    std::FILE* pipe = popen((command_ + " '" + folder_ + "'").c_str(), "r");
    if (pipe == nullptr) {
      return error(Code::Io, "cannot run '%s': %s", command_.c_str(), std::strerror(errno));
    }
    std::string text(256, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), pipe));
    char rest[256];
    while (std::fread(rest, 1, sizeof rest, pipe) > 0) {
    }
    const int status = pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      return error(Code::InvalidArgument,
                   "the metric '%s', which is run as a command because it is none of qrt's own, "
                   "ended with %d",
                   command_.c_str(), WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end != text.c_str() && std::strspn(end, " \t\r\n") == std::strlen(end) &&
        std::isfinite(value)) {
      return value;
    }
    return error(Code::InvalidArgument, "the metric '%s' should print one number, but printed '%s'",
                 command_.c_str(), printable(text.substr(0, 60)).c_str());
  }

 private:
  std::string command_, folder_;
  size_t samples_ = 0;
};

}  // namespace

rt::Result<std::unique_ptr<quantize::Metric>> make_command_metric(const std::string& command) {
  std::error_code code;
  std::string pattern = (fs::temp_directory_path(code) / "qrt_outputs_XXXXXX").string();
  if (code || mkdtemp(pattern.data()) == nullptr) {
    return error(Code::Io, "cannot make a folder for the outputs, '%s': %s", pattern.c_str(),
                 code ? code.message().c_str() : std::strerror(errno));
  }
  return std::unique_ptr<quantize::Metric>(std::make_unique<CommandMetric>(command, pattern));
}

}  // namespace qrt::cli
