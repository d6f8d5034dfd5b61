#include "core/delivery/request_writer.hpp"

#include <utility>

namespace switchhook::delivery {
namespace {

AttemptResult failed(std::string code, std::string detail) {
    AttemptResult result;
    result.code = std::move(code);
    result.detail = std::move(detail);
    return result;
}

}  // namespace

RequestWriter::RequestWriter(const Dialects& dialects, const Forwarder& forwarder, Secrets secrets,
                             std::string room_prefix, const Clock& clock)
    : dialects_(dialects),
      forwarder_(forwarder),
      secrets_(std::move(secrets)),
      room_prefix_(std::move(room_prefix)),
      clock_(clock) {}

std::variant<Request, AttemptResult> RequestWriter::write(const std::shared_ptr<const livekit::ReadEvent>& event,
                                                          const Hook& hook, std::string& checked_url) {
    // check() looks at the text alone, so that the same text need not be judged for every event.
    if (checked_url != hook.url) {
        if (const Status good = forwarder_.check(hook.url); !good.ok()) return failed("invalid_url", good.message());
        checked_url = hook.url;
    }
    const std::string_view name = dialects_.name_for(hook);
    const Dialect* dialect = dialects_.find(name);
    if (!dialect) return failed("no_dialect", "no dialect is called '" + std::string(name) + "'");
    const auto secrets = secrets_.of(hook, name);
    if (secrets.empty()) return failed("no_secret", "the hook has no secret, and sip.hook_secret is not set");

    const Event& seen = event->event();
    auto written = dialect->write({.event = seen, .hook = hook, .room_prefix = room_prefix_},
                                  {.secret = secrets.front(),
                                   .auth_id = signing_name(hook),
                                   .unix_seconds = clock_.unix_ms() / 1'000,
                                   .other_secrets = secrets.subspan(1)});
    if (!written) return failed("not_written", written.status().message());
    Written made = std::move(written).value();

    Request request;
    request.url = hook.url;
    request.headers = std::move(made.headers);
    request.headers.push_back({"webhook-id", std::string(seen.id)});
    if (made.body)
        request.body = std::make_shared<const std::string>(std::move(*made.body));
    else
        request.body = livekit::ReadEvent::body(event);
    return request;
}

}  // namespace switchhook::delivery
