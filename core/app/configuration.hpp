// The configuration as the command line names it: read from its sources, merged, checked.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <switchhook/document.hpp>
#include <switchhook/host.hpp>

#include "core/app/command_line.hpp"
#include "core/config/config.hpp"
#include "core/plugin/catalog.hpp"

namespace switchhook::app {

struct Configuration {
    Node merged;  // as written
    config::Config config;
    bool readable = false;  // every source could be read; only then merged and config mean anything
};

// Sources are taken from what the catalog has opened so far: the program's own folder. What is wrong is added to
// `problems`.
Configuration read_configuration(const plugin::Catalog& catalog, std::span<const SourceName> sources, Host& host,
                                 std::vector<Problem>& problems);

// Tells of a source that differs from what is known of it; lives as long as its sources are watched.
class Watch {
public:
    // `known` was read from these sources, merged: a change that was made since then is told at once.
    // `changed` comes from threads of the sources. A source that cannot be watched is a warning in the host's log.
    Watch(const plugin::Catalog& catalog, std::span<const SourceName> sources, Host& host, const Node& known,
          const std::function<void()>& changed);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

private:
    std::vector<std::unique_ptr<ConfigSource>> sources_;
};

// Each as one text, with its place.
std::vector<std::string> as_texts(std::span<const Problem> problems);
// "switchhook.yaml:17: sip.hooks[2].url ...", one line each.
std::string as_lines(std::span<const Problem> problems);

}  // namespace switchhook::app
