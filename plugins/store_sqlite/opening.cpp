// SqliteOutbox: start, stop, and what happens when the disk fails.
#include <algorithm>
#include <utility>

#include <sqlite3.h>

#include "outbox.hpp"
#include "schema.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr std::int64_t kTryAgainMs = 1000;
constexpr std::size_t kCounted = 10'000;    // what waits, before it is known
constexpr std::int64_t kFrame = 4096 + 24;  // of the write-ahead log (sqlite.org/fileformat2.html 4.1)

}  // namespace

SqliteOutbox::SqliteOutbox(OutboxSettings settings, Host& host)
    : settings_(std::move(settings)),
      log_(host.log()),
      reserve_(settings_.path + ".reserve", settings_.reserve_bytes),
      limits_{.park_ms = settings_.park_ms, .park_events = settings_.park_events},
      memory_(limits_),
      pruning_(settings_.keep_ms) {}

SqliteOutbox::SqliteOutbox(const Settings& settings, Host& host)
    : SqliteOutbox(OutboxSettings{.path = settings.text("path"),
                                  .park_ms = settings.duration("park").count(),
                                  .park_events = static_cast<std::size_t>(settings.integer("park_events")),
                                  .keep_ms = settings.duration("keep").count(),
                                  .keep_bytes = settings.integer("keep_bytes"),
                                  .dead_letters = settings.integer("dead_letters"),
                                  .dead_keep_ms = settings.duration("dead_keep").count(),
                                  .reserve_bytes = settings.integer("reserve_bytes")},
                   host) {}

SqliteOutbox::~SqliteOutbox() {
    close();
}

Status SqliteOutbox::check() const {
    return check_store(settings_.path);
}

Status SqliteOutbox::start() {
    if (started_) return {};
    if (Status status = lock_.acquire(settings_.path + ".lock"); !status) return status;
    Status status = open(Load::beside);
    if (status.code() == Code::full) {
        // Opening a write-ahead log needs room, too.
        reserve_.release();
        status = open(Load::beside);
    }
    if (!status) {
        lock_.release();
        // A full disk is a missing service, not a wrong configuration.
        if (status.code() == Code::full) return {Code::unavailable, status.message()};
        return status;
    }
    started_ = true;
    stopping_ = false;
    full_ = !reserve_.fill();
    if (full_)
        set_health({Code::full, settings_.path + ": there is no room for its reserve of " +
                                    std::to_string(reserve_.bytes()) + " bytes; events are refused until there is"});
    bound_log();
    measure();
    measure_disk();
    return {};
}

void SqliteOutbox::stop() {
    stopping_ = true;
    readers_.close(true);
    loading_.stop();  // it reads the log, which is to be copied
    const std::lock_guard no_backup(backup_mutex_);
    write_settled_below();
    if (rows_) (void)checkpointer_.here(database_, true, true);
    close();
    lock_.release();
    started_ = false;
}

// So that the next start looks for the oldest where it is. Not while nobody knows what waits; a failure costs time
// only.
void SqliteOutbox::write_settled_below() {
    if (!rows_ || !knows_waiting_) return;
    const DeliveryId oldest = memory_.waiting.oldest();
    const DeliveryId settled_below = oldest != 0 ? oldest : memory_.next_delivery;
    if (settled_below <= memory_.settled_below) return;
    rows_->begin();
    rows_->set(Meta::settled_below, static_cast<std::int64_t>(settled_below));
    (void)rows_->commit();
}

