#include "core/app/watchdog.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace switchhook::app {

bool Watchdog::Answers::complete() const {
    return std::ranges::none_of(missing, [](bool each) { return each; });
}

Watchdog::Watchdog(std::chrono::microseconds time, std::vector<WatchedPart> parts, std::function<void()> well, Log& log,
                   const Clock& clock)
    : half_(std::max(time / 2, std::chrono::microseconds(1))),
      parts_(std::move(parts)),
      well_(std::move(well)),
      log_(log),
      clock_(clock) {}

Watchdog::~Watchdog() {
    stop();
}

void Watchdog::ping() {
    std::uint64_t turn = 0;
    {
        const std::lock_guard lock(answers_->mutex);
        turn = ++answers_->turn;
        answers_->missing.assign(parts_.size(), true);
        answers_->late = false;
    }
    for (std::size_t i = 0; i < parts_.size(); ++i)
        parts_[i].ping([answers = answers_, turn, i] {
            const std::lock_guard lock(answers->mutex);
            if (answers->turn != turn) return;
            answers->missing[i] = false;
            if (answers->late && answers->complete()) answers->changed.notify_one();
        });
    due_ = clock_.steady() + half_;
}

Watchdog::TimePoint Watchdog::look() {
    const TimePoint now = clock_.steady();
    bool complete = false;
    bool late = false;
    std::vector<bool> missing;
    {
        const std::lock_guard lock(answers_->mutex);
        complete = answers_->complete();
        late = answers_->late;
        if (now >= due_ && !complete) {
            answers_->late = true;
            missing = answers_->missing;
        }
    }
    if (answers_->turn == 0) {
        ping();
    } else if (complete && (late || now >= due_)) {
        if (late) log_.warning("all threads go on: systemd is told so again");
        well_();
        ping();
    } else if (now >= due_) {
        if (!late) say_who_is_missing(missing);
        due_ = now + half_;
    }
    return due_;
}

void Watchdog::say_who_is_missing(const std::vector<bool>& missing) {
    std::string names;
    for (std::size_t i = 0; i < parts_.size(); ++i)
        if (missing[i]) names.append(names.empty() ? "" : ", ").append(parts_[i].name);
    const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(half_);
    log_.error(
        "a thread is stuck: systemd will restart the server unless it goes on",
        {{"thread", names}, {"since_ms", std::to_string(half.count())}, {"left_ms", std::to_string(half.count())}});
}

void Watchdog::start() {
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "watchdog");
        run();
    });
}

void Watchdog::run() {
    for (;;) {
        const TimePoint next = look();
        std::unique_lock lock(answers_->mutex);
        answers_->changed.wait_until(lock, next,
                                     [&] { return answers_->stopping || (answers_->late && answers_->complete()); });
        if (answers_->stopping) return;
    }
}

void Watchdog::stop() {
    {
        const std::lock_guard lock(answers_->mutex);
        answers_->stopping = true;
    }
    answers_->changed.notify_all();
    if (thread_.joinable()) thread_.join();
}

}  // namespace switchhook::app
