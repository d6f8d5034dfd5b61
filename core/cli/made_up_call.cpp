#include "core/cli/made_up_call.hpp"

#include <algorithm>
#include <string_view>

#include "core/cli/json_text.hpp"

namespace switchhook::cli {
namespace {

constexpr char kCaller[] = "+15550100000";  // 555-01xx: numbers that nobody has

// RFC 3261 25.1.
bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "-.!%*_+`'~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

std::string trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

class Webhooks {
public:
    explicit Webhooks(const MadeUpCall& call) : call_(call), at_(std::to_string(call.unix_seconds)) {
        attributes_ = {{"sip.callID", "SCL_" + call.mark},
                       {"sip.callStatus", "active"},
                       {"sip.phoneNumber", kCaller},
                       {"sip.h.from", std::string("<sip:") + kCaller + "@caller.invalid>"}};
        for (const auto& [name, value] : call.headers) {
            const std::string key = "sip.h." + lower(name);
            if (key == "sip.h.from" || !attributes_.contains(key)) attributes_[key] = value;
        }
    }

    std::string room(const char* event) { return written(event, Json::object()); }
    std::string person(const char* event, const char* state) {
        Json participant = person();
        participant["state"] = state;
        participant["joinedAt"] = at_;
        participant["name"] = std::string("Phone ") + kCaller;
        participant["kind"] = "SIP";
        participant["attributes"] = attributes_;
        return written(event, {{"participant", std::move(participant)}});
    }
    std::string track(const char* event) {
        return written(
            event, {{"participant", person()},
                    {"track", {{"sid", "TR_" + call_.mark}, {"source", "MICROPHONE"}, {"mimeType", "audio/opus"}}}});
    }

private:
    Json person() const { return {{"sid", "PA_" + call_.mark}, {"identity", std::string("sip_") + kCaller}}; }
    std::string written(const char* event, const Json& more) {
        Json body = {
            {"event", event},
            {"room", {{"sid", "RM_" + call_.mark}, {"name", call_.room_prefix + "_" + kCaller + "_" + call_.mark}}}};
        body.update(more);
        body["id"] = "EV_" + call_.mark + "n" + std::to_string(++events_);
        body["createdAt"] = at_;
        return compact(body);
    }

    const MadeUpCall& call_;
    std::string at_;
    Json attributes_;
    int events_ = 0;
};

}  // namespace

Result<SipHeader> sip_header(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos)
        return Status(Code::invalid, "'" + text + "' is no header; write it like 'X-To-IP: 203.0.113.1'");
    const std::string name = trimmed(text.substr(0, colon));
    if (!is_token(name)) return Status(Code::invalid, "'" + name + "' is no name of a SIP header");
    return SipHeader{name, trimmed(text.substr(colon + 1))};
}

std::vector<std::string> webhooks_of(const MadeUpCall& call) {
    Webhooks webhooks(call);
    std::vector<std::string> bodies;
    bodies.push_back(webhooks.room("room_started"));
    bodies.push_back(webhooks.person("participant_joined", "ACTIVE"));
    bodies.push_back(webhooks.track("track_published"));
    bodies.push_back(webhooks.track("track_unpublished"));
    bodies.push_back(webhooks.person("participant_left", "DISCONNECTED"));
    bodies.push_back(webhooks.room("room_finished"));
    return bodies;
}

std::string joined_webhook_of(const MadeUpCall& call) {
    return Webhooks(call).person("participant_joined", "ACTIVE");
}

}  // namespace switchhook::cli
