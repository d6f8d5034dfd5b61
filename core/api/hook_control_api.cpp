#include "core/api/hook_control_api.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include "core/api/body.hpp"
#include "core/base/mask_numbers.hpp"
#include "core/livekit/reader.hpp"

namespace switchhook::api {
namespace {

using std::chrono::milliseconds;

// The forwarder ends an attempt at its deadline; this is for its own work around it.
constexpr milliseconds kGrace{2'000};

// What another thread answers, once; a second answer is not heard.
template <typename T>
class Answer {
public:
    void give(T value) {
        {
            const std::lock_guard lock(mutex_);
            if (value_) return;
            value_ = std::move(value);
        }
        given_.notify_all();
    }
    // Nothing: it did not come in time.
    std::optional<T> wait(milliseconds longest) {
        std::unique_lock lock(mutex_);
        given_.wait_for(lock, longest, [this] { return value_.has_value(); });
        return value_;
    }

private:
    std::mutex mutex_;
    std::condition_variable given_;
    std::optional<T> value_;
};

// Durable, or why not. `ask` is given whom the committer is to tell, who may hear of it later than anybody waits.
template <typename Ask>
Status durably(Ask ask) {
    const auto answer = std::make_shared<Answer<Status>>();
    ask([answer](const Status& status) { answer->give(status); });
    const auto given = answer->wait(HookControlApi::kDurable);
    return given ? *given : Status(Code::unavailable, "the outbox did not answer in time");
}

http::Response no_hook() {
    return error_response(404, "NOT_FOUND", "No such hook.");
}

http::Response later(http::Response response, const char* seconds) {
    response.headers.emplace_back("Retry-After", seconds);
    return response;
}

http::Response stopping() {
    return later(error_response(503, "UNAVAILABLE", "The server is stopping."), "5");
}

// Empty: half an escape, which is no host.
std::string host_in(const std::string& segment) {
    std::string host;
    try {
        Poco::URI::decode(segment, host);
    } catch (const Poco::Exception&) {
        return {};
    }
    for (char& c : host)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return host;
}

// In UTF-8, those of Unicode's second block (U+0080 to U+009F) included.
bool has_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7F) return true;
        if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
    }
    return false;
}

std::variant<std::string, http::Response> reason_in(const http::Request& request) {
    if (request.body.empty()) return std::string();
    const auto sent = read_texts(request);
    if (const auto* refused = std::get_if<http::Response>(&sent)) return *refused;
    std::string reason;
    for (const auto& [key, value] : std::get<0>(sent)) {
        if (key != "reason") return error_response(400, "INVALID_PARAMETER", key + ": unknown; known is reason");
        if (value.size() > HookControlApi::kReasonBytes || has_control(value))
            return error_response(400, "INVALID_PARAMETER",
                                  "reason: at most " + std::to_string(HookControlApi::kReasonBytes) +
                                      " bytes without control characters");
        reason = value;
    }
    return reason;
}

std::string test_id() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::random_device random;
    std::string id = "EV_test_";
    for (int i = 0; i < 20; ++i) id.push_back(kDigits[random() % kDigits.size()]);
    return id;
}

std::string_view name_of(const Identity& caller) {
    return caller.is_operator ? std::string_view("operator") : std::string_view(caller.tenant);
}

}  // namespace

struct HookControlApi::Attempt final : Answer<AttemptResult> {};

HookControlApi::HookControlApi(HookControl control, const routing::Hooks& hooks, const Authentication& authentication,
                               Log& log, const Clock& clock)
    : control_(std::move(control)), hooks_(hooks), authentication_(authentication), log_(log), clock_(clock) {}

HookControlApi::~HookControlApi() = default;

std::variant<HookControlApi::Target, http::Response> HookControlApi::find(const http::Request& request) const {
    auto identified = authentication_.identify(request);
    if (auto* refused = std::get_if<http::Response>(&identified)) return std::move(*refused);
    Target target{.caller = std::get<Identity>(std::move(identified)), .routes = hooks_.routes(), .hook = nullptr};
    const std::string host = host_in(request.parameter);
    const auto sorted = target.routes->hooks();
    const auto found = std::ranges::lower_bound(sorted, host, {}, &Hook::host);
    if (found == sorted.end() || found->host != host || !target.caller.acts_for(found->auth_id)) return no_hook();
    target.hook = &*found;
    return target;
}

http::Response HookControlApi::pause(const http::Request& request) {
    const auto found = find(request);
    if (const auto* refused = std::get_if<http::Response>(&found)) return *refused;
    const auto& [caller, routes, hook] = std::get<Target>(found);
    const auto sent = reason_in(request);
    if (const auto* refused = std::get_if<http::Response>(&sent)) return *refused;

    Paused paused{.hook = hook->id, .since_ms = clock_.unix_ms(), .reason = std::get<std::string>(sent)};
    if (const auto state = control_.lanes.of(hook->id); state && state->paused)
        paused.since_ms = state->paused->since_ms;  // only the reason is another
    const Status durable = durably([&](auto done) { control_.ledger.pause(paused, std::move(done)); });
    if (!durable) return failed(durable);
    paused_.with([&](auto& all) { all.insert(hook->id); });
    if (hooks_.routes()->find(hook->id) == nullptr) {
        // Removed meanwhile, by somebody who could not know of this pause yet.
        static_cast<void>(resume_durably(hook->id));
        return no_hook();
    }
    log_.info("a hook was paused over the API",
              {{"host", hook->host}, {"by", name_of(caller)}, {"reason", base::shown(paused.reason)}});
    return paused_response(hook->host, paused);
}

