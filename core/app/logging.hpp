// The server's log: spdlog behind a bounded queue, one line per record, to one file descriptor (stderr). When that is
// systemd's journal, lines begin with their priority, and text has no time of its own (journal.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <switchhook/host.hpp>

#include "core/base/guarded.hpp"

namespace switchhook::app {

enum class LogFormat : std::uint8_t { text = 1, json };

// One record without its line end. Control characters are escaped, so that no value can forge a line; bytes that are
// not UTF-8 become U+FFFD. `instance` may be empty.
std::string text_record(std::string_view instance, std::string_view text, std::span<const Field> fields);
// One JSON object: time (RFC 3339, UTC), level, instance, text, and each field under its own name.
std::string json_record(std::int64_t unix_ms, Level level, std::string_view instance, std::string_view text,
                        std::span<const Field> fields);

// Owns the queue and the thread that writes. Any thread may log; a full queue drops the oldest lines and counts them.
// Its destructor writes what is queued.
class Logging {
public:
    static constexpr std::size_t kQueuedLines = 2048;  // about 1 MB, allocated at once

    // `out` is written to and not closed; stderr in the server, a temporary file in tests.
    // Reads $JOURNAL_STREAM.
    Logging(Level level, LogFormat format, const Clock& clock, std::FILE* out = stderr,
            std::size_t queued_lines = kQueuedLines);
    ~Logging();
    Logging(const Logging&) = delete;
    Logging& operator=(const Logging&) = delete;

    // The log of the server itself. Lives as long as this object.
    Log& log();
    // A log whose every line carries the instance's name. Must not outlive this object.
    std::unique_ptr<Log> for_instance(std::string name);
    // From the next line on. Any thread.
    void set_level(Level level);
    // Lines lost to a full queue so far.
    std::size_t dropped() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Keeps lines until it is known how and where the log is written. Any thread.
class HeldLog final : public Log {
public:
    void write(Level level, std::string_view text, std::span<const Field> fields) override;
    // Writes what was held, in order, and forgets it.
    void release_to(Log& log);

private:
    struct Line {
        Level level;
        std::string text;
        std::vector<std::pair<std::string, std::string>> fields;
    };
    base::Guarded<std::vector<Line>> lines_;
};

}  // namespace switchhook::app
