// Finds the hook whose host is exactly the host that was called.
#pragma once

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

inline constexpr Setting kSipHostSettings[] = {
    {.key = "headers",
     .type = SettingType::text_list,
     .fallback = "x-to-ip,to",
     .help = "SIP headers that name the called host; the first that yields a host decides."}};

class SipHostMatcher final : public Matcher {
public:
    SipHostMatcher(const Settings& settings, Host&) : headers_(header_names(settings.list("headers"))) {}

    std::unique_ptr<const HookIndex> index(std::span<const Hook> hooks) override {
        return std::make_unique<Index>(headers_, hooks);
    }
    bool accepts(std::string_view host) const override { return is_exact_host(host); }

private:
    class Index final : public HookIndex {
    public:
        Index(std::vector<std::string> headers, std::span<const Hook> hooks)
            : headers_(std::move(headers)), by_host_(hooks.size()) {
            for (const auto& hook : hooks)
                if (is_exact_host(hook.host)) by_host_.add(hook.host, hook.id);
        }
        void find(const Event& event, Matches& matches) const override {
            auto host = host_of(event, headers_);
            if (host.empty()) return;
            if (const auto hook = by_host_.find(host)) matches.hooks.push_back(hook);
            matches.host = std::move(host);
        }
        std::string explain(const Event& event) const override {
            auto text = explain_headers(event, headers_);
            const auto host = host_of(event, headers_);
            if (host.empty()) return text.append("no header names a host: there is nothing to look for");
            return text
                .append(by_host_.find(host) != 0 ? "a hook has exactly the host " : "no hook has exactly the host ")
                .append(host);
        }

    private:
        std::vector<std::string> headers_;
        HostTable by_host_;
    };

    std::vector<std::string> headers_;
};

}  // namespace switchhook::matcher