Status SqliteOutbox::open(Load how) {
    auto database = open_store(settings_.path);
    if (!database) return database.status();
    auto memory = load_numbers(*database, limits_);
    if (!memory) return memory.status();
    database_ = std::move(*database);
    auto rows = Rows::prepare(database_);
    if (!rows) return rows.status();
    auto log_rows = LogRows::prepare(database_);
    if (!log_rows) return log_rows.status();
    auto scan = LogScan::prepare(database_);
    if (!scan) return scan.status();
    log_rows_.emplace(std::move(*log_rows));
    scan_.emplace(std::move(*scan));
    rows_.emplace(std::move(*rows));
    // Proves that it can be written; and numbers are never given out twice, even when the last rows go.
    rows_->begin();
    rows_->set(Meta::next_event, memory->next_event);
    rows_->set(Meta::next_delivery, static_cast<std::int64_t>(memory->next_delivery));
    const std::uint64_t waiting = rows_->count_waiting(kCounted);
    // When nothing waits the search for it would walk all deliveries since settled_below was written.
    const auto oldest = waiting > 0 ? rows_->oldest_waiting(memory->settled_below) : std::nullopt;
    const auto parked = database_.number("SELECT count(*) FROM parked");
    Status status = rows_->commit();
    if (status) status = checkpointer_.start(settings_.path);
    std::optional<Loaded> loaded;
    if (status && (how == Load::whole || waiting == 0)) {
        const std::atomic<bool> never = false;
        auto rest = load_rest(database_, limits_, never);
        status = rest.status();
        if (rest) loaded = std::move(*rest);
    } else if (status) {
        status = begin_loading();
    }
    if (!status) {
        close();
        return status;
    }
    // Instead of SQLite's own hook, which would checkpoint on the committing call.
    sqlite3_wal_hook(
        database_.handle(),
        [](void* bytes, sqlite3*, const char*, int frames) {
            *static_cast<std::int64_t*>(bytes) = frames * kFrame;
            return SQLITE_OK;
        },
        &log_bytes_);
    {
        const std::lock_guard lock(waiting_mutex_);
        memory_ = std::move(*memory);
    }
    waiting_ = waiting;
    parked_ = parked ? static_cast<std::uint64_t>(*parked) : 0;
    oldest_ = oldest ? oldest->id : 0;
    oldest_ms_ = oldest ? oldest->at_ms : 0;
    if (loaded) take_over(std::move(*loaded));
    readers_.open(settings_.path);
    pruning_ = Pruning(settings_.keep_ms);
    ids_ms_ = 0;
    active_ = true;
    return {};
}

Status SqliteOutbox::begin_loading() {
    return loading_.begin(settings_.path, [limits = limits_](Database& database, const std::atomic<bool>& stops) {
        return load_rest(database, limits, stops);
    });
}

void SqliteOutbox::take_over(Loaded loaded) {
    {
        const std::lock_guard lock(waiting_mutex_);
        static_cast<Loaded&>(memory_) = std::move(loaded);
        for (const DeliveryId id : ended_meanwhile_) memory_.waiting.remove(id);
    }
    ended_meanwhile_.clear();
    knows_waiting_ = true;
    measure();
}

Status SqliteOutbox::make_ready(std::int64_t now_ms) {
    if (loading_.under_way()) {
        auto loaded = loading_.take();
        if (!loaded) {
            // Whatever the reason: nothing may be decided without what was to be read. A full disk is a missing service
            // here, as at start.
            Status status = loaded.status();
            if (status.code() == Code::full) status = {Code::unavailable, status.message()};
            log_.error("the store failed; it will be opened anew", {{"cause", status.message()}});
            close();
            tried_ms_ = now_ms;
            set_health(status);
            return status;
        }
        take_over(std::move(*loaded));
    }
    look_at_clock(now_ms);
    return reopen(now_ms);
}

void SqliteOutbox::close() {
    loading_.stop();
    ended_meanwhile_.clear();
    knows_waiting_ = false;
    readers_.close(false);
    rows_.reset();
    log_rows_.reset();
    scan_.reset();
    checkpointer_.stop();
    database_ = Database();
    log_bytes_ = log_requested_ = 0;
}

Status SqliteOutbox::reopen(std::int64_t now_ms) {
    if (rows_) return {};
    if (!started_) return {Code::unavailable, settings_.path + " is not open"};
    if (now_ms >= tried_ms_ && now_ms < tried_ms_ + kTryAgainMs) return health();
    tried_ms_ = now_ms;
    const DeliveryId known = memory_.next_delivery;
    Status status = open(Load::whole);
    if (status.code() == Code::full && !full_) {
        reserve_.release();
        full_ = true;
        status = open(Load::whole);
    }
    if (!status) {
        set_health(status);
        return status;
    }
    // A commit whose sync failed may be found in the log after all: its senders were told 503 and will be told
    // `duplicate`, so that its deliveries must be handed out here.
    memory_.waiting.each_after(known - 1, [this](DeliveryId id) { surfaced_.push_back(id); });
    log_.info("the store can be written again", {{"path", settings_.path}});
    set_health({});
    measure();
    return {};
}

