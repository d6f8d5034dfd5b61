#include "provisioning.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace switchhook::livekit_api {
namespace {

constexpr int kMaxRounds = 8;
constexpr int kMaxUnknown = 3;  // calls of one run whose outcome is unknown
constexpr int kTimeLimits = 4;  // a run takes at most so many time limits of a call
constexpr std::size_t kMaxPages = 1000;
constexpr std::size_t kMaxObjects = 100'000;
constexpr std::int64_t kPageSize = 500;
constexpr std::size_t kMaxNameBytes = 256;
constexpr std::string_view kService = "livekit.SIP";

std::string fill_in(std::string text, std::string_view prefix) {
    constexpr std::string_view kPlace = "{room_prefix}";
    for (auto at = text.find(kPlace); at != std::string::npos; at = text.find(kPlace, at + prefix.size()))
        text.replace(at, kPlace.size(), prefix);
    return text;
}

const char* method_of(Action action) {
    switch (action) {
        case Action::delete_trunk:
            return "DeleteSIPTrunk";
        case Action::create_trunk:
            return "CreateSIPInboundTrunk";
        case Action::replace_trunk:
            return "UpdateSIPInboundTrunk";
        case Action::delete_rule:
            return "DeleteSIPDispatchRule";
        case Action::create_rule:
            return "CreateSIPDispatchRule";
        case Action::replace_rule:
            return "UpdateSIPDispatchRule";
    }
    return "";
}

Json request_of(const Step& step) {
    switch (step.action) {
        case Action::delete_trunk:
            return Json::object({{"sip_trunk_id", step.id}});
        case Action::create_trunk:
            return Json::object({{"trunk", step.object}});
        case Action::replace_trunk:
            return Json::object({{"sip_trunk_id", step.id}, {"replace", step.object}});
        case Action::delete_rule:
            return Json::object({{"sip_dispatch_rule_id", step.id}});
        case Action::create_rule:
            return Json::object({{"dispatch_rule", step.object}});
        case Action::replace_rule:
            return Json::object({{"sip_dispatch_rule_id", step.id}, {"replace", step.object}});
    }
    return Json::object();
}

}  // namespace

// One plan or apply.
struct Provisioning::Run {
    WantedState wanted;
    std::chrono::steady_clock::time_point end;

    std::chrono::milliseconds time_left() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    }
};

struct Provisioning::Outcome {
    enum class Kind : std::uint8_t { done = 1, look_again, unknown, failed };
    Kind kind = Kind::done;
    Status status{};
};

Reply Provisioning::ask(Run& run, std::string_view method, const Json& request) {
    return api_.call({.service = kService, .method = method, .grant = Grant::sip_admin}, request, run.time_left());
}

Result<WantedState> Provisioning::complete(const Wanted& wanted) const {
    WantedState state{.trunk_name = fill_in(options_.trunk_name, wanted.room_prefix),
                      .rule_name = fill_in(options_.rule_name, wanted.room_prefix),
                      .room_prefix = std::string(wanted.room_prefix),
                      .allowed_addresses = {},
                      .max_participants = options_.max_participants};
    const auto refuse = [&](const char* why) { return named(state, Status(Code::invalid, why), {}); };
    if (wanted.room_prefix.empty()) return refuse("room_prefix is empty");
    if (state.trunk_name.size() > kMaxNameBytes || state.rule_name.size() > kMaxNameBytes)
        return refuse("the name of the trunk or of the rule is longer than 256 bytes");
    auto addresses = source_addresses(wanted.allowed_addresses);
    if (!addresses) return named(state, addresses.status(), {});
    state.allowed_addresses = std::move(*addresses);
    return state;
}

// LiveKit of today answers everything at once, whatever `limit` says; another one may not, and an old one ignores
// `page`.
Status Provisioning::read_pages(Run& run, std::string_view method, std::string_view id_field,
                                std::vector<Json>& items) {
    std::set<std::string> seen;
    std::string after;
    for (std::size_t page = 0; page < kMaxPages; ++page) {
        Json request = Json::object({{"page", Json::object({{"limit", kPageSize}})}});
        if (!after.empty()) request["page"]["after_id"] = after;
        const auto reply = ask(run, method, request);
        if (!reply) return reply.failure().status;
        const CallName name{.server = api_.url(), .method = method, .token = {}, .secret = {}};
        auto objects = objects_of(reply.object(), "items");
        if (!objects) return strange_answer(name, "has no list of items").status;
        bool anything_new = false;
        for (auto& object : *objects) {
            auto id = text_of(object, id_field);
            if (id.empty()) return strange_answer(name, "has an item without " + std::string(id_field)).status;
            if (!seen.insert(id).second) continue;
            anything_new = true;
            after = std::max(after, id);
            items.push_back(std::move(object));
        }
        if (items.size() > kMaxObjects) return strange_answer(name, "has no end").status;
        if (!anything_new || objects->size() < static_cast<std::size_t>(kPageSize)) return {};
    }
    return {Code::invalid, "LiveKit at " + api_.url() + " answered " + std::string(method) + " with pages without end"};
}

