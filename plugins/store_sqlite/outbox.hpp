// SqliteOutbox: the outbox in one SQLite file. Every commit is one transaction whose write-ahead log is synced before
// it returns; what has to be looked up is in memory and rebuilt at start.
#pragma once

#include <atomic>
#include <cstdint>
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
#include "lock_file.hpp"
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
    Result<std::vector<Paused>> paused() override { return std::vector<Paused>(); }
    Status pause(const Paused&) override { return {}; }
    Status resume(HookId) override { return {}; }
    Result<Maintained> maintain(std::int64_t now_ms) override;
    Result<std::int64_t> mark(Mark mark) override;
    Status set_mark(Mark mark, std::int64_t value) override;
    OutboxFigures figures() const override;

    // The log is copied into the file on the committer only above this size.
    std::int64_t log_limit() const { return log_limit_; }
    std::int64_t log_bytes() const { return log_bytes_; }

private:
    // What a transaction changes in memory, once it is durable.
    struct Group {
        RowId next_event = 0;
        DeliveryId next_delivery = 0;
        std::vector<Waiting::Item> added{};
        std::unordered_set<DeliveryId> ended{};
        DeliveryId settled_below = 0;
        std::int64_t dead = 0;
        std::size_t ids = 0;
        std::uint64_t dropped = 0;
        bool stored = false;  // an event
        bool seen = false;    // a row of table seen
        bool changes = false;
    };

    Status open();
    void close();
    Status reopen(std::int64_t now_ms);
    Status write(std::span<const Append> appends, std::span<const Settled> settled, const HookFilter& filter,
                 std::int64_t now_ms, Committed& out);
    void settle(std::span<const Settled> settled, std::int64_t now_ms, Group& group);
    Appended append(const Append& append, std::size_t index, const HookFilter& filter, std::int64_t now_ms,
                    Group& group, Committed& out, std::vector<std::pair<RowId, std::size_t>>& here);
    std::uint32_t deliver(const Verdict& verdict, RowId seq, std::string_view name, std::int64_t at_ms,
                          const HookFilter& filter, Group& group, Committed& out);
    Status finish(Group& group);
    void take_over(Group& group, std::int64_t now_ms);
    void take_back(const Group& group);
    void surface(Committed& out);
    Status housekeep(std::int64_t now_ms, bool was_active, Maintained& done);
    std::size_t forget_seen(std::int64_t now_ms, std::optional<std::int64_t>& again_ms);
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
    Registry::Limits limits_;
    Memory memory_;
    Pruning pruning_;
    std::vector<DeliveryId> surfaced_;  // found durable after a commit that had failed; handed out with the next one
    bool started_ = false;
    bool full_ = false;
    bool active_ = false;                      // something was committed since the latest maintain
    std::int64_t tried_ms_ = 0;                // when it was last tried to recover
    std::optional<std::int64_t> seen_ms_ = 0;  // when the oldest row of table seen may go
    std::uint64_t dropped_ = 0;                // parked events over the limit, not reported yet

    mutable std::mutex health_mutex_;  // guards health_
    Status health_;
    std::atomic<std::uint64_t> waiting_{0}, dead_{0}, parked_{0}, bytes_{0};
    std::atomic<std::int64_t> oldest_ms_{0};
};

}  // namespace switchhook::store_sqlite
