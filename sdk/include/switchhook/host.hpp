// What the host lends to an instance: a log that already carries the instance's name, and the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace switchhook {
inline namespace abi1 {

enum class Level : std::uint8_t { debug = 1, info, warning, error };

// A named value of a log line ("event", "call", "hook", ...). Never a secret; numbers of callers masked by the caller.
struct Field {
    std::string_view name;
    std::string_view value;
};

// Any thread. Never blocks: a full queue drops the oldest lines and counts them.
class Log {
public:
    virtual ~Log() = default;
    virtual void write(Level level, std::string_view text, std::span<const Field> fields) = 0;

    using Fields = std::initializer_list<Field>;
    void debug(std::string_view text, Fields fields = {}) { write(Level::debug, text, as_span(fields)); }
    void info(std::string_view text, Fields fields = {}) { write(Level::info, text, as_span(fields)); }
    void warning(std::string_view text, Fields fields = {}) { write(Level::warning, text, as_span(fields)); }
    void error(std::string_view text, Fields fields = {}) { write(Level::error, text, as_span(fields)); }

private:
    static std::span<const Field> as_span(Fields fields) { return {fields.begin(), fields.size()}; }
};

// Any thread. Tests pass a manual one.
class Clock {
public:
    virtual ~Clock() = default;
    virtual std::int64_t unix_ms() const = 0;                          // wall clock, may jump
    virtual std::chrono::steady_clock::time_point steady() const = 0;  // never goes back
};

// Lives longer than every instance.
class Host {
public:
    virtual ~Host() = default;
    virtual Log& log() = 0;
    virtual const Clock& clock() const = 0;
};

}  // namespace abi1
}  // namespace switchhook
