// The door: what a library must be like before anything of it is used. Every fault is one text: what is wrong; what to
// do. The file's and the plugin's name are put before it by the catalog.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/plugin.hpp>

namespace switchhook::plugin {

// Who may own a library: root, the user that runs this program, and the owner of its binary.
std::vector<uid_t> trusted_owners();

// A library that strangers could have written would let them run code as this program. Empty: nothing is wrong.
std::string file_fault(mode_t mode, uid_t owner, std::span<const uid_t> trusted);

// What this program was built with.
struct HostSide {
    std::uint16_t sdk_major = SWITCHHOOK_SDK_MAJOR;
    std::uint16_t sdk_minor = SWITCHHOOK_SDK_MINOR;
    std::string_view build = SWITCHHOOK_BUILD;
};

// The first fault of a manifest without its components, or empty. Reads no field that an earlier check has not vouched
// for.
std::string manifest_fault(const Manifest* manifest, const HostSide& host);

// The components of a manifest that has no fault; an older, shorter entry is filled up with what this program assumes.
std::vector<ComponentEntry> components_of(const Manifest& manifest);

// The first fault of a component, or empty; whether its name is taken is the catalog's question.
std::string component_fault(const ComponentEntry& entry);

// Starts with a letter; letters, digits and underscores, all lower case; at most 64 characters.
bool is_lower_snake_case(std::string_view name);

}  // namespace switchhook::plugin
