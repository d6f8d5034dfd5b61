// A mailbox: many threads put messages in, one thread takes all of them at once. The receiver sleeps without polling,
// and is only notified when it does sleep: under load a hand-over costs a lock and a move, no system call.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace switchhook::base {

// push and wake: any thread. take and wait: the receiver alone. The owner bounds what is put in; the mailbox does not.
template <typename T>
class Mailbox {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    void push(T message) {
        bool notify = false;
        {
            const std::lock_guard lock(mutex_);
            messages_.push_back(std::move(message));
            notify = std::exchange(asleep_, false);
        }
        if (notify) arrived_.notify_one();
    }

    // Ends the receiver's present or next wait without a message.
    void wake() {
        {
            const std::lock_guard lock(mutex_);
            woken_ = true;
            asleep_ = false;
        }
        arrived_.notify_one();
    }

    // Replaces what `into` held by all messages, in the order in which they came. The two vectors change places, so
    // that neither is allocated anew.
    void take(std::vector<T>& into) {
        into.clear();
        const std::lock_guard lock(mutex_);
        into.swap(messages_);
    }

    // Sleeps until there is a message, wake() was called or the time has come; without a time until one of the first
    // two.
    void wait(std::optional<TimePoint> until) {
        std::unique_lock lock(mutex_);
        while (messages_.empty() && !woken_) {
            asleep_ = true;
            if (!until) {
                arrived_.wait(lock);
            } else if (arrived_.wait_until(lock, *until) == std::cv_status::timeout) {
                break;
            }
        }
        asleep_ = false;
        woken_ = false;
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<T> messages_;
    bool asleep_ = false;
    bool woken_ = false;
};

}  // namespace switchhook::base
