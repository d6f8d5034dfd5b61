#include "core/plugin/door.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "core/plugin/settings_check.hpp"

namespace switchhook::plugin {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestText = 1024;
constexpr std::size_t kMostComponents = 256;
constexpr std::size_t kMostSettings = 256;

// What SDK 1.0 had. New fields come behind, and a library of an older minor has them not.
constexpr std::size_t kSmallestManifest = offsetof(Manifest, components_count) + sizeof(Manifest::components_count);
constexpr std::size_t kSmallestEntry = offsetof(ComponentEntry, destroy) + sizeof(ComponentEntry::destroy);

// The text when it is there and not absurdly long (an unterminated one, most likely).
std::string_view bounded(const char* text) {
    if (text == nullptr) return {};
    const std::size_t length = ::strnlen(text, kLongestText + 1);
    return length > kLongestText ? std::string_view{} : std::string_view(text, length);
}

std::string octal(mode_t mode) {
    char text[16];
    std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777U));
    return text;
}

std::string version(unsigned major, unsigned minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

}  // namespace

std::vector<uid_t> trusted_owners() {
    std::vector<uid_t> owners{0, ::geteuid()};
    struct stat facts {};
    if (::stat("/proc/self/exe", &facts) == 0) owners.push_back(facts.st_uid);
    return owners;
}

std::string file_fault(mode_t mode, uid_t owner, std::span<const uid_t> trusted) {
    if (!S_ISREG(mode)) return "is not a regular file; name a library (*.so) or a folder of libraries";
    if (std::find(trusted.begin(), trusted.end(), owner) == trusted.end())
        return "belongs to user " + std::to_string(owner) +
               ", who could make this program run anything; chown it to root or to the user that runs switchhook";
    if ((mode & (S_IWGRP | S_IWOTH)) != 0)
        return "can be written by its group or by others (mode " + octal(mode) + "); run chmod go-w on it";
    return {};
}

bool is_lower_snake_case(std::string_view name) {
    const auto is_letter = [](char each) { return each >= 'a' && each <= 'z'; };
    if (name.empty() || name.size() > kLongestName || !is_letter(name.front())) return false;
    return std::all_of(name.begin(), name.end(),
                       [&](char each) { return is_letter(each) || (each >= '0' && each <= '9') || each == '_'; });
}

std::string manifest_fault(const Manifest* manifest, const HostSide& host) {
    if (manifest == nullptr)
        return "returned no manifest; return the address of one, as SWITCHHOOK_PLUGIN does, and build it again";
    if (manifest->size < kSmallestManifest)
        return "has a manifest of " + std::to_string(manifest->size) + " bytes where at least " +
               std::to_string(kSmallestManifest) + " are needed; build it with the headers of this SDK";
    if (manifest->sdk_major != host.sdk_major || manifest->sdk_minor > host.sdk_minor)
        return "was built for SDK " + version(manifest->sdk_major, manifest->sdk_minor) + ", this program has SDK " +
               version(host.sdk_major, host.sdk_minor) +
               (manifest->sdk_major == host.sdk_major ? "; update switchhook, or build the plugin with the older SDK"
                                                      : "; build the plugin with this program's SDK");
    const std::string_view build = bounded(manifest->build);
    if (build != host.build)
        return "was built otherwise than this program: its build is '" + std::string(build) + "', ours is '" +
               std::string(host.build) + "'; build it with the same compiler, library and sanitizer settings";
    const std::string_view name = bounded(manifest->name);
    if (!is_lower_snake_case(name))
        return name.empty()
                   ? "has no name; give SWITCHHOOK_PLUGIN one in lower_snake_case"
                   : "has the name '" + std::string(name) + "'; names are lower_snake_case, at most 64 characters";
    if (bounded(manifest->version).empty()) return "has no version; give SWITCHHOOK_PLUGIN one, such as \"1.0.0\"";
    if (manifest->components == nullptr || manifest->components_count == 0)
        return "has no components; name at least one in its SWITCHHOOK_PLUGIN line";
    if (manifest->components_count > kMostComponents)
        return "has " + std::to_string(manifest->components_count) + " components, more than " +
               std::to_string(kMostComponents) + "; divide it into several libraries";
    const std::uint32_t entry = manifest->components->size;
    if (entry < kSmallestEntry || entry % alignof(ComponentEntry) != 0)
        return "has component entries of " + std::to_string(entry) + " bytes where at least " +
               std::to_string(kSmallestEntry) + " are needed; build it with the headers of this SDK";
    return {};
}

std::vector<ComponentEntry> components_of(const Manifest& manifest) {
    const std::size_t stride = manifest.components->size;
    const auto* const first = reinterpret_cast<const std::byte*>(manifest.components);
    std::vector<ComponentEntry> entries(manifest.components_count);
    for (std::size_t i = 0; i < entries.size(); ++i)
        std::memcpy(static_cast<void*>(&entries[i]), first + i * stride, std::min(stride, sizeof(ComponentEntry)));
    return entries;
}

std::string component_fault(const ComponentEntry& entry) {
    const std::string_view name = bounded(entry.name);
    if (name.empty()) return "has a component without a name; give it one in lower_snake_case";
    const std::string component = "component '" + std::string(name) + "'";
    if (!is_lower_snake_case(name)) return component + " has a name that is not lower_snake_case; rename it";
    if (entry.contract < Contract::config_source || entry.contract > Contract::call_control)
        return component + " implements contract number " + std::to_string(static_cast<unsigned>(entry.contract)) +
               ", which this program does not know; update switchhook, or build the plugin with its SDK";
    if (bounded(entry.summary).empty()) return component + " has no summary; say in one sentence what it does";
    if (entry.create == nullptr || entry.destroy == nullptr)
        return component + " has no " + (entry.create == nullptr ? "create" : "destroy") +
               " function; declare it with switchhook::component<T>(...)";
    if ((entry.settings == nullptr && entry.settings_count != 0) || entry.settings_count > kMostSettings)
        return component + " says that it has " + std::to_string(entry.settings_count) +
               " settings, but there is no such list; declare them in an array that lives as long as the library";
    const std::string fault = declaration_fault({entry.settings, entry.settings_count});
    return fault.empty() ? fault : component + " declares " + fault;
}

}  // namespace switchhook::plugin
