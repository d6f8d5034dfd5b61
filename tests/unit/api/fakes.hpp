// What the tests of the API stand on: a store that can be told to fail, a matcher and a forwarder that judge simply.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <switchhook/forwarder.hpp>
#include <switchhook/hook_store.hpp>
#include <switchhook/matcher.hpp>

#include "core/http/front.hpp"

namespace switchhook::api {

class FakeStore final : public HookStore {
public:
    Result<HookTable> load() override { return table; }
    Result<HookTable> apply(const HookChange& change) override {
        if (!fault.ok()) return fault;
        ++writes;
        for (const auto& host : change.remove)
            std::erase_if(table, [&](const Hook& hook) { return hook.host == host; });
        for (const auto& put : change.put) {
            std::erase_if(table, [&](const Hook& hook) { return hook.host == put.host; });
            table.push_back(put);
        }
        return table;
    }

    HookTable table;
    Status fault;
    int writes = 0;
};

class FakeMatcher final : public Matcher {
public:
    std::unique_ptr<const HookIndex> index(std::span<const Hook>) override { return std::make_unique<Nothing>(); }
    bool accepts(std::string_view host) const override { return host.find(' ') == std::string_view::npos; }

private:
    struct Nothing final : HookIndex {
        void find(const Event&, Matches&) const override {}
    };
};

class FakeForwarder : public Forwarder {
public:
    using Forwarder::check;
    Status check(std::string_view url) const override {
        if (url.find("169.254.") != std::string_view::npos) return {Code::invalid, "the address is forbidden"};
        return {};
    }
    void send(Request, std::chrono::milliseconds, Completion) override {}
};

inline Hook hook(std::string host, std::string auth_id, std::string url = "https://old.example/") {
    Hook made;
    made.host = std::move(host);
    made.url = std::move(url);
    made.auth_id = std::move(auth_id);
    return made;
}

inline http::Request request(std::string method, std::string body = {}, std::string token = {}) {
    http::Request made;
    made.method = std::move(method);
    made.path = "/sip/hooks";
    made.body = std::move(body);
    if (!made.body.empty()) made.headers.emplace_back("Content-Type", "application/json");
    if (!token.empty()) made.headers.emplace_back("Authorization", "Bearer " + token);
    return made;
}

}  // namespace switchhook::api
