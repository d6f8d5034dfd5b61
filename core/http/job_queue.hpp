// A bounded queue of work for a few threads. It wakes a thread only when one sleeps: under load nobody pays for a
// wake-up.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace switchhook::http {

template <typename Job>
class JobQueue {
public:
    explicit JobQueue(std::size_t bound) : bound_(bound) {}

    // False when full or closed; the job then stays with the caller.
    [[nodiscard]] bool push(Job& job) {
        bool wake = false;
        {
            const std::lock_guard lock(mutex_);
            if (closed_ || jobs_.size() >= bound_) return false;
            jobs_.push_back(std::move(job));
            wake = sleepers_ > 0;
        }
        if (wake) filled_.notify_one();
        return true;
    }

    // Gives each job to `take`, and returns once the queue is closed.
    template <typename Take>
    void serve(Take&& take) {
        std::unique_lock lock(mutex_);
        while (true) {
            while (jobs_.empty() && !closed_) {
                ++sleepers_;
                filled_.wait(lock);
                --sleepers_;
            }
            if (closed_) return;
            Job job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            take(std::move(job));
            lock.lock();
        }
    }

    // Ends every serve() and returns what was still waiting.
    std::deque<Job> close() {
        std::deque<Job> rest;
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            rest.swap(jobs_);
        }
        filled_.notify_all();
        return rest;
    }

private:
    const std::size_t bound_;
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Job> jobs_;
    std::size_t sleepers_ = 0;
    bool closed_ = false;
};

}  // namespace switchhook::http
