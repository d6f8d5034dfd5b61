#include "core/rooms/room_tenants.hpp"

#include <pthread.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "core/base/mask_numbers.hpp"

namespace switchhook::rooms {
namespace {

// One room, or two that are told as one: then the second's metadata waits for its next server, no event is touched.
std::uint64_t key_of(const Event& event) {
    return std::hash<std::string_view>()(event.room_sid.empty() ? event.room_name : event.room_sid);
}

}  // namespace

bool RoomTenants::Known::add(std::uint64_t room) {
    if (!set_.insert(room).second) return false;
    order_.push_back(room);
    if (order_.size() > kKnown) {
        set_.erase(order_.front());
        order_.pop_front();
    }
    return true;
}

RoomTenants::RoomTenants(std::shared_ptr<CallControl> control, const routing::Hooks& hooks, metrics::Metrics& metrics,
                         Log& log, const Clock& clock)
    : control_(std::move(control)), hooks_(hooks), metrics_(metrics), log_(log), clock_(clock) {}

RoomTenants::~RoomTenants() {
    stop();
}

void RoomTenants::start() {
    for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
}

void RoomTenants::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void RoomTenants::seen(const Event& event, HookId room_hook) {
    if (!known_.add(key_of(event))) return;
    const auto routes = hooks_.routes();
    const Hook* hook = routes->find(room_hook);
    if (hook == nullptr || hook->auth_id.empty()) return;
    if (event.room_tenant == hook->auth_id) return;  // it says so itself
    const auto now = clock_.steady();
    Room room{.name = std::string(event.room_name),
              .sid = std::string(event.room_sid),
              .tenant = hook->auth_id,
              .event_id = std::string(event.id),
              .since = now};
    bool given_up = false;
    {
        const std::lock_guard lock(mutex_);
        given_up = waiting_.size() >= kWaiting;
        if (given_up) waiting_.erase(waiting_.begin());
        waiting_.emplace(now, std::move(room));
        metrics_.room_tenants_waiting.Set(static_cast<double>(waiting_.size()));
    }
    if (given_up) count("given_up");
    changed_.notify_one();
}

std::optional<RoomTenants::Room> RoomTenants::take_due() {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.empty() || waiting_.begin()->first > clock_.steady()) return std::nullopt;
    Room room = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    metrics_.room_tenants_waiting.Set(static_cast<double>(waiting_.size()));
    return room;
}

std::optional<TimePoint> RoomTenants::run_due() {
    while (auto room = take_due()) tell(*std::move(room));
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first;
}

void RoomTenants::use(std::shared_ptr<CallControl> control) {
    control_.with([&](auto& held) { held.swap(control); });
}

void RoomTenants::tell(Room room) {
    const auto control = control_.with([](const auto& held) { return held; });
    const auto result =
        control->set_room_tenant({.room_name = room.name, .room_sid = room.sid, .tenant = room.tenant}, kDeadline);
    if (!result) return again(std::move(room), result.status());
    {
        const std::lock_guard lock(mutex_);
        failing_ = {};
    }
    say(room, *result);
}

void RoomTenants::say(Room& room, RoomTenancy tenancy) {
    const auto admitted = [&](const std::string& key) {
        const std::lock_guard lock(mutex_);
        return lines_.admit(key, clock_.steady());
    };
    const std::string shown = base::shown(room.name);
    switch (tenancy) {
        case RoomTenancy::set:
            return count("set");
        case RoomTenancy::was_set:
            return count("was_set");
        case RoomTenancy::gone:
            return count("gone");
        case RoomTenancy::other:
            count("other");
            metrics_.tenant_conflicts.Increment();
            if (const auto held_back = admitted("other"))
                log_.warning(
                    "security: LiveKit's metadata gives this room to another tenant than its call's host; it was left "
                    "as it is",
                    {{"room", shown}, {"event", room.event_id}, {"held_back", std::to_string(*held_back)}});
            return;
        case RoomTenancy::no_object:
            count("no_object");
            if (const auto held_back = admitted("no_object"))
                log_.warning("a room's metadata is no JSON object; it was left alone, and does not name the tenant",
                             {{"room", shown}, {"event", room.event_id}, {"held_back", std::to_string(*held_back)}});
            return;
    }
}

// Also what LiveKit refuses for good (a wrong key) is tried again, slowly: only a person can mend it, and then it
// works.
void RoomTenants::again(Room room, const Status& why) {
    const auto now = clock_.steady();
    count("failed");
    std::optional<std::uint64_t> held_back;
    const bool given_up = now - room.since >= kGiveUp;
    {
        const std::lock_guard lock(mutex_);
        failing_ = Status(why.code(), "room tenants are not told to LiveKit: " + why.message());
        held_back = lines_.admit("failed", now);
    }
    if (held_back)
        log_.warning("a room's tenant could not be told to LiveKit; its events are delivered all the same",
                     {{"room", base::shown(room.name)},
                      {"why", why.message()},
                      {"again", given_up ? "no" : "yes"},
                      {"held_back", std::to_string(*held_back)}});
    if (given_up) return count("given_up");
    const auto longest = why.worth_retry() ? room.pause * 2 : kLongestPause;
    room.pause = std::clamp<std::chrono::seconds>(longest, kFirstPause, kLongestPause);
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    waiting_.emplace(now + room.pause, std::move(room));
    metrics_.room_tenants_waiting.Set(static_cast<double>(waiting_.size()));
}

void RoomTenants::count(const char* result) {
    metrics_.room_tenants(result).Increment();
}

Status RoomTenants::health() const {
    const std::lock_guard lock(mutex_);
    return failing_;
}

void RoomTenants::run() {
    pthread_setname_np(pthread_self(), "room-tenants");
    for (;;) {
        const auto next = run_due();
        std::unique_lock lock(mutex_);
        if (stopping_) return;
        const auto something = [&] {
            return stopping_ || (!waiting_.empty() && waiting_.begin()->first <= clock_.steady());
        };
        if (next)
            changed_.wait_until(lock, *next, something);
        else
            changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
    }
}

}  // namespace switchhook::rooms
