// YAML text to a Document. Built on yaml-cpp's events, not on its nodes: yaml-cpp's tree keeps duplicate keys, ignores
// a second document, loads cyclic aliases and expands alias bombs without a word.
#pragma once

#include <string>
#include <string_view>

#include <switchhook/document.hpp>

namespace switchhook::config_file {

inline constexpr std::size_t kMostBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kMostNodes = 100'000;  // aliases count as often as they are used
inline constexpr std::size_t kDeepest = 64;         // levels of lists and maps

// Never throws for what is in `text`; every fault becomes a problem with its line. Places are "NAME:LINE". After a
// fault that ends the reading the root is null.
Document read_yaml(std::string_view text, const std::string& name);

}  // namespace switchhook::config_file
