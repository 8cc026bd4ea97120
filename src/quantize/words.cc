#include "src/quantize/words.h"

namespace qrt::quantize {
namespace {

struct SwitchName {
  Switch value;
  const char* name;
};
constexpr SwitchName kSwitches[] = {
    {Switch::Off, "off"}, {Switch::On, "on"}, {Switch::Auto, "auto"}};

rt::Status unknown(const std::string& what, const std::string& word, const std::string& there_are) {
  return {rt::Code::InvalidArgument, what + ": there is no '" + word + "'; there are " + there_are};
}

}  // namespace

const char* switch_name(Switch value) {
  for (const SwitchName& row : kSwitches) {
    if (row.value == value) return row.name;
  }
  return "";
}

rt::Status read_scheme(const std::string& what, const std::string& word, Scheme* scheme) {
  return find_scheme(word, scheme) ? rt::Status() : unknown(what, word, scheme_names());
}

rt::Status read_observer(const std::string& what, const std::string& word, Wishes* wishes) {
  Observer observer;
  wishes->observer.reset();
  if (word == "auto") return {};
  if (!find_observer(word, &observer)) return unknown(what, word, "auto, " + observer_names());
  wishes->observer = observer;
  return {};
}

rt::Status read_switch(const std::string& what, const std::string& word, Switch* value) {
  for (const SwitchName& row : kSwitches) {
    if (word != row.name) continue;
    *value = row.value;
    return {};
  }
  return unknown(what, word, "auto, on, off");
}

}  // namespace qrt::quantize
