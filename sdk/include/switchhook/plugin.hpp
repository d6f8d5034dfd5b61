// The door: what a plugin library exports. An author writes one line, SWITCHHOOK_PLUGIN(...), and nothing else of this
// file.
//
//     class Prefix final : public switchhook::Matcher {
//     public:
//         Prefix(const switchhook::Settings&, switchhook::Host&);
//         ...
//     };
//     SWITCHHOOK_PLUGIN("matcher_prefix", "1.0.0",
//                       switchhook::component<Prefix>("prefix", "Matches by called number.", kSettings))
//
// The host opens the library with RTLD_NOW | RTLD_LOCAL, calls the one exported function, and checks the manifest
// before it runs anything else: size, SDK number, build fingerprint, names, contracts, declarations of settings.
// Libraries are never unloaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <span>
#include <string>
#include <type_traits>

#include <switchhook/call_control.hpp>
#include <switchhook/config_source.hpp>
#include <switchhook/dialect.hpp>
#include <switchhook/forwarder.hpp>
#include <switchhook/hook_store.hpp>
#include <switchhook/host.hpp>
#include <switchhook/matcher.hpp>
#include <switchhook/outbox.hpp>
#include <switchhook/provisioner.hpp>
#include <switchhook/settings.hpp>

#define SWITCHHOOK_SDK_MAJOR 1  // another layout or vtable: other number, the host refuses
#define SWITCHHOOK_SDK_MINOR 0  // new interfaces only: a host loads minors up to its own

// What must be equal on both sides for C++ types to cross the door: vtable and string ABI, debug containers, sanitizer.
#define SWITCHHOOK_STRINGIZE_(x) #x
#define SWITCHHOOK_STRINGIZE(x) SWITCHHOOK_STRINGIZE_(x)
#if defined(__SANITIZE_ADDRESS__)
#define SWITCHHOOK_SANITIZER "asan"
#elif defined(__SANITIZE_THREAD__)
#define SWITCHHOOK_SANITIZER "tsan"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SWITCHHOOK_SANITIZER "asan"
#elif __has_feature(thread_sanitizer)
#define SWITCHHOOK_SANITIZER "tsan"
#endif
#endif
#ifndef SWITCHHOOK_SANITIZER
#define SWITCHHOOK_SANITIZER "none"
#endif
#ifdef _GLIBCXX_DEBUG
#define SWITCHHOOK_CONTAINERS "debug"
#else
#define SWITCHHOOK_CONTAINERS "plain"
#endif
#define SWITCHHOOK_STRINGS SWITCHHOOK_STRINGIZE(_GLIBCXX_USE_CXX11_ABI)
#define SWITCHHOOK_BUILD                                                                                            \
    "gxx" SWITCHHOOK_STRINGIZE(__GXX_ABI_VERSION) " cxx11=" SWITCHHOOK_STRINGS " containers=" SWITCHHOOK_CONTAINERS \
                                                  " sanitizer=" SWITCHHOOK_SANITIZER

