// Room tenants: tells LiveKit whose a room is, so that whoever looks at the room knows its tenant too.
//
// Never on the way of an event: the committer names the rooms whose events it has made durable, and goes on. A room is
// told once; what fails for a while is repeated with growing pauses until it works or the room is gone. What is waiting
// is not durable: after a restart the next event of the room brings it back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include <switchhook/call_control.hpp>
#include <switchhook/host.hpp>
#include <switchhook/outbox.hpp>

#include "core/base/guarded.hpp"
#include "core/base/log_limit.hpp"
#include "core/metrics/metrics.hpp"
#include "core/pipeline/room_owners.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::rooms {

using TimePoint = std::chrono::steady_clock::time_point;

class RoomTenants final : public pipeline::RoomOwners {
public:
    // The others outlive this object.
    RoomTenants(std::shared_ptr<CallControl> control, const routing::Hooks& hooks, metrics::Metrics& metrics, Log& log,
                const Clock& clock);
    ~RoomTenants() override;
    RoomTenants(const RoomTenants&) = delete;
    RoomTenants& operator=(const RoomTenants&) = delete;

    void start();
    // Asks another one from the next call on; the old one is given back when its calls under way have ended. Any
    // thread.
    void use(std::shared_ptr<CallControl> control);
    // Begins nothing more and waits for the calls under way; stop the call control first, so that they end soon. Safe
    // twice, and without start.
    void stop();

    // One thread; takes a look into a table, and for a room that is new a lock.
    void seen(const Event& event, HookId room_hook) override;

    // Does what is due now, for the threads and for tests. When there is more to do.
    std::optional<TimePoint> run_due();

    // Not ok while LiveKit refuses or cannot be reached. Any thread.
    Status health() const;

private:
    static constexpr std::size_t kThreads = 2;
    static constexpr std::size_t kWaiting = 10'000;  // rooms; beyond it the oldest is given up
    static constexpr std::size_t kKnown = 65'536;    // rooms that were told; a forgotten one costs one call more
    static constexpr std::chrono::seconds kDeadline{5};
    static constexpr std::chrono::seconds kFirstPause{1};
    static constexpr std::chrono::seconds kLongestPause{30};
    static constexpr std::chrono::minutes kGiveUp{60};
    static constexpr std::chrono::seconds kLogInterval{10};

    struct Room {
        std::string name;
        std::string sid;
        std::string tenant;
        std::string event_id;  // that brought it, for the log
        TimePoint since;
        std::chrono::seconds pause{0};
    };

    // The rooms that were told, oldest forgotten first.
    class Known {
    public:
        bool add(std::uint64_t room);  // false: known already

    private:
        std::unordered_set<std::uint64_t> set_;
        std::deque<std::uint64_t> order_;
    };

    std::optional<Room> take_due();
    void tell(Room room);
    void again(Room room, const Status& why);
    void count(const char* result);
    void say(Room& room, RoomTenancy tenancy);
    void run();

    base::Guarded<std::shared_ptr<CallControl>> control_;
    const routing::Hooks& hooks_;
    metrics::Metrics& metrics_;
    Log& log_;
    const Clock& clock_;

    Known known_;  // of the one thread that calls seen()

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::multimap<TimePoint, Room> waiting_;  // by due time
    base::LogLimit<std::string> lines_{kLogInterval, 1'024};
    Status failing_;
    bool stopping_ = false;

    std::vector<std::thread> threads_;
};

}  // namespace switchhook::rooms
