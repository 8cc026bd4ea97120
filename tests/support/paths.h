// Where tests find files: known to one source file, so that the others compile alike in every
// folder.
#pragma once

namespace qrt::test {

extern const char* const kSourceDir;   // the project
extern const char* const kTestModels;  // tflite/, onnx/, golden/, images/; may not exist
extern const char* const kCli;         // the tool; empty in a build without it
extern const char* const kCliEmulator;

}  // namespace qrt::test
