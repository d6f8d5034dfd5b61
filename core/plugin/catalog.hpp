// The catalog of plugins: opens libraries, checks them at the door, makes instances whose every call is guarded.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/plugin.hpp>

#include "core/config/config.hpp"

namespace switchhook::plugin {

// What `switchhook plugins` shows of one opened library. Pointers into the library, which is never unloaded.
struct Opened {
    std::filesystem::path file;
    const Manifest* manifest = nullptr;
    std::vector<ComponentEntry> components;  // the manifest's; read them here, a later SDK may lay them out longer
};

// Owns the opened libraries; lives longer than every instance. Not thread-safe: used while starting.
class Catalog {
public:
    Catalog();
    ~Catalog();
    Catalog(const Catalog&) = delete;
    Catalog& operator=(const Catalog&) = delete;

    // Opens a library, or every *.so of a folder in the order of names. A file that was opened before counts once. Each
    // fault becomes a problem: file, plugin, what is wrong, what to do. `place` is where the configuration names it.
    void open(const std::filesystem::path& library_or_folder, const std::string& place, std::vector<Problem>& problems);

    const std::vector<Opened>& opened() const;
    const ComponentEntry* find(Contract contract, std::string_view name) const;

    // Checks the instance's settings against the declaration and makes it. What is wrong becomes problems and null;
    // warnings about secret files go to the host's log. The result is a guard around the plugin's object: an exception
    // that leaves a call becomes Code::internal with the plugin's name, or, where there is no Status, "no match",
    // nothing, or own_fault, and a line in the log at most once a minute. An object not marked concurrent is entered by
    // one thread at a time.
    std::unique_ptr<ConfigSource> config_source(const config::Instance& use, Host& host,
                                                std::vector<Problem>& problems) const;
    std::unique_ptr<HookStore> hook_store(const config::Instance& use, Host& host,
                                          std::vector<Problem>& problems) const;
    std::unique_ptr<Outbox> outbox(const config::Instance& use, Host& host, std::vector<Problem>& problems) const;
    std::unique_ptr<Matcher> matcher(const config::Instance& use, Host& host, std::vector<Problem>& problems) const;
    std::unique_ptr<Dialect> dialect(const config::Instance& use, Host& host, std::vector<Problem>& problems) const;
    std::unique_ptr<Forwarder> forwarder(const config::Instance& use, Host& host, std::vector<Problem>& problems) const;
    std::unique_ptr<Provisioner> provisioner(const config::Instance& use, Host& host,
                                             std::vector<Problem>& problems) const;
    std::unique_ptr<CallControl> call_control(const config::Instance& use, Host& host,
                                              std::vector<Problem>& problems) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The folder of our own plugins, beside the running binary: ../lib/switchhook/plugins.
std::filesystem::path own_plugin_folder();

}  // namespace switchhook::plugin
