// The shape of a configuration against the table of keys: unknown keys, wrong kinds, wrong types, values out of range.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <switchhook/document.hpp>
#include <switchhook/result.hpp>

#include "core/config/keys.hpp"

namespace switchhook::config {

// In one list, while a secret is being changed.
constexpr std::size_t kMostSecrets = 10;
// Event names in the max_age of one hook.
constexpr std::size_t kMostMaxAges = 64;

// Appends a problem for everything that does not fit. Settings of instances are left to the plugins that declare them.
// `foreign` receives the paths of the reference's keys that mean nothing here.
void check_shape(const Node& root, std::vector<Problem>& problems, std::vector<std::string>& foreign);

// Whether that node fits the declared value. Never shows a secret.
Status check_value(const Key& key, const Node& node);

// Whether that number (of a duration: milliseconds) is within what the key declares.
Status in_range(const Key& key, std::int64_t number);

// A node that comes from an environment variable: its place is "$NAME".
inline bool from_environment(const Node& node) {
    return node.place.starts_with('$');
}

}  // namespace switchhook::config
