// A model whose custom operators only an app has can be checked without them.
#pragma once

#include <string>
#include <vector>

#include "src/model/model.h"
#include "src/runtime/custom_operator.h"

namespace qrt::import {

// One for each name that the model has: it has the shapes that the model declares, 1 for what is
// open, and cannot run.
rt::CustomOperators stand_ins(const rt::Model& model);
// Their names, in the order in which the model has them.
std::vector<std::string> custom_names(const rt::Model& model);

}  // namespace qrt::import
