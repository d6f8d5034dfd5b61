// SqliteOutbox: the outbox in one SQLite file. Every commit is one transaction whose write-ahead log is synced before
// it returns; what has to be looked up is in memory and rebuilt at start, beside the first claims and settled attempts
// when something waits (loading.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <switchhook/host.hpp>
#include <switchhook/outbox.hpp>
#include <switchhook/settings.hpp>

#include "checkpointer.hpp"
#include "database.hpp"
#include "loading.hpp"
#include "lock_file.hpp"
#include "log_readers.hpp"
#include "log_rows.hpp"
#include "memory.hpp"
#include "pruning.hpp"
#include "reserve.hpp"
#include "rows.hpp"

namespace switchhook::store_sqlite {

struct OutboxSettings {
    std::string path;
    std::int64_t park_ms = 30'000;
    std::size_t park_events = 100'000;
    std::int64_t keep_ms = 24 * 60 * 60 * 1000;
    std::int64_t keep_bytes = std::int64_t{1} << 30;
    std::int64_t dead_letters = 100'000;  // of one tenant
    std::int64_t dead_keep_ms = std::int64_t{30} * 24 * 60 * 60 * 1000;
    std::int64_t reserve_bytes = std::int64_t{64} << 20;
};

class SqliteOutbox final : public Outbox {
public:
    SqliteOutbox(OutboxSettings settings, Host& host);
    SqliteOutbox(const Settings& settings, Host& host);
    ~SqliteOutbox() override;

    Status start() override;
    void stop() override;
    Status health() const override;
    Status check() const override;

    Result<Committed> commit(std::span<const Append> appends, std::span<const Settled> settled,
                             const HookFilter& filter, std::int64_t now_ms) override;
    Result<Claimed> claim(const Claim& claim) override;
    Result<std::vector<Backlog>> backlog() override;
    Result<Maintained> maintain(std::int64_t now_ms) override;
    Result<std::int64_t> mark(Mark mark) override;
    Status set_mark(Mark mark, std::int64_t value) override;
    Result<std::vector<Paused>> paused() override;
    Status pause(const Paused& paused) override;
    Status resume(HookId hook) override;
    Result<WaitingDelivery> requeue(DeliveryId id, const TenantScope& scope, std::int64_t now_ms) override;
    Result<RequeueJob> begin_requeue(const LogFilter& filter, std::int64_t now_ms) override;
    Result<RequeueJob> cancel_requeue(JobId id, const TenantScope& scope, std::int64_t now_ms) override;
    Result<LogPage> list(const LogQuery& query) override;
    Result<DeliveryDetail> look_up(DeliveryId id, const TenantScope& scope) override;
    Result<RequeueJob> requeue_job(JobId id, const TenantScope& scope) override;
    Status back_up(const std::string& path) override;
    OutboxFigures figures() const override;

    // The log is copied into the file on the committer only above this size.
    std::int64_t log_limit() const { return log_limit_; }
    std::int64_t log_bytes() const { return log_bytes_; }

private:
    // What a transaction changes in memory, once it is durable.
    struct Group {
        RowId next_event = 0;
        DeliveryId next_delivery = 0;
        std::vector<DeliveryId> added{};
        std::unordered_set<DeliveryId> ended{};
        DeliveryId settled_below = 0;
        std::map<std::int64_t, std::int64_t> dead{};  // by tenant: letters more, or fewer
        std::size_t tenants = 0;                      // new ones
        std::vector<RowId> watched{};                 // events that pruning is to look at again
        std::size_t ids = 0;
        std::string hashes{};  // of those ids
        std::uint64_t dropped = 0;
        bool stored = false;  // an event
        bool changes = false;
    };

