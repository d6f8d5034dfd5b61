// The plugin `forwarder_https`: a thin shell around Sender.
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <switchhook/plugin.hpp>

#include "ca_bundle.hpp"
#include "sender.hpp"

namespace {

using namespace switchhook;

constexpr Setting kSettings[] = {
    {"allow", SettingType::text_list, "",
     "Networks (CIDR) that hooks may reach although they are private, loopback or otherwise special."},
    {"ca_file", SettingType::path, "", "A PEM file with CA certificates that are trusted beside the system's."},
    {"http2", SettingType::boolean, "false", "Offer HTTP/2; costs more CPU per delivery than HTTP/1.1."},
    {"resolve_timeout", SettingType::duration, "2s", "How long an attempt waits for DNS.", 10, 60'000},
    {"connect_timeout", SettingType::duration, "5s", "How long TCP and TLS may take; a part of the whole deadline.", 10,
     60'000},
    {"response_bytes", SettingType::bytes, "64KiB",
     "How much of a response body is read before the connection is closed.", 0, 16 * 1024 * 1024},
    {"max_connections", SettingType::integer, "256", "How many idle connections are kept open, over all hooks.", 1,
     100'000},
    {"user_agent", SettingType::text, "Switchhook/" SWITCHHOOK_VERSION, "The User-Agent of every request."},
};

std::vector<https::Network> networks(const std::vector<std::string>& texts) {
    std::vector<https::Network> parsed;
    for (const auto& text : texts) {
        const auto network = https::Network::parse(text);
        if (!network)
            throw std::invalid_argument(
                "forwarder.allow: '" + text +
                "' is not a network; write 10.0.0.0/8 or fd00::/8, without bits behind the prefix");
        parsed.push_back(*network);
    }
    return parsed;
}

https::SenderOptions options(const Settings& settings) {
    https::SenderOptions options;
    options.rules = https::AddressRules(networks(settings.list("allow")));
    options.system_ca_file = https::CaBundle::system_file();
    options.ca_file = settings.text("ca_file");
    options.user_agent = settings.text("user_agent");
    for (const char c : options.user_agent)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            throw std::invalid_argument("forwarder.user_agent: contains a control character");
    options.http2 = settings.boolean("http2");
    options.resolve_timeout = settings.duration("resolve_timeout");
    options.connect_timeout = settings.duration("connect_timeout");
    options.response_bytes = static_cast<std::size_t>(settings.integer("response_bytes"));
    options.max_connections = static_cast<long>(settings.integer("max_connections"));
    return options;
}

class HttpsForwarder final : public Forwarder {
public:
    HttpsForwarder(const Settings& settings, Host&) : sender_(options(settings)) {}

    Status start() override { return sender_.start(); }
    void stop() override { sender_.stop(); }
    Status check() const override { return sender_.check(); }
    Status check(std::string_view url) const override { return sender_.check(url); }
    void send(Request request, std::chrono::milliseconds deadline, Completion done) override {
        sender_.send(std::move(request), deadline, std::move(done));
    }

private:
    https::Sender sender_;
};

}  // namespace

SWITCHHOOK_PLUGIN("forwarder_https", SWITCHHOOK_VERSION,
                  switchhook::component<HttpsForwarder>("https", "Posts to HTTPS endpoints with libcurl.", kSettings))
