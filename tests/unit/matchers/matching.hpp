// What the tests of both matchers share: hooks with these hosts, numbered from 1, and events with these headers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <switchhook/matcher.hpp>
#include <switchhook/settings.hpp>

namespace switchhook::matcher::test {

inline Settings headers(std::vector<std::string> names) {
    return Settings({{"headers", std::move(names)}});
}

inline std::vector<Hook> hooks(const std::vector<std::string>& hosts) {
    std::vector<Hook> all(hosts.size());
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        all[i].id = i + 1;
        all[i].host = hosts[i];
    }
    return all;
}

inline Matches find(const HookIndex& index, const std::vector<Attribute>& attributes) {
    Event event;
    event.attributes = attributes;
    Matches matches;
    index.find(event, matches);
    return matches;
}

// The hook of a call to that host, or 0.
inline HookId find_host(const HookIndex& index, const std::string& host) {
    const auto to = "<sip:100@" + host + ">";
    const auto matches = find(index, {{"sip.h.to", to}});
    return matches.hooks.empty() ? 0 : matches.hooks.front();
}

}  // namespace switchhook::matcher::test