    enum class Load : std::uint8_t { whole = 1, beside };
    Status open(Load how);
    Status begin_loading();
    void write_settled_below();
    void close();
    Status reopen(std::int64_t now_ms);
    // For all but claims and what was settled: the file is open and read whole. Waits for that.
    Status make_ready(std::int64_t now_ms);
    void take_over(Loaded loaded);
    bool waits(DeliveryId id);
    Status write(std::span<const Append> appends, std::span<const Settled> settled, const HookFilter& filter,
                 std::int64_t now_ms, Committed& out);
    void settle(std::span<const Settled> settled, std::int64_t now_ms, Group& group);
    void bury(DeliveryId id, std::int64_t now_ms, Group& group);
    Appended append(const Append& append, std::size_t index, const HookFilter& filter, std::int64_t now_ms,
                    Group& group, Committed& out, std::vector<std::pair<RowId, std::size_t>>& here);
    std::uint32_t deliver(const Verdict& verdict, RowId seq, std::string_view name, std::int64_t at_ms,
                          const HookFilter& filter, Group& group, Committed& out);
    std::int64_t tenant_number(std::string_view name, Group& group);
    Status finish(Group& group, std::int64_t now_ms);
    void write_dead_counts(const Group& group);
    void take_over(Group& group, std::int64_t now_ms);
    void take_over_dead(const Group& group);
    void take_back(const Group& group);
    void surface(std::vector<WaitingDelivery>& out);
    Status housekeep(std::int64_t now_ms, bool was_active, Maintained& done);
    // Dead letters over their bounds: whether there are any, and a step of dropping them within the transaction.
    bool dead_due(std::int64_t now_ms) const;
    std::optional<std::int64_t> dead_next_ms(std::int64_t now_ms) const;
    std::size_t drop_dead(std::int64_t now_ms, Group& group);
    bool too_old(std::int64_t died_ms, std::int64_t now_ms) const;
    bool block_due() const;
    std::int64_t sum_up_block();
    // Requeueing, within the transaction.
    WaitingDelivery requeue_row(const StoredDelivery& old, StoredEvent event, std::int64_t now_ms, Group& group);
    Status move_job(std::int64_t now_ms, Maintained& done);
    Status record_end(RequeueJob& job, RequeueJob::State state, std::int64_t now_ms);
    Status alone(const std::function<void()>& write);
    Status copy_to(const std::string& path);
    std::size_t forget_ids(std::int64_t now_ms, std::optional<std::int64_t>& again_ms);
    std::int64_t next_ms(std::int64_t now_ms, bool was_active);
    void look_at_clock(std::int64_t now_ms);
    void copy_log(std::int64_t now_ms);
    void bound_log();
    void make_room(std::int64_t now_ms);
    void prune_for_room(std::int64_t now_ms);
    void give_back();
    void empty_log();
    Status failed(Status status, std::int64_t now_ms);
    void set_health(Status status);
    void measure();
    void measure_disk();
    std::optional<WaitingDelivery> read(DeliveryId id);

    OutboxSettings settings_;
    Log& log_;
    LockFile lock_;
    Reserve reserve_;
    Checkpointer checkpointer_;
    std::int64_t log_limit_ = 0;
    std::int64_t log_bytes_ = 0;      // of the latest commit, set by SQLite's hook
    std::int64_t log_requested_ = 0;  // its size at the latest request for a checkpoint

    Database database_;
    std::optional<Rows> rows_;  // unset: not open
    std::optional<LogRows> log_rows_;
    std::optional<LogScan> scan_;  // of the requeue jobs
    LogReaders readers_;
    Registry::Limits limits_;
    std::mutex waiting_mutex_;  // memory_.waiting is changed by the committer and read by those who list
    Memory memory_;
    std::atomic<bool> knows_waiting_ = false;  // memory_.waiting is read whole
    Loading loading_;
    std::vector<DeliveryId> ended_meanwhile_;  // while it loads
    DeliveryId oldest_ = 0;                    // whose time oldest_ms_ is
    Pruning pruning_;
    std::vector<DeliveryId> surfaced_;  // found durable after a commit that had failed; handed out with the next one
    bool started_ = false;
    std::atomic<bool> full_ = false;      // a backup looks at it
    std::atomic<bool> stopping_ = false;  // the same
    std::mutex backup_mutex_;             // one at a time, and stop waits for it
    std::size_t job_turn_ = 0;
    bool active_ = false;                     // something was committed since the latest maintain
    std::int64_t tried_ms_ = 0;               // when it was last tried to recover
    std::optional<std::int64_t> ids_ms_ = 0;  // when the oldest row of table ids may go
    std::uint64_t dropped_ = 0;               // parked events over the limit, not reported yet

    mutable std::mutex health_mutex_;  // guards health_
    Status health_;
    std::atomic<std::uint64_t> waiting_{0}, dead_{0}, parked_{0}, bytes_{0};
    std::atomic<std::int64_t> oldest_ms_{0};
};

}  // namespace switchhook::store_sqlite
