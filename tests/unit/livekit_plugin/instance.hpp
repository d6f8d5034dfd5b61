// What the tests of the plugin share: an instance of it beside others, and what it wants.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <switchhook/testkit/fake_host.hpp>

#include "fake_livekit.hpp"
#include "provisioning.hpp"

namespace switchhook::tests {

// What a busy machine may take for things that take milliseconds.
inline constexpr std::chrono::seconds kPatience{60};

inline const std::string kSecret = "the-secret-of-the-key";

// One Switchhook, as far as LiveKit sees it.
class Instance {
public:
    explicit Instance(const std::string& url, const std::string& key = "devkey",
                      std::chrono::milliseconds timeout = kPatience)
        : api_({.url = url, .api_key = key, .api_secret = kSecret, .timeout = timeout}, host_.clock()),
          provisioning_({}, api_) {}

    Result<Plan> apply() { return provisioning_.apply(wanted()); }
    Result<Plan> plan() { return provisioning_.plan(wanted()); }
    Wanted wanted() const { return {.room_prefix = prefix, .allowed_addresses = addresses}; }
    livekit_api::ApiClient& api() { return api_; }

    std::string prefix = "sip-";
    std::vector<std::string> addresses{"192.0.2.7", "2001:db8::/32"};

private:
    testkit::FakeHost host_;
    livekit_api::ApiClient api_;
    livekit_api::Provisioning provisioning_;
};

inline const char* const kTrunkName = "sayna-sip--trunk";
inline const char* const kRuleName = "sayna-sip--dispatch";
inline const char* const kMark = R"({"managed_by":"switchhook","room_prefix":"sip-"})";

// As this plugin makes them.
inline Json our_trunk(const std::string& id = "") {
    return {{"sip_trunk_id", id},
            {"name", kTrunkName},
            {"metadata", kMark},
            {"allowed_addresses", {"192.0.2.7", "2001:db8::/32"}},
            {"include_headers", "SIP_ALL_HEADERS"}};
}
inline Json our_rule(const std::string& trunk, const std::string& id = "") {
    return {{"sip_dispatch_rule_id", id},
            {"name", kRuleName},
            {"metadata", kMark},
            {"trunk_ids", Json::array({trunk})},
            {"rule", {{"dispatch_rule_individual", {{"room_prefix", "sip-"}, {"pin", ""}, {"no_randomness", false}}}}},
            {"room_config", {{"empty_timeout", 0}, {"max_participants", 3}, {"agents", Json::array()}}}};
}

inline bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace switchhook::tests
