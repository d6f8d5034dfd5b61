// The plugin `livekit`: thin shells around Provisioning and set_room_tenant. All that calls LiveKit's API is here.
#include <stdexcept>
#include <string>

#include <switchhook/plugin.hpp>

#include "api_client.hpp"
#include "provisioning.hpp"
#include "room_tenant.hpp"
#include "server_url.hpp"

namespace {

using namespace switchhook;

// The first three come from the `livekit` block when they are not given here.
#define SWITCHHOOK_LIVEKIT_SETTINGS                                                                            \
    {"url", SettingType::text, nullptr, "Where LiveKit's API is: http, https, ws or wss.", 1, 2048},           \
        {"api_key", SettingType::text, nullptr, "LiveKit's API key.", 1, 256},                                 \
        {"api_secret", SettingType::secret, nullptr, "The secret of that key.", 1, 4096},                      \
        {"timeout", SettingType::duration, "5s", "How long one call of the API may take.", 10, 60'000}, {      \
        "ca_file", SettingType::path, "",                                                                      \
            "A PEM file with the CA certificates that LiveKit's is checked against, in place of the system's." \
    }

constexpr Setting kProvisionerSettings[] = {
    SWITCHHOOK_LIVEKIT_SETTINGS,
    {"trunk", SettingType::text, "sayna-{room_prefix}-trunk", "The name of the inbound trunk.", 1, 200},
    {"rule", SettingType::text, "sayna-{room_prefix}-dispatch", "The name of the dispatch rule.", 1, 200},
    {"max_participants", SettingType::integer, "3",
     "How many participants a call's room holds, agents not counted; 0: no limit.", 0, 100'000},
};
constexpr Setting kCallControlSettings[] = {SWITCHHOOK_LIVEKIT_SETTINGS};
#undef SWITCHHOOK_LIVEKIT_SETTINGS

livekit_api::ApiOptions api_options(const Settings& settings) {
    auto url = livekit_api::read_server_url(settings.text("url"));
    if (!url) throw std::invalid_argument(url.status().message());
    return {.url = *url,
            .api_key = settings.text("api_key"),
            .api_secret = settings.text("api_secret"),
            .timeout = settings.duration("timeout"),
            .ca_file = settings.text("ca_file"),
            .user_agent = "Switchhook/" SWITCHHOOK_VERSION};
}

class LiveKitProvisioner final : public Provisioner {
public:
    LiveKitProvisioner(const Settings& settings, Host& host)
        : api_(api_options(settings), host.clock()),
          provisioning_({.trunk_name = settings.text("trunk"),
                         .rule_name = settings.text("rule"),
                         .max_participants = settings.integer("max_participants")},
                        api_) {}

    Status start() override {
        api_.start();
        return api_.check();
    }
    void stop() override { api_.stop(); }
    Status check() const override { return api_.check(); }
    Result<Plan> plan(const Wanted& wanted) override { return provisioning_.plan(wanted); }
    Result<Plan> apply(const Wanted& wanted) override { return provisioning_.apply(wanted); }

private:
    livekit_api::ApiClient api_;
    livekit_api::Provisioning provisioning_;
};

class LiveKitCallControl final : public CallControl {
public:
    LiveKitCallControl(const Settings& settings, Host& host) : api_(api_options(settings), host.clock()) {}

    Status start() override {
        api_.start();
        return api_.check();
    }
    void stop() override { api_.stop(); }
    Status check() const override { return api_.check(); }
    Result<RoomTenancy> set_room_tenant(const RoomOwner& owner, std::chrono::milliseconds deadline) override {
        return livekit_api::set_room_tenant(api_, owner, deadline);
    }

private:
    livekit_api::ApiClient api_;
};

}  // namespace

SWITCHHOOK_PLUGIN("livekit", SWITCHHOOK_VERSION,
                  switchhook::component<LiveKitProvisioner>(
                      "livekit", "Keeps LiveKit's inbound trunk and dispatch rule as the configuration says.",
                      kProvisionerSettings, false),
                  switchhook::component<LiveKitCallControl>("livekit", "Asks LiveKit's API about rooms and calls.",
                                                            kCallControlSettings))
