// The delivery block and its retry profiles.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/reading.hpp"
#include "core/config/values.hpp"

namespace switchhook::config {
namespace {

constexpr std::array<std::string_view, 2> kOwnRetries{"call", "standard"};
constexpr std::size_t kMostSteps = 64;

bool is_own(std::string_view name) {
    for (const auto own : kOwnRetries)
        if (name == own) return true;
    return false;
}

Retry read_retry(const Node& node, const std::string& name, Reading& reading) {
    Retry retry;
    const std::string path = "delivery.retries." + name;
    const Node* const steps = given(&node, "steps");
    for (const auto& text : reading.texts(&node, "delivery.retries.*.steps"))
        retry.steps.push_back(parse_duration(text).value());
    if (steps == nullptr && !is_own(name)) reading.problem(node, path + ".steps is missing");
    if (steps != nullptr && steps->kind == NodeKind::list && (steps->items.empty() || steps->items.size() > kMostSteps))
        reading.problem(*steps, path + ".steps: must have 1 to " + std::to_string(kMostSteps) + " entries");

    if (const auto age = reading.number(&node, "delivery.retries.*.max_age")) retry.max_age = milliseconds(*age);
    // A usual one would be a trap: an age of a minute ends steps of hours before they begin.
    if (given(&node, "max_age") == nullptr && !is_own(name)) reading.problem(node, path + ".max_age is missing");

    if (given(&node, "refuse") != nullptr) {
        retry.refuse.emplace();
        for (const auto& text : reading.texts(&node, "delivery.retries.*.refuse"))
            retry.refuse->push_back(static_cast<int>(parse_integer(text).value()));
    }
    const Node* const breaker = given(&node, "breaker");
    if (const auto failures = reading.number(breaker, "delivery.retries.*.breaker.failures"))
        retry.failures = static_cast<std::uint32_t>(*failures);
    if (const auto pause = reading.number(breaker, "delivery.retries.*.breaker.pause"))
        retry.longest_pause = milliseconds(*pause);
    return retry;
}

// Empty when that profile exists, else what to say.
std::string unknown_retry(const std::string& name, const Delivery& how) {
    const auto known = retry_names(how);
    if (std::ranges::find(known, name) != known.end()) return {};
    std::string text = "no retry profile is called '" + name + "'";
    if (const std::string near = nearest(name, known); !near.empty()) return text + "; did you mean '" + near + "'?";
    text += "; there are ";
    for (const auto each : known) text.append(each == known.front() ? "" : ", ").append(each);
    return text;
}

}  // namespace

std::vector<std::string_view> retry_names(const Delivery& delivery) {
    std::vector<std::string_view> names(kOwnRetries.begin(), kOwnRetries.end());
    for (const auto& [name, retry] : delivery.retries)
        if (!is_own(name)) names.push_back(name);
    return names;
}

void compile_delivery(const Node* delivery, Reading& reading) {
    Delivery& how = reading.config().delivery;
    reading.take(how.dialect, delivery, "delivery.dialect");
    reading.take(how.retry, delivery, "delivery.retry");
    reading.take_number(how.concurrency, delivery, "delivery.concurrency");
    reading.take(how.timeout, delivery, "delivery.timeout");
    reading.take(how.max_age, delivery, "delivery.max_age");
    reading.take_number(how.window, delivery, "delivery.window");
    reading.take(how.park, delivery, "delivery.park");
    reading.take_number(how.park_events, delivery, "delivery.park_events");
    reading.take(how.keep, delivery, "delivery.keep");
    reading.take_number(how.keep_bytes, delivery, "delivery.keep_bytes");
    reading.take_number(how.dead_letters, delivery, "delivery.dead_letters");
    reading.take(how.dead_keep, delivery, "delivery.dead_keep");

    const Node* const retries = given(delivery, "retries");
    if (retries != nullptr && retries->kind == NodeKind::map)
        for (const auto& [name, node] : retries->entries)
            if (node.kind == NodeKind::map) how.retries.emplace(name, read_retry(node, name, reading));
    if (const auto text = unknown_retry(how.retry, how); !text.empty())
        reading.problem(*given(delivery, "retry"), "delivery.retry: " + text);
}

}  // namespace switchhook::config
