// The API of hooks over fakes, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/testkit/fake_host.hpp>

#include "core/api/hooks_api.hpp"
#include "tests/unit/api/fakes.hpp"

namespace switchhook::api {

inline constexpr char kA[] = "secret of tenant a";
inline constexpr char kB[] = "secret of tenant b";
inline constexpr char kOperator[] = "secret of the operator";

inline config::Auth everyone(bool required) {
    return {.required = required,
            .api_secrets = {{"ops", kOperator, config::Role::operator_, true},
                            {"tenant-a", kA, config::Role::tenant, true},
                            {"tenant-b", kB, config::Role::tenant, true}}};
}

class HooksApiTest : public testing::Test {
protected:
    // Rows: configured ones, then what the store holds.
    void open(std::vector<Hook> configured, HookTable stored, bool auth_required = false,
              HookRules rules = {.sip = true,
                                 .secret_usable = true,
                                 .dialects = {"livekit", "sayna", "standard"},
                                 .retries = {"call"}}) {
        store_.table = std::move(stored);
        std::vector<std::unique_ptr<Matcher>> chain;
        chain.push_back(std::make_unique<FakeMatcher>());
        hooks_ = std::make_unique<routing::Hooks>(std::move(configured), &store_, std::move(chain));
        ASSERT_TRUE(hooks_->load().ok());
        authentication_ = std::make_unique<Authentication>(everyone(auth_required));
        api_ = std::make_unique<HooksApi>(*hooks_, forwarder_, *authentication_, rules, host_.log());
    }
    http::Response put(std::string body, std::string token = {}) {
        return api_->put(request("POST", std::move(body), std::move(token)));
    }
    http::Response remove(std::string body, std::string token = {}) {
        return api_->remove(request("DELETE", std::move(body), std::move(token)));
    }
    http::Response list(std::string token = {}) { return api_->list(request("GET", {}, std::move(token))); }

    void refused(const http::Response& answer, int status, std::string_view part) {
        EXPECT_EQ(answer.status, status) << answer.body;
        EXPECT_NE(answer.body.find(part), std::string::npos) << answer.body;
        EXPECT_NE(answer.body.find(R"("code":")"), std::string::npos) << answer.body;
        EXPECT_EQ(store_.writes, 0);
    }

    testkit::FakeHost host_;
    FakeStore store_;
    FakeForwarder forwarder_;
    std::unique_ptr<routing::Hooks> hooks_;
    std::unique_ptr<Authentication> authentication_;
    std::unique_ptr<HooksApi> api_;
};

}  // namespace switchhook::api
