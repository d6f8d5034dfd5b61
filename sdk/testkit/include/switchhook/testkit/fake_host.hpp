// A host for tests: a clock that moves when told, and a log that can be read.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include <switchhook/host.hpp>

namespace switchhook::testkit {

class ManualClock final : public Clock {
public:
    explicit ManualClock(std::int64_t unix_ms = 1'795'329'482'000) : unix_ms_(unix_ms) {}

    std::int64_t unix_ms() const override { return unix_ms_; }
    std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(std::chrono::milliseconds(steady_ms_));
    }
    void advance(std::chrono::milliseconds by) {
        unix_ms_ += by.count();
        steady_ms_ += by.count();
    }
    // The wall clock jumps, as after a correction by NTP; the steady clock does not.
    void jump_to(std::int64_t unix_ms) { unix_ms_ = unix_ms; }

private:
    std::atomic<std::int64_t> unix_ms_;
    std::atomic<std::int64_t> steady_ms_{1'000'000};
};

class RecordingLog final : public Log {
public:
    void write(Level level, std::string_view text, std::span<const Field> fields) override {
        std::string line(text);
        for (const auto& field : fields) line.append(" ").append(field.name).append("=").append(field.value);
        const std::lock_guard lock(mutex_);
        lines_.push_back({level, std::move(line)});
    }
    struct Line {
        Level level;
        std::string text;
    };
    std::vector<Line> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    bool contains(std::string_view part) const {
        for (const auto& line : lines())
            if (line.text.find(part) != std::string::npos) return true;
        return false;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Line> lines_;
};

class FakeHost final : public Host {
public:
    Log& log() override { return log_; }
    const Clock& clock() const override { return clock_; }
    RecordingLog& recorded() { return log_; }
    ManualClock& manual_clock() { return clock_; }

private:
    RecordingLog log_;
    ManualClock clock_;
};

}  // namespace switchhook::testkit
