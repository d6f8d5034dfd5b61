// The committer's doors to other threads, and its own thread's life.
#include <pthread.h>

#include <algorithm>
#include <future>
#include <utility>

#include "core/pipeline/committer.hpp"

namespace switchhook::pipeline {
namespace {

constexpr std::chrono::seconds kFailureCounts{10};
constexpr std::chrono::milliseconds kAskWhetherToGiveUp{100};

}  // namespace

const http::Response& accepted() {
    static const http::Response response;
    return response;
}

const http::Response& try_later() {
    static const http::Response response{
        .status = 503, .body = {}, .content_type = {}, .headers = {{"Retry-After", "5"}}};
    return response;
}

bool Committer::offer(Arrival& arrival) {
    const std::size_t bytes = arrival.event->event().body.size();
    // Counted first, so that many threads cannot pass the limit together.
    const std::size_t count = waiting_.fetch_add(1) + 1;
    const std::size_t total = waiting_bytes_.fetch_add(bytes) + bytes;
    if (stopping_ || count > settings_.waiting || total > settings_.waiting_bytes) {
        --waiting_;
        waiting_bytes_ -= bytes;
        return false;
    }
    mailbox_.push(std::move(arrival));
    return true;
}

void Committer::settle(std::vector<delivery::Settlement> settlements) {
    if (!settlements.empty()) mailbox_.push(std::move(settlements));
}

void Committer::claim(HookId hook, DeliveryId after, std::size_t limit) {
    mailbox_.push(ClaimRequest{hook, after, limit});
}

void Committer::set_mark(Mark mark, std::int64_t value) {
    mailbox_.push(MarkRequest{mark, value});
}

// Waits for the committer: a future of its own, answered exactly once, also when the end comes first.
template <typename T, typename Use>
Result<T> Committer::ordered(Use use) {
    const auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    // Counted before stopping_ is looked at: either the committer's end sees it, or it sees the end.
    ++ordering_;
    if (stopping_) {
        --ordering_;
        return Status(Code::unavailable, "the server is stopping");
    }
    mailbox_.push(
        Order{[promise, &use](const Status& refused) { promise->set_value(refused ? use() : Result<T>(refused)); }});
    --ordering_;
    return answer.get();
}

Result<DeliveryId> Committer::requeue(DeliveryId id, TenantScope scope) {
    return ordered<DeliveryId>([&]() -> Result<DeliveryId> {
        auto again = outbox_.requeue(id, scope, clock_.unix_ms());
        if (!again) return again.status();
        const DeliveryId made = again->id;
        std::vector<WaitingDelivery> ready;
        ready.push_back(std::move(*again));
        hand_over(std::move(ready));
        return made;
    });
}

Result<RequeueJob> Committer::begin_requeue(LogFilter filter) {
    return ordered<RequeueJob>([&] { return outbox_.begin_requeue(filter, clock_.unix_ms()); });
}

Result<RequeueJob> Committer::cancel_requeue(JobId id, TenantScope scope) {
    return ordered<RequeueJob>([&] { return outbox_.cancel_requeue(id, scope, clock_.unix_ms()); });
}

void Committer::ping(std::function<void()> answer) {
    mailbox_.push(Ping{std::move(answer)});
}

void Committer::pause(Paused paused, Done done) {
    mailbox_.push(PauseRequest{std::move(paused), std::move(done)});
}

void Committer::resume(HookId hook, Done done) {
    mailbox_.push(ResumeRequest{hook, std::move(done)});
}

Status Committer::health() const {
    const Failing failing = failing_.with([](const Failing& held) { return held; });
    if (failing.status.ok() || clock_.steady() - failing.at >= kFailureCounts) return {};
    return failing.status;
}

Status Committer::recover(delivery::Sink& sink) {
    sink_ = &sink;
    auto paused = outbox_.paused();
    if (!paused) return paused.status();
    auto backlog = outbox_.backlog();
    if (!backlog) return backlog.status();
    sink.paused(std::move(paused).value());
    sink.backlog(std::move(backlog).value());
    open_at_ = clock_.steady();
    return {};
}

Status Committer::start(delivery::Sink& sink) {
    std::promise<Status> recovered;
    auto answer = recovered.get_future();
    // The outbox hears one thread only, from its first call on.
    thread_ = std::thread([this, &sink, recovered = std::move(recovered)]() mutable {
        pthread_setname_np(pthread_self(), "committer");
        const Status status = recover(sink);
        recovered.set_value(status);
        if (status.ok()) run();
    });
    Status status = answer.get();
    if (!status.ok()) thread_.join();
    return status;
}

Status Committer::wait_until_open(const std::function<bool()>& gives_up) {
    auto opened = opened_.get_future();
    while (opened.wait_for(kAskWhetherToGiveUp) != std::future_status::ready)
        if (gives_up()) return {Code::unavailable, "a stop was asked for before the store was read"};
    return opened.get();
}

void Committer::stop(std::chrono::milliseconds deadline) {
    if (thread_.joinable()) {
        mailbox_.push(Stop{clock_.steady() + deadline});
        thread_.join();
    }
    stopping_ = true;
    while (ordering_ > 0) std::this_thread::yield();  // some are between their look at stopping_ and their push
    // What was offered while the end began, or was never taken.
    hear();
    for (const auto& order : orders_) order.run({Code::unavailable, "the server is stopping"});
    orders_.clear();
    for (auto& arrival : arrivals_) answer(arrival, try_later());
    arrivals_.clear();
    // The same for those who wait for a pause.
    for (auto& each : std::exchange(pauses_, {}))
        std::visit(
            [](auto& request) {
                if (request.done) request.done({Code::unavailable, "the server stops"});
            },
            each);
}

Committer::~Committer() {
    stop(std::chrono::milliseconds(0));
}

void Committer::run() {
    for (;;) {
        const auto next = run_once();
        const bool drained = arrivals_.empty() && unsettled_.empty() && pauses_.empty();
        if (stop_at_ && (drained || clock_.steady() >= *stop_at_)) return;
        mailbox_.wait(stop_at_ ? std::min(*stop_at_, next.value_or(*stop_at_)) : next);
    }
}

}  // namespace switchhook::pipeline
