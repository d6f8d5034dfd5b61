// From a configuration as written to the checked settings of one instance.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/document.hpp>
#include <switchhook/settings.hpp>

namespace switchhook::plugin {

// Checks `given` (a map, or null for no settings) against the declaration. Everything that does not fit becomes a
// problem, and then there are no settings. `place` stands in for nodes without one; `owner` begins each text ("matcher
// sip_host"). Secrets are resolved here; what is odd about where they are kept becomes a warning. No text ever holds a
// secret.
std::optional<Settings> check_settings(const Node& given, const std::string& place, std::span<const Setting> declared,
                                       std::string_view owner, std::vector<Problem>& problems,
                                       std::vector<Problem>& warnings);

// The first thing wrong with a declaration itself, or empty: "setting 'limit' whose ...; what to do". A default is
// parsed as if it stood in the configuration, except that a secret's is not looked up.
std::string declaration_fault(std::span<const Setting> declared);

// "integer", "text list"; "1..10", "500ms..1min", "at least 1", or empty when there are no limits.
std::string_view type_name(SettingType type);
std::string range_text(const Setting& setting);

}  // namespace switchhook::plugin
