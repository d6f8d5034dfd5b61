// Any bytes as LiveKit's answer: a list of trunks and rules, an error, a room's metadata. Nothing that was read may
// fail to be written again, what replaces a trunk differs from the wanted state no more, and no text holds control
// characters.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <decision.hpp>
#include <failure.hpp>
#include <mark.hpp>
#include <room_tenant.hpp>

namespace {

using namespace switchhook;
using namespace switchhook::livekit_api;

void must(bool holds) {
    if (!holds) std::abort();
}

void must_be_clean(std::string_view text) {
    must(!text.empty());
    for (const char c : text) must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void objects(const Json& answer, const WantedState& wanted) {
    const auto items = objects_of(answer, "items");
    if (!items) return;
    SipState state;
    for (const auto& item : *items) {
        if (auto trunk = read_trunk(item)) state.trunks.push_back(*trunk);
        if (auto rule = read_rule(item)) state.rules.push_back(*rule);
    }
    const auto decision = decide(state, wanted);
    must(decision.conflict.ok() || decision.steps.empty());
    if (!decision.conflict.ok()) must_be_clean(decision.conflict.message());
    for (const auto& step : decision.steps) {
        must_be_clean(step.sentence);
        must(write_json(step.object).ok());
        if (step.action == Action::create_trunk || step.action == Action::replace_trunk)
            must(trunk_differences(step.object, wanted).empty());
        if (step.action == Action::create_rule || step.action == Action::replace_rule)
            must(rule_differences(step.object, wanted, decision.trunk_id).empty());
    }
}

void metadata(std::string_view text) {
    const auto change = change_tenant(text, "tenant");
    must(change.ok());
    if (change->tenancy == RoomTenancy::set)
        must(change_tenant(change->metadata, "tenant")->tenancy == RoomTenancy::was_set);
    const auto marked = with_mark(text, "sip-");
    must(marked == text || read_mark(marked, "sip-") == Mark::ours);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const WantedState wanted{.trunk_name = "sayna-sip--trunk",
                             .rule_name = "sayna-sip--dispatch",
                             .room_prefix = "sip-",
                             .allowed_addresses = {"192.0.2.7"},
                             .max_participants = 3};
    for (const int status : {400, 401, 404, 500}) {
        HttpAnswer answer;
        answer.status = status;
        answer.body = text;
        must_be_clean(failure_of({.server = "http://l", .method = "M", .token = "t.t.t", .secret = "secret"}, answer)
                          .status.message());
    }
    metadata(text);
    if (const auto answer = read_object(text)) {
        must(write_json(*answer).ok());
        objects(*answer, wanted);
    }
    return 0;
}
