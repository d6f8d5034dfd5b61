#include "hook_table.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "schema.hpp"

namespace switchhook::store_sqlite {

namespace {

// Event names as one column: each ends with a NUL, which no name of LiveKit's holds.
std::string join(const std::vector<std::string>& words) {
    std::string joined;
    for (const auto& word : words) joined.append(word).push_back('\0');
    return joined;
}

std::vector<std::string> split(std::string_view joined) {
    std::vector<std::string> words;
    while (!joined.empty()) {
        const auto end = joined.find('\0');
        words.emplace_back(joined.substr(0, end));
        joined.remove_prefix(end == std::string_view::npos ? joined.size() : end + 1);
    }
    return words;
}

using Ages = std::map<std::string, std::chrono::milliseconds>;

// The same way: a name, its milliseconds, and so on.
std::string join(const Ages& ages) {
    std::vector<std::string> words;
    for (const auto& [event, age] : ages) {
        words.push_back(event);
        words.push_back(std::to_string(age.count()));
    }
    return join(words);
}

std::optional<Ages> split_ages(std::string_view joined) {
    const auto words = split(joined);
    if (words.size() % 2 != 0) return std::nullopt;
    Ages ages;
    for (std::size_t i = 0; i < words.size(); i += 2) {
        const std::string& digits = words[i + 1];
        std::int64_t count = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
        if (error != std::errc{} || end != digits.data() + digits.size() || count < 1) return std::nullopt;
        ages.emplace(words[i], count);
    }
    return ages;
}

bool holds_nul(const Hook& hook) {
    const auto bad = [](const std::string& name) { return name.find('\0') != std::string::npos; };
    return std::ranges::any_of(hook.events, bad) ||
           std::ranges::any_of(hook.max_age, [&](const auto& each) { return bad(each.first); });
}

// Numbers of 1 or more, 0 for none.
bool fits(std::int64_t number) {
    return number >= 0 && number <= std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

Status SqliteHookStore::start() {
    // A lock of its own: the outbox of the same process holds the other, and locks belong to open files, not processes.
    if (Status status = lock_.acquire(path_ + ".hooks.lock"); !status) return status;
    Status status = open();
    if (!status) lock_.release();
    return status;
}

void SqliteHookStore::stop() {
    database_.reset();
    lock_.release();
}

Status SqliteHookStore::check() const {
    return check_store(path_);
}

Status SqliteHookStore::open() {
    if (database_) return {};
    auto database = open_store(path_);
    if (!database) return database.status();
    database_ = std::move(*database);
    return {};
}

Result<HookTable> SqliteHookStore::load() {
    if (Status status = open(); !status) return status;
    return read();
}

Result<HookTable> SqliteHookStore::look() const {
    if (Status status = check(); !status) return status;
    auto database = look_into_store(path_);
    if (!database) return database.status();
    if (!*database) return HookTable();
    SqliteHookStore reader(path_);
    reader.database_ = std::move(**database);
    return reader.read();
}

Result<HookTable> SqliteHookStore::apply(const HookChange& change) {
    if (Status status = open(); !status) return status;
    if (std::ranges::any_of(change.put, holds_nul)) return Status(Code::invalid, "an event name holds a NUL byte");
    if (Status status = write(change); !status) {
        database_->roll_back();
        // A disk that failed may need a new handle; the next call opens it.
        if (status.code() != Code::full) database_.reset();
        return status;
    }
    return read();
}

Status SqliteHookStore::write(const HookChange& change) {
    if (Status status = database_->run("BEGIN IMMEDIATE"); !status) return status;
    auto remove = database_->prepare("DELETE FROM hook WHERE host=?");
    if (!remove) return remove.status();
    for (const auto& host : change.remove)
        if (Status status = remove->bytes(1, host).run(); !status) return status;
    auto put = database_->prepare(
        "REPLACE INTO hook(host,url,auth_id,dialect,events,retry,concurrency,per_second,burst,max_age) "
        "VALUES(?,?,?,?,?,?,?,?,?,?)");
    if (!put) return put.status();
    for (const auto& hook : change.put) {
        const std::string events = join(hook.events);
        const std::string ages = join(hook.max_age);
        const Rate rate = hook.rate.value_or(Rate{});
        put->bytes(1, hook.host).bytes(2, hook.url).bytes(3, hook.auth_id).bytes(4, hook.dialect).bytes(5, events);
        put->bytes(6, hook.retry).integer(7, hook.concurrency).integer(8, rate.per_second).integer(9, rate.burst);
        put->bytes(10, ages);
        if (Status status = put->run(); !status) return status;
    }
    return database_->run("COMMIT");
}

Result<HookTable> SqliteHookStore::read() {
    auto rows = database_->prepare(
        "SELECT host,url,auth_id,dialect,events,retry,concurrency,per_second,burst,max_age FROM hook ORDER BY host");
    if (!rows) return rows.status();
    HookTable table;
    while (true) {
        const auto row = rows->step();
        if (!row) return row.status();
        if (!*row) return table;
        Hook& hook = table.emplace_back();
        hook.host = rows->bytes_at(0);
        hook.url = rows->bytes_at(1);
        hook.auth_id = rows->bytes_at(2);
        hook.dialect = rows->bytes_at(3);
        hook.events = split(rows->bytes_at(4));
        hook.retry = rows->bytes_at(5);
        const std::int64_t concurrency = rows->integer_at(6);
        const std::int64_t per_second = rows->integer_at(7);
        const std::int64_t burst = rows->integer_at(8);
        auto ages = split_ages(rows->bytes_at(9));
        if (!ages || !fits(concurrency) || !fits(per_second) || !fits(burst) || (per_second == 0) != (burst == 0))
            return Status(Code::corrupt, path_ + ": the row of hook '" + hook.host + "' cannot be understood");
        hook.concurrency = static_cast<std::uint32_t>(concurrency);
        if (per_second != 0)
            hook.rate =
                Rate{.per_second = static_cast<std::uint32_t>(per_second), .burst = static_cast<std::uint32_t>(burst)};
        hook.max_age = *std::move(ages);
    }
}

}  // namespace switchhook::store_sqlite
