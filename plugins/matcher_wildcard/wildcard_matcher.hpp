// Finds the hook of the longest "*.example.com" that the called host falls under; "*" is the default route.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <switchhook/explain_host.hpp>
#include <switchhook/host_table.hpp>
#include <switchhook/plugin.hpp>
#include <switchhook/sip_host.hpp>

namespace switchhook::matcher {

inline constexpr Setting kWildcardSettings[] = {
    {.key = "headers",
     .type = SettingType::text_list,
     .fallback = "x-to-ip,to",
     .help = "SIP headers that name the called host; the first that yields a host decides."}};

class WildcardMatcher final : public Matcher {
public:
    WildcardMatcher(const Settings& settings, Host&) : headers_(header_names(settings.list("headers"))) {}

    std::unique_ptr<const HookIndex> index(std::span<const Hook> hooks) override {
        return std::make_unique<Index>(headers_, hooks);
    }
    bool accepts(std::string_view host) const override { return is_wildcard_host(host); }

private:
    class Index final : public HookIndex {
    public:
        Index(std::vector<std::string> headers, std::span<const Hook> hooks)
            : headers_(std::move(headers)), by_suffix_(hooks.size()) {
            for (const auto& hook : hooks)
                if (is_wildcard_host(hook.host)) by_suffix_.add(std::string_view(hook.host).substr(1), hook.id);
        }
        // One look-up for each dot of the host, from the longest suffix to none: a host has at most 127 labels.
        // No host (a web participant, an outbound call, tel:) means no route, not even the default one.
        void find(const Event& event, Matches& matches) const override {
            auto host = host_of(event, headers_);
            if (host.empty()) return;
            matches.host = std::move(host);
            std::string_view rest = matches.host;
            while (!rest.empty()) {
                rest.remove_prefix(std::min(rest.find('.', 1), rest.size()));
                if (const auto hook = by_suffix_.find(rest)) return matches.hooks.push_back(hook);
            }
        }
        std::string explain(const Event& event) const override {
            auto text = explain_headers(event, headers_);
            const auto host = host_of(event, headers_);
            if (host.empty()) return text.append("no header names a host: not even the default route * takes it");
            text.append("looked for");
            std::string_view rest = host;
            while (!rest.empty()) {
                rest.remove_prefix(std::min(rest.find('.', 1), rest.size()));
                text.append(" *").append(rest);
                if (by_suffix_.find(rest) != 0) return text.append(": found this one");
            }
            return text.append(": no hook has any of these");
        }

    private:
        std::vector<std::string> headers_;
        HostTable by_suffix_;  // ".example.com", or "" for "*"
    };

    std::vector<std::string> headers_;
};

}  // namespace switchhook::matcher
