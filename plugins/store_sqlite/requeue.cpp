// SqliteOutbox: the log's reads, requeueing, its jobs, and pauses.
#include <algorithm>
#include <iterator>
#include <utility>

#include "outbox.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr std::size_t kJobStep = 64;                       // deliveries requeued in one step
constexpr std::size_t kJobWork = 2'000;                    // rows looked at in one step
constexpr std::size_t kJobBytes = std::size_t{16} << 20U;  // of bodies made ready in one step
constexpr std::size_t kJobsRunning = 64;                   // of all tenants
constexpr JobId kJobsKept = 1'000;                         // the latest, for those who ask how one ended

Status not_open(const std::string& path) {
    return {Code::unavailable, path + " is not open"};
}

}  // namespace

Result<LogPage> SqliteOutbox::list(const LogQuery& query) {
    return readers_.read([&](LogScan& scan) -> Result<LogPage> {
        const LogScan::Course course{.from = query.before == 0 ? LogScan::kNewest : query.before, .limit = query.limit};
        LogScan::WaitingIds waiting_ids;
        if (knows_waiting_)
            waiting_ids = [this](DeliveryId from, std::size_t count) {
                const std::lock_guard lock(waiting_mutex_);
                return memory_.waiting.newest(from, count);
            };
        auto found = scan.scan(query.filter, course, waiting_ids);
        if (!found) return found.status();
        return LogPage{.deliveries = std::move(found->deliveries), .next = found->whole ? 0 : found->reached};
    });
}

Result<DeliveryDetail> SqliteOutbox::look_up(DeliveryId id, const TenantScope& scope) {
    return readers_.read([&](LogScan& scan) { return scan.look_up(id, scope); });
}

Result<RequeueJob> SqliteOutbox::requeue_job(JobId id, const TenantScope& scope) {
    return readers_.read([&](LogScan& scan) { return scan.job(id, scope); });
}

Result<WaitingDelivery> SqliteOutbox::requeue(DeliveryId id, const TenantScope& scope, std::int64_t now_ms) {
    if (Status status = make_ready(now_ms); !status) return status;
    if (full_) return health();
    // Ids are handed out in their order: those first.
    if (!surfaced_.empty()) return Status(Code::unavailable, settings_.path + " was opened anew; try again");
    const Status unknown(Code::not_found, "no such delivery");
    if (id > LogScan::kNewest) return unknown;
    Group group{.next_event = memory_.next_event, .next_delivery = memory_.next_delivery};
    rows_->begin();
    const auto old = rows_->delivery(id);
    Status allowed;
    if (!old || (scope && memory_.tenants.number(*scope) != log_rows_->tenant_of(*rows_, *old)))
        allowed = unknown;
    else if (old->state == DeliveryState::waiting)
        allowed = {Code::conflict, "the delivery waits already"};
    else if (old->state == DeliveryState::requeued)
        allowed = {Code::conflict, "the delivery was requeued before, as " + std::to_string(old->successor)};
    std::optional<StoredEvent> event;
    if (allowed) event = rows_->event(old->event);
    if (allowed && !event) allowed = unknown;
    WaitingDelivery made;
    if (allowed) made = requeue_row(*old, std::move(*event), now_ms, group);
    write_dead_counts(group);
    if (Status status = rows_->commit(); !status) return failed(std::move(status), now_ms);
    if (!allowed) return allowed;
    take_over(group, now_ms);
    active_ = true;
    measure();
    return made;
}

WaitingDelivery SqliteOutbox::requeue_row(const StoredDelivery& old, StoredEvent event, std::int64_t now_ms,
                                          Group& group) {
    const DeliveryId id = group.next_delivery++;
    log_rows_->requeue(*rows_, old, id, now_ms);
    if (old.state == DeliveryState::dead) {
        const std::int64_t tenant = log_rows_->tenant_of(*rows_, old);
        log_rows_->remove_dead(*rows_, tenant, old.id);
        --group.dead[tenant];
    }
    group.added.push_back(id);
    group.watched.push_back(old.event);
    return {.id = id,
            .hook = old.hook,
            .stream = old.stream,
            .appended_ms = now_ms,
            .event_id = std::move(event.id),
            .body = std::move(event.body)};
}

Status SqliteOutbox::alone(const std::function<void()>& write) {
    rows_->begin();
    write();
    return rows_->commit();
}

