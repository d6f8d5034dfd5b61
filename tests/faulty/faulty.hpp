// What the faulty plugins share: a component without fault, and a manifest that starts out right. Each library then
// spoils exactly one thing.
#pragma once

#include <switchhook/plugin.hpp>

namespace faulty {

using namespace switchhook;

class Nothing final : public HookIndex {
public:
    void find(const Event&, Matches&) const override {}
};

class Plain final : public Matcher {
public:
    Plain(const Settings&, Host&) {}
    std::unique_ptr<const HookIndex> index(std::span<const Hook>) override { return std::make_unique<Nothing>(); }
    bool accepts(std::string_view) const override { return true; }
};

inline constexpr ComponentEntry kEntry = component<Plain>("plain", "A component without fault.");

// Static storage, so that the library can hand it out.
inline Manifest& manifest(const ComponentEntry& entry = kEntry) {
    static Manifest made{.name = "faulty", .version = "1.0.0", .components = &entry, .components_count = 1};
    return made;
}

}  // namespace faulty

#define FAULTY_DOOR extern "C" const ::switchhook::Manifest* switchhook_plugin_manifest()
