// The intake: what a worker does with a complete request to the webhook endpoint, up to the committer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <switchhook/host.hpp>

#include "core/base/guarded.hpp"
#include "core/base/log_limit.hpp"
#include "core/http/front.hpp"
#include "core/livekit/reader.hpp"
#include "core/livekit/verifier.hpp"
#include "core/metrics/metrics.hpp"
#include "core/pipeline/committer.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::pipeline {

class Intake {
public:
    // `committer` null: SIP is off, events are verified, read and answered. `room_prefix`: rooms that do not begin with
    // it are not SIP. The others outlive the intake.
    Intake(std::string room_prefix, const livekit::Verifier& verifier, const routing::Hooks& hooks,
           Committer* committer, metrics::Metrics& metrics, Log& log, const Clock& clock);
    ~Intake();

    // POST /livekit/webhook. Any worker thread, many at once, does not block: answers at once, or leaves the answer to
    // the committer. Every answer has an empty body.
    //   401 not proven genuine · 503 no key configured, or too much waits · 400 no event · 200 durable, or not ours
    void receive(http::Request request, http::Exchange exchange);

private:
    void answer(http::Exchange& exchange, const http::Response& response, TimePoint received);
    void refuse(http::Exchange& exchange, int status, std::string_view reason, const std::string& peer,
                std::string_view detail, TimePoint received);
    Result<std::shared_ptr<const livekit::ReadEvent>> read(std::string body);
    void route(std::shared_ptr<const livekit::ReadEvent> event, http::Exchange exchange, TimePoint received);

    const std::string room_prefix_;
    const livekit::Verifier& verifier_;
    const routing::Hooks& hooks_;
    Committer* const committer_;
    metrics::Metrics& metrics_;
    Log& log_;
    const Clock& clock_;
    base::Guarded<std::vector<std::unique_ptr<livekit::Reader>>> readers_;  // as many as workers were busy at once
    base::Guarded<base::LogLimit<std::string>> refusals_;
};

}  // namespace switchhook::pipeline
