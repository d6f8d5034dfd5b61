// Settings: the keys that a component declares, and the checked values that it is given.
// The host checks the configuration against the declaration before `create` is called: unknown keys, wrong types,
// values out of range and missing required keys never reach a component.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace switchhook {
inline namespace abi1 {

enum class SettingType : std::uint8_t {
    text = 1,   // min..max in bytes of its length, so that min = 1 means "not empty"; the same for secret and path
    secret,     // text that is never shown; may be written as env:NAME, file:/path or credential:NAME
    path,       // text that names a file or folder
    boolean,    // true or false
    integer,    // decimal, min..max
    duration,   // number with a unit: 500ms, 10s, 5min, 24h, 7d; min..max in milliseconds
    bytes,      // number with an optional unit: 512, 64KiB, 2MiB, 1GiB; min..max in bytes
    text_list,  // a list of text, from the environment a comma list, and so is its default; min..max entries
};

// One key. Plain data with static lifetime, so that a manifest can hold it.
struct Setting {
    const char* key;  // lower_snake_case, unique in its component; `use` is taken
    SettingType type;
    const char* fallback;  // the default as one would write it in YAML, within min..max; nullptr: the key is required
    const char* help;      // one sentence for a person
    std::int64_t min = 0;
    std::int64_t max = INT64_MAX;
};

// The checked values of one instance: every declared key is present, given or default.
// Asking for an undeclared key, or with another type, is a programming fault and throws std::logic_error.
class Settings {
public:
    using Value = std::variant<std::string, bool, std::int64_t, std::chrono::milliseconds, std::vector<std::string>>;

    Settings() = default;
    explicit Settings(std::map<std::string, Value, std::less<>> values) : values_(std::move(values)) {}

    const std::string& text(std::string_view key) const { return get<std::string>(key); }  // text, secret, path
    bool boolean(std::string_view key) const { return get<bool>(key); }
    std::int64_t integer(std::string_view key) const { return get<std::int64_t>(key); }  // integer, bytes
    std::chrono::milliseconds duration(std::string_view key) const { return get<std::chrono::milliseconds>(key); }
    const std::vector<std::string>& list(std::string_view key) const { return get<std::vector<std::string>>(key); }

private:
    template <typename T>
    const T& get(std::string_view key) const {
        const auto found = values_.find(key);
        if (found == values_.end()) throw std::logic_error("setting '" + std::string(key) + "' was not declared");
        if (const T* value = std::get_if<T>(&found->second)) return *value;
        throw std::logic_error("setting '" + std::string(key) + "' was declared with another type");
    }

    std::map<std::string, Value, std::less<>> values_;
};

}  // namespace abi1
}  // namespace switchhook
