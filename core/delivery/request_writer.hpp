// Writes the request of one attempt: dialect, signature, webhook-id. URL, secret and dialect are those of the moment.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <switchhook/forwarder.hpp>
#include <switchhook/host.hpp>

#include "core/delivery/dialects.hpp"
#include "core/delivery/secrets.hpp"
#include "core/livekit/reader.hpp"

namespace switchhook::delivery {

// One thread.
class RequestWriter {
public:
    RequestWriter(const Dialects& dialects, const Forwarder& forwarder, Secrets secrets, std::string room_prefix,
                  const Clock& clock);

    // The request, or the result of an attempt that could not be made: "invalid_url", "no_dialect", "no_secret",
    // "not_written". `checked_url` is the caller's memory of the URL that was last found good.
    std::variant<Request, AttemptResult> write(const std::shared_ptr<const livekit::ReadEvent>& event, const Hook& hook,
                                               std::string& checked_url);

    // From the next request on.
    void replace(Secrets secrets) { secrets_ = std::move(secrets); }

private:
    const Dialects& dialects_;
    const Forwarder& forwarder_;
    Secrets secrets_;
    std::string room_prefix_;
    const Clock& clock_;
};

}  // namespace switchhook::delivery
