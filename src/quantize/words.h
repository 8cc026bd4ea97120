// Wishes as people and programs write them: the command line, recipes and the C++ API.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/quantize/scheme.h"

namespace qrt::quantize {

const char* switch_name(Switch value);

// Each sets its part of the wishes, or says what words there are. `what` is what the message calls
// the choice: "--scheme".
rt::Status read_scheme(const std::string& what, const std::string& word, Scheme* scheme);
rt::Status read_observer(const std::string& what, const std::string& word, Wishes* wishes);
rt::Status read_switch(const std::string& what, const std::string& word, Switch* value);

}  // namespace qrt::quantize
