// What the parts of compile() share: taking declared values out of the merged tree. Values that check_shape has refused
// already are as if they were not given.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.hpp"

namespace switchhook::config {

// Without the blanks around it (ASCII white space).
std::string trimmed(std::string_view text);
std::string lower_case(std::string_view text);

// The given child of a map: null when the map is none, or the key is missing or has no value.
const Node* given(const Node* map, std::string_view key);

// One secret of a list, or the only one, resolved.
struct GivenSecret {
    const Node* node = nullptr;
    std::string text;  // trimmed
};

class Reading {
public:
    Reading(Config& config, std::vector<Problem>& problems) : config_(config), problems_(problems) {}

    Config& config() { return config_; }
    void problem(const Node& at, std::string text) { problems_.push_back({at.place, std::move(text)}); }
    void warning(const Node& at, std::string text) { config_.warnings.push_back({at.place, std::move(text)}); }

    // `section` is the map that holds the last word of `path`.
    std::optional<std::string> text(const Node* section, std::string_view path) const;
    std::vector<std::string> texts(const Node* section, std::string_view path) const;
    std::optional<bool> boolean(const Node* section, std::string_view path) const;
    // Integer, bytes, and durations in milliseconds.
    std::optional<std::int64_t> number(const Node* section, std::string_view path) const;
    // Resolved (env:, file:, credential:). What cannot be resolved is a problem, and `failed` becomes true.
    std::optional<std::string> secret(const Node* node, std::string_view path, bool& failed);

    // One, or a list of them; each is resolved as above.
    std::vector<GivenSecret> secrets(const Node* node, const std::string& path, bool& failed);

    void take(std::string& field, const Node* section, std::string_view path) const {
        if (auto given = text(section, path)) field = std::move(*given);
    }
    void take(milliseconds& field, const Node* section, std::string_view path) const {
        if (const auto given = number(section, path)) field = milliseconds(*given);
    }
    template <typename Number>
    void take_number(Number& field, const Node* section, std::string_view path) const {
        if (const auto given = number(section, path)) field = static_cast<Number>(*given);
    }

private:
    const Node* valid(const Node* section, std::string_view path) const;

    Config& config_;
    std::vector<Problem>& problems_;
};

// The parts, in the order of the reference's checks.
void compile_auth(const Node* auth, Reading& reading);
void compile_sip(const Node& sip, Reading& reading);

// After the hooks and the delivery block: whether each hook's retry profile is one of those known.
void check_hook_retries(std::span<const std::string_view> known, Reading& reading);

}  // namespace switchhook::config
