// run() allocates nothing, nor does a session that returns to shapes it had before: every
// allocation of the process, in whatever library, is counted, on one thread and on two. usage:
// no_allocation MODEL...
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "qrt/qrt.hpp"
#include "tests/support/count_allocations.h"

namespace {

// The number of allocations of three runs, with inputs and outputs in the session's memory or in
// the caller's; -1 if the model does not load.
int run(const char* path, int threads, bool bound) {
  const auto fail = [](const qrt::Status& status) {
    std::fprintf(stderr, "%s\n", status.message());
    return -1;
  };
  auto model = qrt::Model::load_file(path);
  if (!model.ok()) return fail(model.status());
  qrt::SessionOptions options;
  options.threads = threads;
  auto session = qrt::Session::create(*model, options);
  if (!session.ok()) return fail(session.status());
  std::vector<std::vector<unsigned char>> buffers;
  for (size_t i = 0; i < session->inputs(); ++i) {
    const size_t bytes = session->input_info(i).bytes;
    buffers.emplace_back(bytes, 0x11);
    if (bound) {
      const qrt::Status status = session->bind_input(i, buffers.back().data(), bytes);
      if (!status.ok()) return fail(status);
    } else {
      std::memset(session->input<void>(i), 0x11, bytes);
    }
  }
  for (size_t i = 0; i < session->outputs() && bound; ++i) {
    const size_t bytes = session->output_info(i).bytes;
    buffers.emplace_back(bytes);
    const qrt::Status status = session->bind_output(i, buffers.back().data(), bytes);
    if (!status.ok()) return fail(status);
  }
  bool ok = true;
  allocations = 0;
  counting = true;
  for (int i = 0; i < 3; ++i) ok = session->run().ok() && ok;
  counting = false;
  return ok ? allocations.load() : -1;
}

// Float layers in XNNPACK of 2022 allocate whenever their batch changes.
bool uses_library(const qrt::Session& session) {
  for (size_t i = 0; i < session.operators(); ++i) {
    if (std::strstr(session.operator_info(i).kernel, "__xnnpack") != nullptr) return true;
  }
  return false;
}

// Goes to and fro between two batches of input 0: the number of allocations once it has had both,
// or -1 if the model has no other batch than its own.
int resize(const char* path, int threads) {
  auto model = qrt::Model::load_file(path);
  if (!model.ok()) return -1;
  qrt::SessionOptions options;
  options.threads = threads;
  auto session = qrt::Session::create(*model, options);
  if (session.ok() && uses_library(*session)) {
    qrt::ProgramOptions scalar;
    scalar.isa = "scalar";
    auto program = qrt::Program::create(*model, scalar);
    if (!program.ok()) return -1;
    session = qrt::Session::create(*program, options);
  }
  if (!session.ok() || session->inputs() == 0) return -1;
  const qrt::TensorInfo info = session->input_info(0);
  std::vector<int32_t> dims(info.dims, info.dims + info.rank);
  if (dims.empty()) return -1;
  const int32_t batch = dims[0];
  bool ok = true;
  const auto go_to = [&](int32_t rows) {
    dims[0] = rows;
    qrt_input_shape shape = {0, info.rank, {}};
    std::copy(dims.begin(), dims.end(), shape.dims);
    const bool resized = session->resize_inputs(&shape, 1).ok();
    ok = resized && session->run().ok() && ok;
    return resized;
  };
  if (!go_to(batch + 2) || !go_to(batch)) return -1;
  allocations = 0;
  counting = true;
  for (int i = 0; i < 2; ++i) {
    go_to(batch + 2);
    go_to(batch);
  }
  counting = false;
  return ok ? allocations.load() : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // The counter counts: else it would prove nothing.
  counting = true;
  void* volatile probe = std::malloc(10);
  std::free(probe);
  counting = false;
  bool ok = allocations == 1;
  if (!ok) std::fprintf(stderr, "allocations are not counted\n");
  int resized = 0;
  for (int i = 1; i < argc; ++i) {
    for (int threads = 1; threads <= 2; ++threads) {
      for (bool bound : {false, true}) {
        const int count = run(argv[i], threads, bound);
        std::printf("%s, %d thread(s)%s: %d allocations\n", argv[i], threads,
                    bound ? ", bound" : "", count);
        ok = ok && count == 0;
      }
      const int count = resize(argv[i], threads);
      if (count < 0) continue;
      ++resized;
      std::printf("%s, %d thread(s), resized: %d allocations\n", argv[i], threads, count);
      ok = ok && count == 0;
    }
  }
  if (resized == 0) std::fprintf(stderr, "no model has another batch than its own\n");
  ok = ok && resized > 0;
  return ok ? 0 : 1;
}
