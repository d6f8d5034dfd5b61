#include "checkpointer.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace switchhook::store_sqlite {

Status Checkpointer::start(const std::string& path) {
    auto database = Database::open(path, Database::Mode::write);
    if (!database) return database.status();
    // The log is synced before pages are copied from it, and the file before the log is used again.
    if (Status status = database->run("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0"); !status) return status;
    database_ = std::move(*database);
    // Signals are for the main thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return {};
}

void Checkpointer::stop() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    database_ = Database();
    const std::lock_guard lock(mutex_);
    ends_ = wanted_ = false;
}

void Checkpointer::request() {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
    }
    wake_.notify_one();
}

Result<bool> Checkpointer::here(Database& database, bool truncate, bool wait) {
    std::unique_lock running(running_, std::defer_lock);
    if (wait)
        running.lock();
    else if (!running.try_lock())
        return false;
    return database.checkpoint(truncate);
}

void Checkpointer::work() {
    pthread_setname_np(pthread_self(), "checkpointer");
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return wanted_ || ends_; });
        if (ends_) return;
        wanted_ = false;
        lock.unlock();
        {
            const std::lock_guard running(running_);
            // A failure is not lost: the log grows to its bound, and then the committer meets the same one.
            (void)database_.checkpoint(false);
        }
        lock.lock();
    }
}

}  // namespace switchhook::store_sqlite
