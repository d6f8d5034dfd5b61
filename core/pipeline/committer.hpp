// The committer: one thread that turns whatever waits into one durable group and answers the whole group. There is no
// timer on the way: the next group is what came while the previous one was being written.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <switchhook/host.hpp>
#include <switchhook/outbox.hpp>

#include "core/base/guarded.hpp"
#include "core/base/mailbox.hpp"
#include "core/delivery/dialects.hpp"
#include "core/delivery/ledger.hpp"
#include "core/http/front.hpp"
#include "core/livekit/reader.hpp"
#include "core/metrics/metrics.hpp"
#include "core/pipeline/group_reports.hpp"
#include "core/pipeline/room_owners.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::pipeline {

using delivery::TimePoint;

// An event on its way into the outbox, and the duty to answer for it.
struct Arrival {
    std::shared_ptr<const livekit::ReadEvent> event;
    std::shared_ptr<const routing::Routes> routes;  // keeps the tenants' names in `matches` alive
    std::vector<Match> matches;
    std::string host;  // that was looked for, for the log
    bool may_park = false;
    TimePoint received;
    http::Exchange exchange;
};

// 200 with an empty body: LiveKit never reads one, and an unread body costs it the connection.
const http::Response& accepted();
// 503 with Retry-After: 5, which keeps LiveKit trying for 20 s; a shorter one shortens its patience.
const http::Response& try_later();

struct CommitterSettings {
    std::size_t waiting = 8'192;                         // events that wait for their commit; more: 503
    std::size_t waiting_bytes = std::size_t{64} << 20U;  // of their bodies
    std::size_t group = 512;                             // events of one commit
    std::size_t group_bytes = std::size_t{16} << 20U;    // of their bodies
    std::size_t group_settlements = 2'048;
};

class Committer final : public delivery::Ledger {
public:
    // The others outlive the committer.
    Committer(CommitterSettings settings, Outbox& outbox, const routing::Hooks& hooks,
              const delivery::Dialects& dialects, metrics::Metrics& metrics, Log& log, const Clock& clock);
    ~Committer() override;
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    // Before start. `owners` outlives the committer, or at least its stop.
    void tell(RoomOwners& owners) { owners_ = &owners; }

    // Reads the backlog of earlier runs, hands it to `sink`, and begins. Not ok: the outbox cannot be read, nothing
    // began. `sink` outlives the committer, or at least its stop.
    Status start(delivery::Sink& sink);
    // After start, once: waits until the outbox takes events without having to read anything first. What waits since an
    // earlier run is claimed and settled meanwhile. Not ok: the outbox cannot be read; unavailable also when
    // `gives_up`, which is asked ten times a second, answers true.
    Status wait_until_open(const std::function<bool()>& gives_up);
    // Takes nothing new, commits what waits, and ends; what the outbox has not taken by the deadline is answered 503,
    // and settlements that were not taken are recovered at the next start. Safe twice, and without start.
    void stop(std::chrono::milliseconds deadline);

    // Any thread, never blocks. False: too much waits, or the end has begun; the arrival is untouched and still to be
    // answered.
    bool offer(Arrival& arrival);
    void settle(std::vector<delivery::Settlement> settlements) override;
    void claim(HookId hook, DeliveryId after, std::size_t limit) override;
    void pause(Paused paused, Done done) override;
    void resume(HookId hook, Done done) override;
    // Any thread, never blocks: makes it durable when its turn comes.
    void set_mark(Mark mark, std::int64_t value);

    // Any thread, never blocks: `answer` is called once, by the committer's thread, when it has taken what waits.
    void ping(std::function<void()> answer);

    // Any thread but the committer's; wait for their turn and for the disk. What Outbox's calls of that name answer;
    // unavailable when the end has begun.
    Result<DeliveryId> requeue(DeliveryId id, TenantScope scope);
    Result<RequeueJob> begin_requeue(LogFilter filter);
    Result<RequeueJob> cancel_requeue(JobId id, TenantScope scope);

    // Any thread. Not ok: commits fail, or the outbox is full, and webhooks are answered 503. A failure counts for 10 s
    // unless it shows itself again: without traffic nothing else would tell that it is over.
    Status health() const;