http::Response HookControlApi::resume(const http::Request& request) {
    const auto found = find(request);
    if (const auto* refused = std::get_if<http::Response>(&found)) return *refused;
    const auto& [caller, routes, hook] = std::get<Target>(found);
    if (const Status durable = resume_durably(hook->id); !durable) return failed(durable);
    log_.info("a hook was resumed over the API", {{"host", hook->host}, {"by", name_of(caller)}});
    return json_response(200, {{"host", hook->host}, {"state", "active"}});
}

Status HookControlApi::resume_durably(HookId hook) {
    Status durable = durably([&](auto done) { control_.ledger.resume(hook, std::move(done)); });
    if (durable) paused_.with([&](auto& all) { all.erase(hook); });
    return durable;
}

http::Response HookControlApi::test(const http::Request& request) {
    const auto found = find(request);
    if (const auto* refused = std::get_if<http::Response>(&found)) return *refused;
    const auto& target = std::get<Target>(found);
    const std::string& tenant = target.hook->auth_id;
    const auto mine = std::make_shared<Attempt>();
    const auto refusal = tests_.with([&](Tests& tests) {
        auto refused = refusal_of(tests, tenant);
        if (!refused) tests.under_way.emplace(tenant, mine);
        return refused;
    });
    if (refusal) return *refusal;
    struct End {
        base::Guarded<Tests>& tests;
        const std::string& tenant;
        ~End() {
            tests.with([this](Tests& all) { all.under_way.erase(tenant); });
        }
    } const end{tests_, tenant};
    return attempt(target, mine);
}

std::optional<http::Response> HookControlApi::refusal_of(const Tests& tests, const std::string& tenant) const {
    if (tests.stopped) return stopping();
    if (tests.under_way.contains(tenant))
        return later(error_response(429, "TOO_MANY_TESTS",
                                    "A test event of this tenant is under way, and no second one is sent at once; ask "
                                    "again when it has ended."),
                     "1");
    if (tests.under_way.size() >= kTestsAtOnce)
        return later(error_response(503, "UNAVAILABLE",
                                    "Test events of other tenants are under way, and no more are sent at once; ask "
                                    "again in a moment."),
                     "1");
    return std::nullopt;
}

http::Response HookControlApi::attempt(const Target& target, const std::shared_ptr<Attempt>& attempt) {
    TestTerms terms = control_.terms();
    auto event = livekit::Reader().read(test_event(test_id(), terms.room_prefix + "test", clock_.unix_ms() / 1'000));
    if (!event) return error_response(500, "TEST_FAILED", "The test event could not be made.");
    std::string checked_url;
    auto written = terms.writer.write(*event, *target.hook, checked_url);
    if (auto* failed = std::get_if<AttemptResult>(&written))
        attempt->give(std::move(*failed));
    else
        control_.forwarder.send(std::get<Request>(std::move(written)), terms.timeout,
                                [attempt](AttemptResult result) { attempt->give(std::move(result)); });
    const auto result = attempt->wait(terms.timeout + kGrace);
    if (!result) return error_response(500, "TEST_FAILED", "The forwarder did not say what became of the attempt.");
    const auto outcome = delivery::outcome_of(*result, terms.profiles.find(target.hook->retry));
    if (outcome == delivery::Outcome::stopped) return stopping();
    log_.info("a test event was sent", {{"host", target.hook->host},
                                        {"by", name_of(target.caller)},
                                        {"code", result->code},
                                        {"detail", base::shown(result->detail)}});
    return tested_response(outcome, *result);
}

void HookControlApi::forget_removed() {
    auto paused = paused_.with([](const auto& all) { return all; });
    for (const auto& state : control_.lanes.special())
        if (state.paused) paused.insert(state.hook);
    const auto routes = hooks_.routes();
    for (const HookId hook : paused) {
        if (routes->find(hook) != nullptr) continue;
        if (const Status resumed = resume_durably(hook); !resumed) {
            log_.warning("pauses of hooks that were removed stay until the next change", {{"why", resumed.message()}});
            return;  // the caller has waited long enough
        }
    }
}

void HookControlApi::stop() {
    const auto under_way = tests_.with([](Tests& tests) {
        tests.stopped = true;
        return tests.under_way;
    });
    AttemptResult stopped;
    stopped.code = "stopped";
    for (const auto& [tenant, attempt] : under_way) attempt->give(stopped);
}

http::Response HookControlApi::failed(const Status& status) const {
    log_.warning("a hook was neither paused nor resumed", {{"why", status.message()}});
    return later(error_response(503, "UNAVAILABLE", "That cannot be made durable now; try again later."), "5");
}

}  // namespace switchhook::api