// Answers the same status, after everything is prepared for going on later.
Status SqliteOutbox::failed(Status status, std::int64_t now_ms) {
    if (status.code() == Code::full) {
        // The reserve is for settles, deletes and a checkpoint.
        reserve_.release();
        if (!full_) {
            full_ = true;
            tried_ms_ = now_ms;
            log_.error("the disk is full: events are refused until there is room", {{"cause", status.message()}});
        }
        set_health({Code::full, status.message() + "; events are refused until there is room"});
        return status;
    }
    if (rows_) log_.error("the store failed; it will be opened anew", {{"cause", status.message()}});
    close();
    tried_ms_ = now_ms;
    set_health(status);
    return status;
}

void SqliteOutbox::make_room(std::int64_t now_ms) {
    if (now_ms >= tried_ms_ && now_ms < tried_ms_ + kTryAgainMs) return;
    tried_ms_ = now_ms;
    // The log first: only what is in the file can be overwritten in it.
    empty_log();
    prune_for_room(now_ms);
    give_back();
    const bool filled = reserve_.fill();
    bound_log();
    constexpr std::int64_t kLogNeeds = 64 * 1024;
    if (!rows_->take_status() || !filled || reserve_.free_bytes() < kLogNeeds) {
        reserve_.release();
        return;
    }
    full_ = false;
    log_.info("there is room again: events are taken", {{"path", settings_.path}});
    set_health({});
}

// What was delivered goes first, oldest first, until twice the reserve is free within the file.
void SqliteOutbox::prune_for_room(std::int64_t now_ms) {
    constexpr int kSteps = 32;
    std::size_t events = 512;
    for (int i = 0; i < kSteps && events >= 8 && rows_->free_bytes() < 2 * reserve_.bytes(); ++i) {
        rows_->begin();
        static_cast<void>(pruning_.step(*rows_, memory_.registry, now_ms, true, events));
        rows_->set(Meta::next_event, memory_.next_event);
        rows_->set(Meta::next_delivery, static_cast<std::int64_t>(memory_.next_delivery));
        rows_->sweep_blocks();
        if (!rows_->commit()) {
            // Deleting writes to the log, too: smaller steps need less of it.
            pruning_.undo();
            empty_log();
            events /= 4;
            continue;
        }
        pruning_.keep();
        if (!pruning_.more()) break;
    }
    empty_log();
}

// Free pages of the file go back to the disk, until reserve and log have room; a store that was full once would else
// keep the disk full for ever.
void SqliteOutbox::give_back() {
    constexpr int kSteps = 32;
    for (int i = 0; i < kSteps; ++i) {
        const std::int64_t free = reserve_.free_bytes();
        if (free >= 2 * reserve_.bytes() || rows_->free_bytes() == 0) return;
        // Each page that moves is written to the log.
        const std::int64_t pages = std::clamp<std::int64_t>(free / 4 / 4096, 8, 2048);
        if (!database_.run(("PRAGMA incremental_vacuum(" + std::to_string(pages) + ")").c_str())) return;
        empty_log();
    }
}

void SqliteOutbox::empty_log() {
    const auto copied = checkpointer_.here(database_, true, true);
    if (copied && copied.value()) log_bytes_ = log_requested_ = 0;
}

// The log may take half of the reserve, so that copying it always fits, and half of what is free.
void SqliteOutbox::bound_log() {
    constexpr std::int64_t kMost = std::int64_t{64} << 20;
    constexpr std::int64_t kLeast = 16 * 1024;
    const std::int64_t available = reserve_.free_bytes() + log_bytes_;
    const std::int64_t wanted = reserve_.bytes() > 0 ? std::min(kMost, reserve_.bytes() / 2) : kMost / 4;
    log_limit_ = std::max(kLeast, std::min(wanted, available / 2));
}

void SqliteOutbox::copy_log(std::int64_t now_ms) {
    // While it is read by somebody else the log cannot begin anew.
    if (!rows_ || loading_.under_way()) return;
    if (log_bytes_ < log_requested_) log_requested_ = 0;  // the log began anew
    if (log_bytes_ > log_limit_) {
        // The thread has copied most of it; under steady load only a writer that waits lets the log begin anew.
        const auto copied = checkpointer_.here(database_, false, log_bytes_ > 2 * log_limit_);
        if (!copied) (void)failed(copied.status(), now_ms);
    } else if (log_bytes_ - log_requested_ > log_limit_ / 8) {
        log_requested_ = log_bytes_;
        checkpointer_.request();
    }
}

Status SqliteOutbox::health() const {
    const std::lock_guard lock(health_mutex_);
    return health_;
}

void SqliteOutbox::set_health(Status status) {
    const std::lock_guard lock(health_mutex_);
    health_ = std::move(status);
}

}  // namespace switchhook::store_sqlite
