#include "decision.hpp"

#include <algorithm>
#include <utility>

#include "failure.hpp"
#include "mark.hpp"

namespace switchhook::livekit_api {
namespace {

template <typename T>
struct Ours {
    const T* kept = nullptr;
    std::vector<const T*> duplicates;  // marked, so made by us
    std::vector<const T*> foreign;
};

// `objects` in ascending order of ids.
template <typename T>
Ours<T> sort_out(const std::vector<T>& objects, const std::string& name, const std::string& room_prefix) {
    Ours<T> ours;
    const T* named = nullptr;
    for (const auto& object : objects) {
        const auto mark = read_mark(object.metadata, room_prefix);
        if (mark == Mark::ours)
            (ours.kept == nullptr ? ours.kept : ours.duplicates.emplace_back()) = &object;
        else
            ours.foreign.push_back(&object);
        if (mark == Mark::none && object.name == name && named == nullptr) named = &object;
    }
    if (ours.kept == nullptr && named != nullptr) {
        ours.kept = named;
        std::erase(ours.foreign, named);
    }
    return ours;
}

std::string named(std::string_view kind, std::string_view name, std::string_view id) {
    return std::string(kind) + " '" + clean(name) + "' (" + clean(id) + ")";
}

std::string listed(const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& text : texts) list.append(list.empty() ? "" : ", ").append(text);
    return list;
}

std::string joined(const Differences& differences) {
    std::string text;
    for (const auto& difference : differences) text.append(text.empty() ? "" : "; ").append(difference);
    return text;
}

// Who made what is in the way, and what a person can do about it.
std::string way_out(std::string_view metadata, std::string_view id, std::string_view command, std::string_view key) {
    const std::string removal = "delete it (lk sip " + std::string(command) + " delete " + clean(id) + ")";
    if (const auto prefix = marked_prefix(metadata); !prefix.empty())
        return " A Switchhook made it for the room prefix '" + clean(prefix) + "': if none uses that any more, " +
               removal;
    return " Switchhook did not make it: " + removal + ", or give its name in provisioner." + std::string(key) +
           " so that it becomes ours";
}

// What is certain only: LiveKit knows more conflicts (numbers in other spellings), and says so when it is asked.
Status trunk_conflict(const Ours<Trunk>& ours) {
    if (ours.kept != nullptr && !ours.kept->allowed_numbers.empty()) return {};
    for (const Trunk* const other : ours.foreign)
        if (other->numbers.empty() && other->allowed_numbers.empty())
            return {Code::conflict,
                    named("trunk", other->name, other->id) +
                        " takes the calls to every number, as ours must, and LiveKit allows one such trunk: "
                        "it refuses a second, and refuses every call (503) while two are stored." +
                        way_out(other->metadata, other->id, "inbound", "trunk") + ", or give it numbers of its own"};
    return {};
}

Status rule_conflict(const Ours<Rule>& ours, const Trunk* trunk) {
    if (trunk == nullptr || (ours.kept != nullptr && !ours.kept->any_number)) return {};
    const std::string pin = ours.kept != nullptr ? ours.kept->pin : std::string();
    for (const Rule* const other : ours.foreign) {
        const bool same_trunk = std::ranges::find(other->trunk_ids, trunk->id) != other->trunk_ids.end();
        if (same_trunk && other->any_number && other->pin == pin)
            return {Code::conflict, named("rule", other->name, other->id) + " takes all calls of our " +
                                        named("trunk", trunk->name, trunk->id) +
                                        ", and LiveKit allows one such rule: it refuses every call (503) while two are "
                                        "stored." +
                                        way_out(other->metadata, other->id, "dispatch", "rule") +
                                        ", or take our trunk out of it"};
    }
    return {};
}

void trunk_steps(Decision& decision, const Ours<Trunk>& ours, const WantedState& wanted) {
    for (const Trunk* const extra : ours.duplicates)
        decision.steps.push_back(
            {Action::delete_trunk,
             extra->id,
             {},
             "delete " + named("trunk", extra->name, extra->id) + ", our duplicate of " + clean(ours.kept->id)});
    if (ours.kept == nullptr) {
        decision.steps.push_back({Action::create_trunk,
                                  {},
                                  new_trunk(wanted),
                                  "create trunk '" + clean(wanted.trunk_name) + "': calls from " +
                                      clean(listed(wanted.allowed_addresses)) + ", all headers"});
        return;
    }
    decision.trunk_id = ours.kept->id;
    if (const auto differences = trunk_differences(ours.kept->object, wanted); !differences.empty())
        decision.steps.push_back(
            {Action::replace_trunk, ours.kept->id, changed_trunk(ours.kept->object, wanted),
             "update " + named("trunk", ours.kept->name, ours.kept->id) + ": " + joined(differences)});
}

void rule_steps(Decision& decision, const Ours<Rule>& ours, const WantedState& wanted) {
    for (const Rule* const extra : ours.duplicates)
        decision.steps.push_back(
            {Action::delete_rule,
             extra->id,
             {},
             "delete " + named("rule", extra->name, extra->id) + ", our duplicate of " + clean(ours.kept->id)});
    const auto& trunk = decision.trunk_id;
    if (ours.kept == nullptr) {
        decision.steps.push_back({Action::create_rule,
                                  {},
                                  new_rule(wanted, trunk),
                                  "create rule '" + clean(wanted.rule_name) + "': trunk " +
                                      (trunk.empty() ? "the new one" : clean(trunk)) + ", rooms '" +
                                      clean(wanted.room_prefix) + "...', max_participants " +
                                      std::to_string(wanted.max_participants)});
        return;
    }
    decision.rule_id = ours.kept->id;
    if (const auto differences = rule_differences(ours.kept->object, wanted, trunk); !differences.empty())
        decision.steps.push_back(
            {Action::replace_rule, ours.kept->id, changed_rule(ours.kept->object, wanted, trunk),
             "update " + named("rule", ours.kept->name, ours.kept->id) + ": " + joined(differences)});
}

}  // namespace

Decision decide(const SipState& state, const WantedState& wanted) {
    const auto trunks = sort_out(state.trunks, wanted.trunk_name, wanted.room_prefix);
    const auto rules = sort_out(state.rules, wanted.rule_name, wanted.room_prefix);
    Decision decision;
    decision.conflict = trunk_conflict(trunks);
    if (decision.conflict.ok()) decision.conflict = rule_conflict(rules, trunks.kept);
    if (!decision.conflict.ok()) return decision;
    trunk_steps(decision, trunks, wanted);
    rule_steps(decision, rules, wanted);
    return decision;
}

}  // namespace switchhook::livekit_api
