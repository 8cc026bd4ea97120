// What the importers know, by the names that files have for it, in alphabetical order.
#pragma once

#include <string>
#include <vector>

namespace qrt::import {

std::vector<std::string> supported_onnx();    // "Conv", "com.microsoft.QLinearAdd"
std::vector<std::string> supported_tflite();  // "CONV_2D", "TFLite_Detection_PostProcess"

}  // namespace qrt::import
