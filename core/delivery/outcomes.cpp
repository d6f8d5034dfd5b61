#include "core/delivery/outcomes.hpp"

#include <algorithm>
#include <array>

namespace switchhook::delivery {
namespace {

constexpr std::array kCodes{
    OutcomeCode{"delivered", Means::delivered},     OutcomeCode{"connect_refused", Means::hook},
    OutcomeCode{"connect_failed", Means::hook},     OutcomeCode{"connection_reset", Means::hook},
    OutcomeCode{"dns_failed", Means::hook},         OutcomeCode{"tls_failed", Means::hook},
    OutcomeCode{"tls_verify_failed", Means::hook},  OutcomeCode{"timeout_connect", Means::hook},
    OutcomeCode{"timeout_response", Means::hook},   OutcomeCode{"bad_response", Means::hook},
    OutcomeCode{"response_too_large", Means::hook}, OutcomeCode{"dns_unavailable", Means::ours},
    OutcomeCode{"network_down", Means::ours},       OutcomeCode{"own_fault", Means::ours},
    OutcomeCode{"no_dialect", Means::ours},         OutcomeCode{"no_secret", Means::ours},
    OutcomeCode{"not_written", Means::ours},        OutcomeCode{"forbidden_address", Means::refusal},
    OutcomeCode{"invalid_url", Means::refusal},     OutcomeCode{"stopped", Means::stopped},
    OutcomeCode{"expired", Means::no_attempt},      OutcomeCode{"stale", Means::no_attempt},
    OutcomeCode{"hook_removed", Means::no_attempt}, OutcomeCode{"unreadable", Means::no_attempt},
};

// The registry of RFC 9110, 16.2.1, from 300 on.
struct Status {
    int status;
    std::string_view code;
};
constexpr std::array kStatuses{
    Status{300, "status_300"}, Status{301, "status_301"}, Status{302, "status_302"}, Status{303, "status_303"},
    Status{304, "status_304"}, Status{305, "status_305"}, Status{307, "status_307"}, Status{308, "status_308"},
    Status{400, "status_400"}, Status{401, "status_401"}, Status{402, "status_402"}, Status{403, "status_403"},
    Status{404, "status_404"}, Status{405, "status_405"}, Status{406, "status_406"}, Status{407, "status_407"},
    Status{408, "status_408"}, Status{409, "status_409"}, Status{410, "status_410"}, Status{411, "status_411"},
    Status{412, "status_412"}, Status{413, "status_413"}, Status{414, "status_414"}, Status{415, "status_415"},
    Status{416, "status_416"}, Status{417, "status_417"}, Status{421, "status_421"}, Status{422, "status_422"},
    Status{423, "status_423"}, Status{424, "status_424"}, Status{425, "status_425"}, Status{426, "status_426"},
    Status{428, "status_428"}, Status{429, "status_429"}, Status{431, "status_431"}, Status{451, "status_451"},
    Status{500, "status_500"}, Status{501, "status_501"}, Status{502, "status_502"}, Status{503, "status_503"},
    Status{504, "status_504"}, Status{505, "status_505"}, Status{506, "status_506"}, Status{507, "status_507"},
    Status{508, "status_508"}, Status{510, "status_510"}, Status{511, "status_511"},
};

const OutcomeCode* find(std::string_view code) {
    const auto found = std::ranges::find(kCodes, code, &OutcomeCode::code);
    return found == kCodes.end() ? nullptr : &*found;
}

bool is_2xx(int status) {
    return status >= 200 && status <= 299;
}

}  // namespace

std::span<const OutcomeCode> outcome_codes() {
    return kCodes;
}

Outcome outcome_of(const AttemptResult& result, const RetryProfile& profile) {
    if (is_2xx(result.status)) return Outcome::delivered;
    if (const auto* known = find(result.code)) {
        if (known->means == Means::stopped) return Outcome::stopped;
        if (known->means == Means::refusal) return Outcome::refused;
    }
    return profile.refuses(result.status) ? Outcome::refused : Outcome::retry;
}

bool is_our_fault(const AttemptResult& result) {
    if (result.status != 0) return false;
    const auto* known = find(result.code);
    return known && known->means == Means::ours;
}

std::string_view counted_code(const AttemptResult& result) {
    if (is_2xx(result.status)) return "delivered";
    if (result.status != 0) {
        const auto found = std::ranges::find(kStatuses, result.status, &Status::status);
        return found == kStatuses.end() ? std::string_view("status_other") : found->code;
    }
    const auto* known = find(result.code);
    return known ? known->code : std::string_view("other");
}

}  // namespace switchhook::delivery
