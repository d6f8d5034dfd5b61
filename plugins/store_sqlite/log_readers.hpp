// LogReaders: connections that read the log beside the writer, each in its own snapshot, so that neither waits for the
// other. Any thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "database.hpp"
#include "log_scan.hpp"

namespace switchhook::store_sqlite {

class LogReaders final {
public:
    LogReaders() = default;
    LogReaders(const LogReaders&) = delete;
    LogReaders& operator=(const LogReaders&) = delete;
    ~LogReaders() { close(true); }

    void open(const std::string& path);
    // Further reads answer unavailable. With `wait`, after those under way.
    void close(bool wait);

    // Runs `use(LogScan&)` in one read transaction; it answers a Result, and so does this.
    template <typename Use>
    auto read(Use use) -> decltype(use(std::declval<LogScan&>())) {
        auto taken = take();
        if (!taken) return taken.status();
        Reader& reader = **taken;
        Status begun = reader.database.run("BEGIN");
        auto answer = begun ? use(reader.scan) : decltype(use(reader.scan))(std::move(begun));
        reader.database.roll_back();
        give_back(std::move(*taken), answer.ok() || answer.status().code() == Code::not_found);
        return answer;
    }

private:
    struct Reader {
        Database database;
        LogScan scan;
        std::uint64_t era = 0;
    };

    Result<std::unique_ptr<Reader>> take();
    void give_back(std::unique_ptr<Reader> reader, bool sound);

    std::mutex mutex_;
    std::condition_variable idle_again_;
    std::string path_;  // empty: closed
    std::uint64_t era_ = 0;
    std::vector<std::unique_ptr<Reader>> idle_;
    std::size_t in_use_ = 0;
};

}  // namespace switchhook::store_sqlite
