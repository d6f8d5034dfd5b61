// Rows: the outbox's statements, prepared once. It remembers the first failure of a transaction; what follows does
// nothing, and commit() answers it. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/outbox.hpp>

#include "database.hpp"
#include "id_window.hpp"
#include "registry.hpp"
#include "schema.hpp"

namespace switchhook::store_sqlite {

struct StoredEvent {
    RowId seq = 0;
    std::int64_t at_ms = 0;
    DeliveryId first = 0;  // its deliveries are first .. first + count - 1
    std::uint32_t count = 0;
    std::string id;
    std::string body;  // only when asked for
};

struct StoredDelivery {
    DeliveryId id = 0;
    RowId event = 0;
    HookId hook = 0;
    StreamId stream = 0;
    std::int64_t at_ms = 0;
    DeliveryState state = DeliveryState::waiting;
    std::uint32_t attempts = 0;
    std::int64_t due_ms = 0;
    DeliveryId successor = 0;  // requeued; in the place of due_ms
    std::int64_t tenant = 0;
    std::int64_t name = 0;  // name_key and call_key of its event
    std::int64_t call = 0;
};

// By what a delivery is found in the log.
struct LogKeys {
    std::int64_t tenant = 0;
    std::int64_t name = 0;
    std::int64_t call = 0;
};

inline constexpr int kAttemptBits = 7;  // the latest 128 attempts of a delivery are kept
inline constexpr std::size_t kAnswerBytes = 1024;

class Rows final {
public:
    static Result<Rows> prepare(Database& database);

    void begin();
    // Durable when it answers ok.
    Status commit();
    const Status& status() const { return status_; }

    void add_event(RowId seq, std::int64_t now_ms, const Event& event, std::string_view call, DeliveryId first,
                   std::uint32_t count);
    // The ids of the events `first` and on, packed (id_window.hpp).
    void add_ids(RowId first, std::int64_t at_ms, std::string_view hashes);
    void add_delivery(const WaitingDelivery& delivery, RowId event, const LogKeys& keys);
    void settle(const Settled& settled, std::int64_t now_ms);
    void add_attempt(DeliveryId id, std::uint32_t number, const Attempt& attempt);
    void add_parked(RowId seq, RowId room);
    // A parked event that leaves now, or turned out unmatched.
    void release(RowId seq, std::string_view call, DeliveryId first, std::uint32_t count);
    void drop_parked(RowId seq);
    void write(const Registry::Changes& changes);
    void set(Meta key, std::int64_t value);

    // Pruning, oldest first.
    std::vector<StoredEvent> events_after(RowId seq, std::size_t limit);
    void remove(const StoredEvent& event);
    void remove_deliveries(DeliveryId first, std::uint64_t count);  // with their attempts
    // Summaries of blocks that are empty now.
    void sweep_blocks();
    std::vector<std::pair<RowId, std::int64_t>> ids(std::size_t limit);  // groups: row and time, from the front
    void remove_ids_to(RowId first);

    std::optional<StoredEvent> event(RowId seq);  // with its body
    std::optional<StoredDelivery> delivery(DeliveryId id);
    // At most limit ids of those of that hook that wait behind `after`, ascending.
    std::vector<DeliveryId> waiting(HookId hook, DeliveryId after, std::size_t limit);
    // The hooks with waiting deliveries, each counted up to `most`.
    std::vector<Backlog> backlog(std::size_t most);
    std::uint64_t count_waiting(std::size_t most);
    std::optional<StoredDelivery> oldest_waiting(DeliveryId from);
    std::int64_t used_bytes();
    std::int64_t free_bytes();  // within the file
    // After a read outside of a transaction: the failure, and begins anew.
    Status take_status();

    // For other statements of the same transaction.
    void run(Statement& statement);
    bool step(Statement& statement);

private:
    explicit Rows(Database& database) : database_(&database) {}
    std::int64_t number(Statement& statement);

    Database* database_;
    Status status_;
    std::set<std::int64_t> touched_;  // blocks of which something was removed
    Statement begin_, commit_, add_event_, add_ids_, add_delivery_, settle_, add_parked_, remove_parked_, release_,
        put_room_, put_call_, put_participant_, remove_room_, remove_call_, remove_participant_, set_, events_after_,
        remove_event_, remove_deliveries_, ids_, remove_ids_, event_, delivery_, pages_, free_pages_, add_attempt_,
        remove_attempts_, in_block_, remove_block_, waiting_, waiting_hook_, count_hook_, count_waiting_,
        oldest_waiting_;
};

// Hooks of a room or call, as a column holds them.
std::string pack(const Targets& targets);
std::optional<Targets> unpack(std::string_view bytes);

}  // namespace switchhook::store_sqlite
