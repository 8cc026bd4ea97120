#include "tests/support/paths.h"

namespace qrt::test {

const char* const kSourceDir = QRT_SOURCE_DIR;
const char* const kTestModels = QRT_TEST_MODELS;
const char* const kCli = QRT_CLI;
const char* const kCliEmulator = QRT_CLI_EMULATOR;

}  // namespace qrt::test
