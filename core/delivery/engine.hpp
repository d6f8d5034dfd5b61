// The delivery engine: one thread that owns all lanes. It hears of new deliveries, of attempts that ended, of
// settlements that became durable and of claims that were answered, and wakes for nothing else but the next due time.
//
// Per hook one lane. In a lane the deliveries of one stream leave strictly one after the other, the next only when the
// end of the one before it is durable; different streams leave in parallel, up to `concurrency`. A delivery that waits
// for its retry holds back its stream and nothing else. What does not fit a lane's window waits in the outbox and is
// claimed when there is room: a full lane refuses nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include <switchhook/forwarder.hpp>
#include <switchhook/host.hpp>

#include "core/base/mailbox.hpp"
#include "core/delivery/lane.hpp"
#include "core/delivery/ledger.hpp"
#include "core/delivery/reports.hpp"
#include "core/delivery/request_writer.hpp"
#include "core/delivery/retry.hpp"
#include "core/metrics/metrics.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::delivery {

struct EngineSettings {
    std::size_t concurrency = 8;                // delivery.concurrency: streams of one hook under way at once
    std::size_t window = 256;                   // delivery.window: deliveries of one hook in memory
    std::chrono::milliseconds timeout{10'000};  // delivery.timeout: whole attempt
    std::chrono::milliseconds max_age{60'000};  // delivery.max_age: an attempt that fails later is the last
    std::uint64_t seed = 0;                     // of the jitter
};

class Engine final : public Sink {
public:
    // The others outlive the engine; completions of the forwarder may come later than its end.
    Engine(EngineSettings settings, const routing::Hooks& hooks, RequestWriter writer, Forwarder& forwarder,
           Ledger& ledger, metrics::Metrics& metrics, Log& log, const Clock& clock);
    ~Engine() override;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    void start();
    // Begins no further attempt and waits, at most that long, until those under way have ended; their settlements are
    // with the ledger on return. Safe twice, and without start.
    void stop(std::chrono::milliseconds deadline);

    // One round over all that has arrived and is due; the thread's body, and a test's. The time at which there is more
    // to do, or nothing: only a message brings more.
    std::optional<TimePoint> run_once();

    void backlog(std::vector<Backlog> hooks) override;
    void ready(std::vector<Ready> deliveries) override;
    void settled(std::vector<Settlement> settlements) override;
    void claimed(HookId hook, Result<Claimed> answer) override;

private:
    struct LeftBehind {
        std::vector<HookId> hooks;  // their deliveries are to be claimed
    };
    struct ClaimAnswer {
        HookId hook;
        Result<Claimed> answer;
    };
    struct AttemptDone {
        HookId hook;
        Place place;
        DeliveryId id;
        AttemptResult result;
    };
    struct Stop {
        TimePoint deadline;
    };
    using Message =
        std::variant<std::vector<Ready>, LeftBehind, std::vector<Settlement>, ClaimAnswer, AttemptDone, Stop>;
    struct Timer {
        TimePoint due;
        HookId hook = 0;
        Place place = 0;
        DeliveryId id = 0;  // 0: the lane's claim
        friend bool operator>(const Timer& a, const Timer& b) { return a.due > b.due; }
    };

    void hear(std::vector<Ready>& deliveries);
    void hear(LeftBehind& left);
    void hear(std::vector<Settlement>& settlements);
    void hear(ClaimAnswer& claim);
    void hear(AttemptDone& attempt);
    void hear(Stop& stop);

    Lane& lane_of(HookId hook);
    void touch(Lane& lane);
    // Takes a delivery of the store or of the committer into its lane.
    void admit(Lane& lane, WaitingDelivery& delivery, std::shared_ptr<const livekit::ReadEvent> event,
               TimePoint appended, std::uint64_t fence);
    void first_of_stream(Lane& lane, Place place);
    void fire_timers();
    void finish_round();
    void send_what_can_leave(Lane& lane);
    void claim_what_fits(Lane& lane);
    void attempt(Lane& lane, Place place);
    void attempted(Lane& lane, Place place, const AttemptResult& result);
    void repeat(Lane& lane, Place place, const AttemptResult& result);
    void end(Lane& lane, Place place, DeliveryState state, std::string_view code, std::string_view last_code);
    std::string_view host_of(const Lane& lane) const;
    void run();

    const EngineSettings settings_;
    const routing::Hooks& hooks_;
    RequestWriter writer_;
    Forwarder& forwarder_;
    Ledger& ledger_;
    const Clock& clock_;
    Reports reports_;
    RetryClock retry_clock_;
    livekit::Reader reader_;

    // Shared with completions: one that comes after the engine's end finds a box that nobody reads.
    std::shared_ptr<base::Mailbox<Message>> mailbox_ = std::make_shared<base::Mailbox<Message>>();
    std::atomic<std::size_t> handed_over_ = 0;  // deliveries in the mailbox

    // The rest belongs to the engine's thread.
    std::vector<Message> heard_;
    std::unordered_map<HookId, Lane> lanes_;
    std::vector<Lane*> touched_;
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    std::vector<Settlement> settlements_;
    std::shared_ptr<const routing::Routes> routes_;  // of this round
    TimePoint now_;
    std::size_t under_way_ = 0;
    std::optional<TimePoint> stop_at_;

    std::thread thread_;
};

}  // namespace switchhook::delivery
