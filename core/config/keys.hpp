// The declaration of every key that the core knows. From this one table come the check for unknown keys and wrong
// types, config/schema.json, `check --show`, and the test that config/switchhook.yaml comments every key.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/settings.hpp>

namespace switchhook::config {

enum class Shape : std::uint8_t {
    value = 1,  // `type` says of what
    section,    // a map of declared keys
    list,       // of sections or instances, declared as path + "[]"
    instance,   // a map with `use` (declared as path + ".use") and settings that the plugin declares
    foreign,    // a key of the reference that means nothing here: ignored with a notice, whatever it holds
};

// Plain data with static lifetime. `path` has "[]" for the entries of a list and "*" for keys that the user chooses.
struct Key {
    std::string_view path;
    Shape shape = Shape::section;
    const char* help = "";
    SettingType type = SettingType::text;  // of a value
    const char* fallback = nullptr;        // as one would write it in YAML; nullptr: nothing
    std::string_view variable = {};        // of the environment; empty: none
    std::int64_t min = 0;                  // integer: the number; duration: ms; bytes: bytes
    std::int64_t max = INT64_MAX;
    std::span<const std::string_view> choices = {};  // empty: free
    bool required = false;                           // in every entry of its list
    bool several = false;                            // of a secret: a list of them is fine too
};

// In the order in which people read them; a section stands before its keys.
std::span<const Key> keys();

// The declaration of a path such as "sip.hooks[].url" or "livekit.keys.APIabc"; nullptr when there is none.
const Key* find_key(std::string_view path);

// The keys directly inside that section ("" is the whole file, "sip.hooks[]" an entry of that list), in order.
std::vector<const Key*> keys_inside(std::string_view section);

// "sip" and "hooks" make "sip.hooks"; the path of the whole file is empty.
std::string joined(std::string_view path, std::string_view key);

// "url" of "sip.hooks[].url".
std::string_view last_word(std::string_view path);

}  // namespace switchhook::config
