// The recipe: a quantization's choices as JSON, written by one run and replayed by another.
#include <fstream>
#include <iterator>

#include "src/cli/quantize_result.h"
#include "src/quantize/words.h"

namespace qrt::cli {
namespace {

using quantize::Switch;
using quantize::Wishes;

struct NamedSwitch {
  const char* name;
  Switch Wishes::*value;
};
constexpr NamedSwitch kSwitches[] = {{"equalize", &Wishes::equalize},
                                     {"bias_correction", &Wishes::correct_bias},
                                     {"round_columns", &Wishes::round_columns}};

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
    const std::string what = "the recipe's '" + key + "'";
    if (key == "scheme") return quantize::read_scheme(what, text, &wishes->scheme);
    if (key == "observer") return quantize::read_observer(what, text, wishes);
    for (const auto& [name, value_of] : kSwitches) {
      if (key == name) return quantize::read_switch(what, text, &(wishes->*value_of));
    }
    return wrong("has '" + key + "', which is not known");
  }

  static rt::Status read_overrides(const Json& list, Wishes* wishes) {
    if (!list.is_array()) return wrong("has no list for 'overrides'");
    for (const Json& row : list) {
      const bool whole = row.is_object() && row.contains("pattern") && row.contains("scheme") &&
                         row["pattern"].is_string() && row["scheme"].is_string();
      if (!whole) return wrong("has an override without a pattern and a scheme");
      quantize::Override override{row["pattern"].get<std::string>(), quantize::Scheme::Float};
      QRT_RETURN_IF_ERROR(quantize::read_scheme(
          "the recipe's 'overrides'", row["scheme"].get<std::string>(), &override.scheme));
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
               {"overrides", Json::array()}};
  for (const auto& [name, value] : kSwitches) json[name] = quantize::switch_name(wishes.*value);
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