Result<SipState> Provisioning::read(Run& run) {
    SipState state;
    std::vector<Json> items;
    if (auto status = read_pages(run, "ListSIPInboundTrunk", "sip_trunk_id", items); !status) return status;
    for (const auto& item : items)
        if (auto trunk = read_trunk(item)) state.trunks.push_back(std::move(*trunk));
    items.clear();
    if (auto status = read_pages(run, "ListSIPDispatchRule", "sip_dispatch_rule_id", items); !status) return status;
    for (const auto& item : items)
        if (auto rule = read_rule(item)) state.rules.push_back(std::move(*rule));
    std::ranges::sort(state.trunks, {}, &Trunk::id);
    std::ranges::sort(state.rules, {}, &Rule::id);
    return state;
}

Provisioning::Outcome Provisioning::carry_out(Run& run, const Step& step) {
    using Kind = Outcome::Kind;
    const auto reply = ask(run, method_of(step.action), request_of(step));
    if (!reply) {
        const auto& failure = reply.failure();
        switch (failure.kind) {
            case FailureKind::passing:
                return {Kind::unknown, failure.status};
            case FailureKind::contradicts:
            case FailureKind::not_found:
                return {Kind::look_again, failure.status};
            case FailureKind::refused:
                break;
        }
        return {Kind::failed, failure.status};
    }
    // LiveKit answers 200 and stores something else where it does not know a value.
    Differences differences;
    const bool trunk = step.action == Action::create_trunk || step.action == Action::replace_trunk;
    const bool rule = step.action == Action::create_rule || step.action == Action::replace_rule;
    if (trunk) differences = trunk_differences(reply.object(), run.wanted);
    if (rule) differences = rule_differences(reply.object(), run.wanted, texts_of(step.object, "trunk_ids").front());
    if (differences.empty()) return {};
    std::string text = "LiveKit at " + api_.url() + " answered " + method_of(step.action) +
                       " with 200 and stored something else than was asked for: ";
    for (const auto& difference : differences)
        text.append(&difference == &differences.front() ? "" : "; ").append(difference);
    return {Kind::failed, Status(Code::invalid, text + "; is this LiveKit too old for it?")};
}

Status Provisioning::named(const WantedState& state, const Status& status,
                           const std::vector<std::string>& changes) const {
    std::string text = "provisioning trunk '" + clean(state.trunk_name) + "' and rule '" + clean(state.rule_name) +
                       "' at " + api_.url() + ": " + status.message();
    for (const auto& change : changes)
        text.append(&change == &changes.front() ? "; done before: " : "; ").append(change);
    return {status.code(), std::move(text)};
}

Result<Plan> Provisioning::plan(const Wanted& wanted) {
    auto state = complete(wanted);
    if (!state) return state.status();
    Run run{.wanted = std::move(*state), .end = std::chrono::steady_clock::now() + kTimeLimits * api_.timeout()};
    const auto there = read(run);
    if (!there) return named(run.wanted, there.status(), {});
    const auto decision = decide(*there, run.wanted);
    if (!decision.conflict.ok()) return named(run.wanted, decision.conflict, {});
    Plan plan;
    for (const auto& step : decision.steps) plan.changes.push_back(step.sentence);
    return plan;
}

Result<Plan> Provisioning::apply(const Wanted& wanted) {
    using Kind = Outcome::Kind;
    auto state = complete(wanted);
    if (!state) return state.status();
    Run run{.wanted = std::move(*state), .end = std::chrono::steady_clock::now() + kTimeLimits * api_.timeout()};
    Plan made;
    std::string refused_before;  // the step that was refused in the round before
    int unknown = 0;
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto there = read(run);
        if (!there) return named(run.wanted, there.status(), made.changes);
        const auto decision = decide(*there, run.wanted);
        if (!decision.conflict.ok()) return named(run.wanted, decision.conflict, made.changes);
        if (decision.steps.empty()) return made;
        std::string refused;
        bool progress = false;
        for (const auto& step : decision.steps) {
            const auto outcome = carry_out(run, step);
            if (outcome.kind == Kind::failed) return named(run.wanted, outcome.status, made.changes);
            if (outcome.kind == Kind::look_again) {
                // Only in a row: after a step that was done, what refuses may be another newcomer.
                if (!progress && step.sentence == refused_before)
                    return named(run.wanted, outcome.status, made.changes);
                refused = step.sentence;
                break;
            }
            // Unknown: it may have been done. The reading that follows does not do it again then.
            if (std::ranges::find(made.changes, step.sentence) == made.changes.end())
                made.changes.push_back(step.sentence);
            if (outcome.kind == Kind::unknown) {
                if (++unknown >= kMaxUnknown) return named(run.wanted, outcome.status, {});
                break;
            }
            progress = true;
            if (step.action == Action::create_trunk) break;
        }
        refused_before = std::move(refused);
    }
    return named(run.wanted,
                 Status(Code::unavailable,
                        "it does not come to rest: trunk or rule changed again after each of our changes; does another "
                        "Switchhook or tool want them otherwise?"),
                 made.changes);
}

}  // namespace switchhook::livekit_api
