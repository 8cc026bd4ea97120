// A whole program around libqrt: reads a binary greyscale picture (PGM) of the size that the model
// takes, and prints the most probable classes.
//
//   classify digits.qrt picture.pgm
#include <qrt/qrt.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace {

int fail(const std::string& message) {
  std::fprintf(stderr, "classify: %s\n", message.c_str());
  return 1;
}

// Pixels as 0…1, white on black; empty if the file is no binary PGM of eight bits.
std::vector<float> read_pgm(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  size_t width = 0, height = 0;
  int maximum = 0;
  if (!(file >> magic >> width >> height >> maximum) || magic != "P5" || maximum != 255 ||
      width == 0 || height == 0 || width > 4096 || height > 4096) {
    return {};
  }
  file.get();
  std::vector<char> bytes(width * height);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return {};
  std::vector<float> pixels;
  for (char byte : bytes)
    pixels.push_back(static_cast<float>(static_cast<unsigned char>(byte)) / 255);
  return pixels;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail("usage: classify MODEL.qrt PICTURE.pgm");
  auto model = qrt::Model::load_file(argv[1]);
  if (!model.ok()) return fail(model.status().message());
  auto session = qrt::Session::create(*model);
  if (!session.ok()) return fail(session.status().message());

  const std::vector<float> pixels = read_pgm(argv[2]);
  if (pixels.empty()) return fail(std::string(argv[2]) + " is not a binary 8-bit PGM picture");
  if (auto s = session->set_input(0, pixels); !s.ok()) return fail(s.message());
  if (auto s = session->run(); !s.ok()) return fail(s.message());
  std::vector<float> probabilities(session->output_info(0).elements());
  if (auto s = session->get_output(0, probabilities); !s.ok()) return fail(s.message());

  std::vector<size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return probabilities[a] > probabilities[b]; });
  for (size_t i = 0; i < std::min<size_t>(3, order.size()); ++i) {
    std::printf("%zu  %5.1f %%\n", order[i], 100.0 * static_cast<double>(probabilities[order[i]]));
  }
  return 0;
}
