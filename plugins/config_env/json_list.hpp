// A JSON array of objects, as SIP_HOOKS_JSON and AUTH_API_SECRETS_JSON hold one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/document.hpp>

namespace switchhook::config_env {

// What the objects of a list may hold beside texts, null and lists of texts; by key.
struct ObjectKeys {
    std::span<const std::string_view> required{};  // each object must have them, as texts
    std::span<const std::string_view> numbers{};   // whole numbers
    std::span<const std::string_view> maps{};      // objects of texts and whole numbers
};

// The list; every node's place is "$VARIABLE". A fault becomes `Invalid
// VARIABLE format: ...`, without anything of the text but names of keys, and the list is then empty.
Node json_list(const std::string& variable, const std::string& text, const ObjectKeys& keys,
               std::vector<Problem>& problems);

}  // namespace switchhook::config_env