namespace switchhook {
inline namespace abi1 {

enum class Contract : std::uint16_t {
    config_source = 1,
    hook_store,
    outbox,
    matcher,
    dialect,
    forwarder,
    provisioner,
    call_control,
};

inline const char* contract_name(Contract contract) {
    switch (contract) {
        case Contract::config_source:
            return "config source";
        case Contract::hook_store:
            return "hook store";
        case Contract::outbox:
            return "outbox";
        case Contract::matcher:
            return "matcher";
        case Contract::dialect:
            return "dialect";
        case Contract::forwarder:
            return "forwarder";
        case Contract::provisioner:
            return "provisioner";
        case Contract::call_control:
            return "call control";
    }
    return "unknown contract";
}

// One contract that the library implements. Plain data; pointers have static lifetime.
struct ComponentEntry {
    std::uint32_t size = sizeof(ComponentEntry);
    Contract contract{};
    const char* name = nullptr;     // as in `use: name`; lower_snake_case, unique in its contract
    const char* summary = nullptr;  // one sentence for `switchhook plugins`
    const Setting* settings = nullptr;
    std::size_t settings_count = 0;
    bool concurrent = true;  // false: the host lets one thread at a time in
    // Returns null and sets `error` when the constructor threw. The pointer is to the contract's class, seen as a
    // Component.
    Component* (*create)(const Settings& settings, Host& host, std::string& error) = nullptr;
    void (*destroy)(Component* component) = nullptr;
};

// What switchhook_plugin_manifest() returns. Grows only at its end; `size` says how much of it there is.
struct Manifest {
    std::uint32_t size = sizeof(Manifest);
    std::uint16_t sdk_major = SWITCHHOOK_SDK_MAJOR;
    std::uint16_t sdk_minor = SWITCHHOOK_SDK_MINOR;
    const char* build = SWITCHHOOK_BUILD;
    const char* name = nullptr;     // of the library, "matcher_sip_host"
    const char* version = nullptr;  // of the library, "1.0.0"
    const ComponentEntry* components = nullptr;
    std::size_t components_count = 0;
};

inline constexpr char kManifestSymbol[] = "switchhook_plugin_manifest";
using ManifestFunction = const Manifest*();

namespace door {

template <typename T>
constexpr Contract contract_of() {
    if constexpr (std::is_base_of_v<ConfigSource, T>)
        return Contract::config_source;
    else if constexpr (std::is_base_of_v<HookStore, T>)
        return Contract::hook_store;
    else if constexpr (std::is_base_of_v<Outbox, T>)
        return Contract::outbox;
    else if constexpr (std::is_base_of_v<Matcher, T>)
        return Contract::matcher;
    else if constexpr (std::is_base_of_v<Dialect, T>)
        return Contract::dialect;
    else if constexpr (std::is_base_of_v<Forwarder, T>)
        return Contract::forwarder;
    else if constexpr (std::is_base_of_v<Provisioner, T>)
        return Contract::provisioner;
    else {
        static_assert(std::is_base_of_v<CallControl, T>, "a component implements one of the contracts of the SDK");
        return Contract::call_control;
    }
}

template <typename T>
Component* create(const Settings& settings, Host& host, std::string& error) {
    try {
        return new T(settings, host);
    } catch (const std::exception& failure) {
        error = failure.what();
    } catch (...) {
        error = "an exception of unknown type";
    }
    return nullptr;
}

inline void destroy(Component* component) {
    delete component;
}

}  // namespace door

// Declares a component. T is constructible from (const Settings&, Host&); its constructor checks and opens nothing.
template <typename T>
constexpr ComponentEntry component(const char* name, const char* summary, std::span<const Setting> settings = {},
                                   bool concurrent = true) {
    return {.contract = door::contract_of<T>(),
            .name = name,
            .summary = summary,
            .settings = settings.data(),
            .settings_count = settings.size(),
            .concurrent = concurrent,
            .create = &door::create<T>,
            .destroy = &door::destroy};
}

}  // namespace abi1
}  // namespace switchhook

// The one symbol that a plugin exports; SWITCHHOOK_PLUGIN defines it. Declared here so that a plugin's own test can
// call it.
extern "C" __attribute__((visibility("default"))) const switchhook::Manifest* switchhook_plugin_manifest();

#define SWITCHHOOK_PLUGIN(plugin_name, plugin_version, ...)                                                        \
    extern "C" __attribute__((visibility("default"))) const ::switchhook::Manifest* switchhook_plugin_manifest() { \
        static constexpr ::switchhook::ComponentEntry components[] = {__VA_ARGS__};                                \
        static constexpr ::switchhook::Manifest manifest{.name = plugin_name,                                      \
                                                         .version = plugin_version,                                \
                                                         .components = components,                                 \
                                                         .components_count = std::size(components)};               \
        return &manifest;                                                                                          \
    }
