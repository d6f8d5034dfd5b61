// A JSON array of objects, as SIP_HOOKS_JSON and AUTH_API_SECRETS_JSON hold one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/document.hpp>

namespace switchhook::config_env {

// `required` are keys that each object must have. The list; every node's place is "$VARIABLE". A fault becomes `Invalid
// VARIABLE format: ...`, without anything of the text but names of keys, and the list is then empty. Values are text,
// true or false, null (not given), or lists of text.
Node json_list(const std::string& variable, const std::string& text, std::span<const std::string_view> required,
               std::vector<Problem>& problems);

}  // namespace switchhook::config_env
