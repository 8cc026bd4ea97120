// qrt.hpp in a program without exceptions and RTTI, on the shared library, through every function.
// usage: no_exceptions MODEL.qrt, the quantized digit classifier.
#include <array>
#include <cstdio>
#include <cstdlib>

#include "qrt/qrt.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this is to be compiled with -fno-exceptions -fno-rtti"
#endif

namespace {

void must(const qrt::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.message());
  std::exit(1);
}

template <class T>
T must(qrt::Result<T> result) {
  must(result.status());
  return std::move(*result);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  qrt::Model model = must(qrt::Model::load_file(argv[1]));
  const qrt::TensorInfo declared = model.input_info(0);
  const qrt::Program program = must(qrt::Program::create(model));
  qrt::SessionOptions options;
  options.threads = 2;
  options.max_arena_bytes = size_t{64} << 20;
  const size_t needed = must(program.required_arena(options));
  qrt::Session first = must(qrt::Session::create(program, options));
  qrt::Session session = std::move(first);

  static std::array<float, 28 * 28> picture;
  std::array<float, 10> digits = {};
  must(session.set_input(0, picture));
  must(session.run());
  must(session.get_output(0, digits));
  must(session.bind_input(0, picture.data(), sizeof picture));
  must(session.bind_output(0, digits.data(), sizeof digits));
  must(session.run());
  must(session.bind_output(0, nullptr, 0));
  must(session.save_state(nullptr, session.state_bytes()));
  must(session.restore_state(nullptr, session.state_bytes()));
  must(session.resize_inputs(nullptr, 0));
  session.cancel();
  session.reset_state();
  session.set_profiling(true);
  must(session.run());
  float sum = 0;
  for (float digit : digits) sum += digit;
  const bool ok = sum > 0.9f && sum < 1.1f && declared.elements() == picture.size() &&
                  needed == session.memory().arena_bytes && session.operator_info(0).runs == 1 &&
                  !session.resize_input(0, std::array<int32_t, 1>{1}).ok();
  std::printf("%s, %zu threads, %s\n", program.isa(), session.threads(),
              ok ? "as it should" : "no");
  return ok ? 0 : 1;
}
