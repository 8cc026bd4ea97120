// The recipe: a quantization's choices as JSON, written by one run and replayed by another.
#include <fstream>
#include <iterator>

#include "src/cli/quantize_result.h"

namespace qrt::cli {
namespace {

using quantize::Switch;
using quantize::Wishes;

struct SwitchName {
  Switch value;
  const char* name;
};
constexpr SwitchName kSwitches[] = {
    {Switch::Off, "off"}, {Switch::On, "on"}, {Switch::Auto, "auto"}};

const char* switch_name(Switch value) {
  for (const SwitchName& row : kSwitches) {
    if (row.value == value) return row.name;
  }
  return "";
}

class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  rt::Status read(Wishes* wishes) {
    if (!json_.is_object()) return wrong("is no JSON object");
    for (const auto& [key, value] : json_.items()) QRT_RETURN_IF_ERROR(read(key, value, wishes));
    return {};
  }

 private:
  static rt::Status wrong(const std::string& what) {
    return {rt::Code::InvalidArgument, "the recipe " + what};
  }
  static rt::Status unknown(const std::string& key, const std::string& text,
                            const std::string& there_are) {
    return wrong("has '" + text + "' for '" + key + "'; there are " + there_are);
  }

  static rt::Status read(const std::string& key, const Json& value, Wishes* wishes) {
    if (key == "version") {
      return value == 1 ? rt::Status() : wrong("is of version " + value.dump() + ", not 1");
    }
    if (key == "per_tensor") {
      if (!value.is_boolean()) return wrong("has no true or false for 'per_tensor'");
      wishes->per_tensor = value.get<bool>();
      return {};
    }
    if (key == "overrides") return read_overrides(value, wishes);
    if (!value.is_string()) return wrong("has no text for '" + key + "'");
    const auto text = value.get<std::string>();
    if (key == "scheme") return read_scheme(key, text, &wishes->scheme);
    if (key == "observer") {
      wishes->observer.reset();
      quantize::Observer observer;
      if (text == "auto") return {};
      if (!quantize::find_observer(text, &observer)) {
        return unknown(key, text, "auto, " + quantize::observer_names());
      }
      wishes->observer = observer;
      return {};
    }
    if (key == "equalize") return read_switch(key, text, &wishes->equalize);
    if (key == "bias_correction") return read_switch(key, text, &wishes->correct_bias);
    if (key == "round_columns") return read_switch(key, text, &wishes->round_columns);
    return wrong("has '" + key + "', which is not known");
  }

  static rt::Status read_scheme(const std::string& key, const std::string& text,
                                quantize::Scheme* scheme) {
    if (quantize::find_scheme(text, scheme)) return {};
    return unknown(key, text, quantize::scheme_names());
  }

  static rt::Status read_switch(const std::string& key, const std::string& text, Switch* value) {
    for (const SwitchName& row : kSwitches) {
      if (text != row.name) continue;
      *value = row.value;
      return {};
    }
    return unknown(key, text, "off, on, auto");
  }

  static rt::Status read_overrides(const Json& list, Wishes* wishes) {
    if (!list.is_array()) return wrong("has no list for 'overrides'");
    for (const Json& row : list) {
      const bool whole = row.is_object() && row.contains("pattern") && row.contains("scheme") &&
                         row["pattern"].is_string() && row["scheme"].is_string();
      if (!whole) return wrong("has an override without a pattern and a scheme");
      quantize::Override override{row["pattern"].get<std::string>(), quantize::Scheme::Float};
      QRT_RETURN_IF_ERROR(
          read_scheme("scheme", row["scheme"].get<std::string>(), &override.scheme));
      wishes->overrides.push_back(std::move(override));
    }
    return {};
  }

  const Json& json_;
};

}  // namespace

Json recipe_of(const Wishes& wishes) {
  Json json = {{"version", 1},
               {"scheme", quantize::scheme_name(wishes.scheme)},
               {"per_tensor", wishes.per_tensor},
               {"observer", wishes.observer ? quantize::observer_name(*wishes.observer) : "auto"},
               {"equalize", switch_name(wishes.equalize)},
               {"bias_correction", switch_name(wishes.correct_bias)},
               {"round_columns", switch_name(wishes.round_columns)},
               {"overrides", Json::array()}};
  for (const quantize::Override& override : wishes.overrides) {
    json["overrides"].push_back(
        {{"pattern", override.pattern}, {"scheme", quantize::scheme_name(override.scheme)}});
  }
  return json;
}

rt::Result<Wishes> read_recipe(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return rt::error(rt::Code::Io, "cannot read '%s'", path.c_str());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    return rt::error(rt::Code::InvalidArgument, "%s: the recipe is no JSON", path.c_str());
  }
  Wishes wishes;
  QRT_RETURN_IF_ERROR(Reader(json).read(&wishes).within(path));
  return wishes;
}

}  // namespace qrt::cli