Result<RequeueJob> SqliteOutbox::begin_requeue(const LogFilter& filter, std::int64_t now_ms) {
    if (Status status = make_ready(now_ms); !status) return status;
    if (full_) return health();
    RequeueJob job{.id = 0, .filter = filter, .began_ms = now_ms, .end = memory_.next_delivery - 1};
    job.filter.state = filter.state.value_or(DeliveryState::dead);
    if (*job.filter.state != DeliveryState::dead && *job.filter.state != DeliveryState::delivered)
        return Status(Code::invalid, "only dead letters and delivered events can be requeued");
    if (std::ranges::any_of(memory_.jobs, [&](const auto& each) { return each.filter.tenant == filter.tenant; }))
        return Status(Code::conflict, "another requeue job is running");
    if (memory_.jobs.size() >= kJobsRunning) return Status(Code::full, "too many requeue jobs are running");
    const auto latest = database_.number("SELECT max(id) FROM job");
    if (!latest) return failed(latest.status(), now_ms);
    job.id = static_cast<JobId>(*latest) + 1;
    const auto running = [this](JobId id) {
        return std::ranges::any_of(memory_.jobs, [&](const auto& each) { return each.id == id; });
    };
    Status status = alone([&] {
        log_rows_->put(*rows_, job);
        if (job.id > kJobsKept && !running(job.id - kJobsKept)) log_rows_->remove_job(*rows_, job.id - kJobsKept);
    });
    if (!status) return failed(std::move(status), now_ms);
    memory_.jobs.push_back(job);
    active_ = true;
    return job;
}

Status SqliteOutbox::record_end(RequeueJob& job, RequeueJob::State state, std::int64_t now_ms) {
    RequeueJob ended = job;
    ended.state = state;
    ended.ended_ms = now_ms;
    if (Status status = alone([&] { log_rows_->put(*rows_, ended); }); !status)
        return failed(std::move(status), now_ms);
    job = std::move(ended);
    return {};
}

Result<RequeueJob> SqliteOutbox::cancel_requeue(JobId id, const TenantScope& scope, std::int64_t now_ms) {
    if (Status status = reopen(now_ms); !status) return status;
    const auto running = std::ranges::find(memory_.jobs, id, &RequeueJob::id);
    if (running == memory_.jobs.end()) return requeue_job(id, scope);
    if (scope && running->filter.tenant != scope) return Status(Code::not_found, "no such job");
    if (Status status = record_end(*running, RequeueJob::State::cancelled, now_ms); !status) return status;
    RequeueJob job = std::move(*running);
    memory_.jobs.erase(running);
    return job;
}

// One step of one job; they take turns.
Status SqliteOutbox::move_job(std::int64_t now_ms, Maintained& done) {
    if (memory_.jobs.empty()) return {};
    job_turn_ = (job_turn_ + 1) % memory_.jobs.size();
    RequeueJob job = memory_.jobs[job_turn_];
    Group group{.next_event = memory_.next_event, .next_delivery = memory_.next_delivery};
    rows_->begin();
    auto found = scan_->scan(job.filter,
                             {.direction = LogScan::Direction::up,
                              .from = job.reached,
                              .last = job.end,
                              .limit = kJobStep,
                              .work = kJobWork},
                             {});
    if (!found) {
        database_.roll_back();
        static_cast<void>(rows_->take_status());
        return found.status();
    }
    std::vector<WaitingDelivery> ready;
    std::size_t bytes = 0;
    for (const auto& each : found->deliveries) {
        if (bytes >= kJobBytes) {  // the others with the next step
            found->whole = false;
            break;
        }
        const auto old = rows_->delivery(each.id);
        auto event = old ? rows_->event(old->event) : std::nullopt;
        if (!event) continue;
        bytes += event->body.size();
        ready.push_back(requeue_row(*old, std::move(*event), now_ms, group));
        if (bytes >= kJobBytes) found->reached = each.id;
    }
    job.reached = found->whole ? job.end : found->reached;
    job.requeued += ready.size();
    if (found->whole) job.state = RequeueJob::State::done;
    if (found->whole) job.ended_ms = now_ms;
    log_rows_->put(*rows_, job);
    write_dead_counts(group);
    if (Status status = rows_->commit(); !status) return status;
    take_over(group, now_ms);
    if (job.state == RequeueJob::State::running)
        memory_.jobs[job_turn_] = job;
    else
        memory_.jobs.erase(memory_.jobs.begin() + static_cast<std::ptrdiff_t>(job_turn_));
    std::ranges::move(ready, std::back_inserter(done.ready));
    return {};
}

Result<std::vector<Paused>> SqliteOutbox::paused() {
    if (!rows_) return not_open(settings_.path);
    auto rows = database_.prepare("SELECT hook,since,reason FROM paused ORDER BY hook");
    if (!rows) return rows.status();
    std::vector<Paused> all;
    while (true) {
        const auto row = rows->step();
        if (!row) return row.status();
        if (!*row) return all;
        all.push_back({.hook = static_cast<HookId>(rows->integer_at(0)),
                       .since_ms = rows->integer_at(1),
                       .reason = std::string(rows->bytes_at(2))});
    }
}

Status SqliteOutbox::pause(const Paused& paused) {
    if (!rows_) return not_open(settings_.path);
    return alone([&] { log_rows_->pause(*rows_, paused); });
}

Status SqliteOutbox::resume(HookId hook) {
    if (!rows_) return not_open(settings_.path);
    return alone([&] { log_rows_->resume(*rows_, hook); });
}

}  // namespace switchhook::store_sqlite