    // What start() does on the thread, for tests that have none.
    Status recover(delivery::Sink& sink);
    // Commits and does whatever waits and is due. The time at which there is more to do, or nothing.
    std::optional<TimePoint> run_once();

private:
    struct ClaimRequest {
        HookId hook;
        DeliveryId after;
        std::size_t limit;
    };
    struct MarkRequest {
        Mark mark;
        std::int64_t value;
    };
    struct PauseRequest {
        Paused paused;
        Done done;  // empty: it is tried until it is durable
    };
    struct ResumeRequest {
        HookId hook;
        Done done;
    };
    struct Ping {
        std::function<void()> answer;
    };
    struct Stop {
        TimePoint deadline;
    };
    // One call of the outbox for another thread. `run` answers it; it is given a Status instead when the end came
    // first.
    struct Order {
        std::function<void(const Status& refused)> run;
    };
    using Message = std::variant<Arrival, std::vector<delivery::Settlement>, ClaimRequest, MarkRequest, PauseRequest,
                                 ResumeRequest, Order, Ping, Stop>;
    struct Failing {
        Status status;
        TimePoint at;
    };
    enum class Fault : std::uint8_t { none = 1, full, commit };

    void hear();
    void hear(Arrival& arrival) { arrivals_.push_back(std::move(arrival)); }
    void hear(std::vector<delivery::Settlement>& settlements);
    void hear(ClaimRequest& claim) { claims_.push_back(claim); }
    void hear(MarkRequest& request);
    static void hear(Ping& ping) { ping.answer(); }
    void hear(Order& order) { orders_.push_back(std::move(order)); }
    void hear(PauseRequest& request) { pauses_.emplace_back(std::move(request)); }
    void hear(ResumeRequest& request) { pauses_.emplace_back(std::move(request)); }
    void hear(Stop& stop);
    void keep(std::vector<delivery::Settlement> settlements);
    void take_group();
    void take_settlements();
    void commit_group();
    // When the outbox refuses them for good, the members of the group are tried apart: one bad event must not cost
    // others.
    void commit(std::span<Arrival> arrivals, std::span<delivery::Settlement> settlements);
    void commit_halves(std::span<Arrival> arrivals, std::span<delivery::Settlement> settlements);
    void committed(std::span<Arrival> arrivals, std::span<delivery::Settlement> settlements, Committed result);
    void hand_over(std::span<const Arrival> arrivals, std::span<delivery::Settlement> settlements, Committed& result);
    void refused(std::span<Arrival> arrivals, std::span<delivery::Settlement> settlements, const Status& why);
    void answer(Arrival& arrival, const http::Response& response);
    void answer_claims();
    void run_orders();
    template <typename T, typename Use>
    Result<T> ordered(Use use);
    // For their lanes: what the outbox made ready beside a commit.
    void hand_over(std::vector<WaitingDelivery> ready);
    void change_pauses();
    bool change(PauseRequest& request);
    bool change(ResumeRequest& request);
    void maintain();
    void look_whether_open();
    void set_fault(Fault fault, const Status& status);
    void clear_fault(Fault fault);
    std::optional<TimePoint> next_time() const;
    void run();

    const CommitterSettings settings_;
    Outbox& outbox_;
    const routing::Hooks& hooks_;
    const delivery::Dialects& dialects_;
    const Clock& clock_;
    GroupReports reports_;

    base::Mailbox<Message> mailbox_;
    std::atomic<std::size_t> waiting_ = 0;
    std::atomic<std::size_t> waiting_bytes_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> ordering_ = 0;  // threads that are about to push an order
    base::Guarded<Failing> failing_;

    // The rest belongs to the committer's thread.
    delivery::Sink* sink_ = nullptr;
    RoomOwners* owners_ = nullptr;  // null: nobody wants to know
    std::vector<Message> heard_;
    std::deque<Arrival> arrivals_;
    std::vector<delivery::Settlement> unsettled_;
    std::vector<ClaimRequest> claims_;
    std::vector<Order> orders_;
    std::vector<Arrival> group_;
    std::vector<delivery::Settlement> group_settlements_;
    std::vector<Append> appends_;
    std::vector<Settled> settled_;
    std::vector<Attempt> attempts_;  // of settled_
    std::vector<std::variant<PauseRequest, ResumeRequest>> pauses_;
    TimePoint pause_at_{};                    // when those that failed are tried again
    std::vector<delivery::Settlement> kept_;  // settlements of this group that the outbox did not take
    TimePoint settle_at_{};                   // when kept settlements are tried again without a new event
    std::chrono::milliseconds settle_pause_{0};
    bool settle_apart_ =
        false;  // kept ones were refused for good: they wait for their time, so that no event fails with them
    std::optional<TimePoint> maintain_at_;
    std::optional<TimePoint> open_at_;  // when to ask once more whether the outbox is read; none: it is
    bool said_open_ = false;
    std::promise<Status> opened_;
    Fault fault_ = Fault::none;
    std::optional<TimePoint> stop_at_;

    std::thread thread_;
};

}  // namespace switchhook::pipeline
