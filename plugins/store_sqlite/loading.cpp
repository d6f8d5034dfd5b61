#include "loading.hpp"

#include <csignal>
#include <exception>
#include <system_error>
#include <utility>

namespace switchhook::store_sqlite {

Status Loading::begin(const std::string& path, Read read) {
    auto database = Database::open(path, Database::Mode::read);
    if (!database) return database.status();
    // A read transaction begins with its first read.
    if (Status status = database->run("BEGIN"); !status) return status;
    if (const auto looked = database->number("SELECT value FROM meta LIMIT 1"); !looked) return looked.status();
    stops_ = false;
    std::packaged_task<Result<Loaded>()> task([this, read = std::move(read), own = std::move(*database)]() mutable {
        auto loaded = read(own, stops_);
        own.roll_back();  // what it saw of the log may go
        return loaded;
    });
    answer_ = task.get_future();
    // Signals are for the main thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    Status begun;
    try {
        thread_ = std::thread(std::move(task));
    } catch (const std::system_error& e) {  // EAGAIN: there are as many threads as there may be
        begun = {Code::unavailable, path + ": no thread to read it: " + e.what()};
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return begun;
}

bool Loading::finished() const {
    return answer_.valid() && answer_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

Result<Loaded> Loading::take() {
    thread_.join();
    try {
        return answer_.get();
    } catch (const std::exception& e) {  // no memory for what was read
        return Status(Code::unavailable, std::string("the store cannot be read: ") + e.what());
    }
}

void Loading::stop() {
    if (!under_way()) return;
    stops_ = true;
    static_cast<void>(take());
}

}  // namespace switchhook::store_sqlite
