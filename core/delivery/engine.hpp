// The delivery engine: one thread that owns all lanes. It hears of new deliveries, of attempts that ended, of
// settlements that became durable and of claims that were answered, and wakes for nothing else but the next due time.
//
// Per hook one lane. In a lane the deliveries of one stream leave strictly one after the other, the next only when the
// end of the one before it is durable; different streams leave in parallel, up to `concurrency`, as fast as the hook's
// rate allows. A delivery that waits for its retry holds back its stream and nothing else: no stream fills the lane's
// window (lane.hpp), and slots are kept for first attempts and for retries (Lane::next_to_leave). What does not fit a
// lane's window waits in the outbox and is claimed when there is room: a full lane refuses nothing.
//
// A lane whose attempts fail one after the other is asked by a probe alone until it answers (breaker.hpp); one that is
// paused is sent nothing. In both cases deliveries wait, in the window and in the outbox. Nothing expires while it
// waits: age is looked at when an attempt has failed, and one that left before the breaker opened is not the last.
// Faults of our own side do not count for the breaker.
//
// Memory: per lane at most `window` events and kOfALane bytes of their bodies, kOfAllLanes for all lanes together,
// kOfEachLane and one event beyond that for each lane (lane.hpp); `window` held streams of 32 bytes, one timer for each
// delivery that waits for its time and one for the lane; what waits in the outbox beyond that costs nothing here.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <switchhook/forwarder.hpp>
#include <switchhook/host.hpp>

#include "core/base/mailbox.hpp"
#include "core/delivery/lane.hpp"
#include "core/delivery/lane_states.hpp"
#include "core/delivery/ledger.hpp"
#include "core/delivery/outcomes.hpp"
#include "core/delivery/reports.hpp"
#include "core/delivery/request_writer.hpp"
#include "core/delivery/retry.hpp"
#include "core/delivery/wall_time.hpp"
#include "core/metrics/metrics.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::delivery {

struct EngineSettings {
    std::size_t concurrency = 8;                // delivery.concurrency: streams of one hook under way at once
    std::size_t window = 256;                   // delivery.window: deliveries of one hook in memory
    std::chrono::milliseconds timeout{10'000};  // delivery.timeout: whole attempt
    RetryProfiles profiles{};                   // delivery.retry, delivery.retries
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

    // Any thread, never block. In effect once it is durable, and then `done` is told (see Ledger); attempts under way
    // end as they would. To pause a paused hook changes its reason; to resume one that is not paused is well.
    void pause(HookId hook, std::string reason, Ledger::Done done = {});
    void resume(HookId hook, Ledger::Done done = {});
    // Any thread, does not block: from the next round on. Attempts under way end as they would; window and seed stay.
    void reconfigure(EngineSettings settings, Secrets secrets);
    // Any thread, does not block: `answer` is called once, by the engine's thread, in its next round.
    void ping(std::function<void()> answer);
    // Any thread.
    const LaneStates& lanes() const { return states_; }

    void paused(std::vector<Paused> hooks) override;
    void resumed(HookId hook) override;
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
    struct Resumed {
        HookId hook;
    };
    struct Reconfigured {
        EngineSettings settings;
        Secrets secrets;
    };
    struct Ping {
        std::function<void()> answer;
    };
    struct Stop {
        TimePoint deadline;
    };
    using Message = std::variant<std::vector<Ready>, LeftBehind, std::vector<Settlement>, ClaimAnswer, AttemptDone,
                                 std::vector<Paused>, Resumed, Reconfigured, Ping, Stop>;
    struct Timer {
        enum class What : std::uint8_t { delivery = 1, claim, look };
        TimePoint due;
        What what = What::delivery;
        HookId hook = 0;
        Place place = 0;
        DeliveryId id = 0;  // of a delivery
        friend bool operator>(const Timer& a, const Timer& b) { return a.due > b.due; }
    };

    void hear(std::vector<Ready>& deliveries);
    void hear(LeftBehind& left);
    void hear(std::vector<Settlement>& settlements);
    void hear(ClaimAnswer& claim);
    void hear(AttemptDone& attempt);
    void hear(std::vector<Paused>& hooks);
    void hear(Resumed& resumed);
    void hear(Reconfigured& reconfigured);
    static void hear(Ping& ping) { ping.answer(); }
    void hear(Stop& stop);

    // Rounds.
    Lane& lane_of(HookId hook);
    void touch(Lane& lane);
    void fire_timers();
    void look_again(Lane& lane, TimePoint at);
    void finish_round();
    void publish(const Lane& lane);
    void run();

    // Windows.
    // Takes a delivery of the store or of the committer into its lane.
    void admit(Lane& lane, WaitingDelivery& delivery, std::shared_ptr<const livekit::ReadEvent> event,
               TimePoint appended, std::uint64_t fence);
    void first_of_stream(Lane& lane, Place place);
    void claim_what_fits(Lane& lane);
    bool look_at_next_claimer();
    bool look_at_next_without_bytes();

    // Attempts.
    const Hook* hook_of(const Lane& lane) const { return routes_->find(lane.hook()); }
    std::string_view host_of(const Lane& lane) const;
    const RetryProfile& profile_of(const Lane& lane) const;
    std::size_t concurrency_of(const Lane& lane) const;
    void send_what_can_leave(Lane& lane);
    void remove_what_waits(Lane& lane);
    void attempt(Lane& lane, Place place, const Hook& hook);
    void attempted(Lane& lane, Place place, const AttemptResult& result);
    void judge_hook(Lane& lane, const Entry& entry, Outcome outcome, const AttemptResult& result);
    void failed(Lane& lane, Place place, const AttemptResult& result, AttemptRecord record);
    void end(Lane& lane, Place place, DeliveryState state, std::string_view code, std::string_view last_code,
             std::optional<AttemptRecord> record);
    void pause_at_once(Lane& lane, std::string reason);

    EngineSettings settings_;  // the engine thread's, once it runs
    const routing::Hooks& hooks_;
    RequestWriter writer_;
    Forwarder& forwarder_;
    Ledger& ledger_;
    const Clock& clock_;
    Reports reports_;
    RetryClock retry_clock_;
    livekit::Reader reader_;
    LaneStates states_;

    // Shared with completions: one that comes after the engine's end finds a box that nobody reads.
    std::shared_ptr<base::Mailbox<Message>> mailbox_ = std::make_shared<base::Mailbox<Message>>();
    std::atomic<std::size_t> handed_over_ = 0;  // deliveries in the mailbox

    // The rest belongs to the engine's thread.
    std::vector<Message> heard_;
    WindowBytes window_bytes_;  // outlives the lanes
    std::unordered_map<HookId, Lane> lanes_;
    std::unordered_map<HookId, Paused> paused_;
    std::vector<Lane*> touched_;
    std::size_t claims_ = 0;                                   // not answered yet
    std::deque<HookId> wait_to_claim_;                         // until there are fewer
    std::set<std::pair<std::size_t, HookId>> wait_for_bytes_;  // by what they hold; see Lane::lacks_bytes
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    std::vector<Settlement> settlements_;
    std::shared_ptr<const routing::Routes> routes_;  // of this round
    TimePoint now_;
    WallTime wall_time_;
    std::size_t under_way_ = 0;
    std::optional<TimePoint> stop_at_;

    std::thread thread_;
};

}  // namespace switchhook::delivery
