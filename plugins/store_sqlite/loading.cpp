#include "loading.hpp"

#include <csignal>
#include <utility>

namespace switchhook::store_sqlite {

Status Loading::begin(const std::string& path, const Registry::Limits& limits) {
    auto database = Database::open(path, Database::Mode::read);
    if (!database) return database.status();
    // A read transaction begins with its first read.
    if (Status status = database->run("BEGIN"); !status) return status;
    if (const auto looked = database->number("SELECT value FROM meta LIMIT 1"); !looked) return looked.status();
    stops_ = false;
    std::packaged_task<Result<Loaded>()> task([this, limits, own = std::move(*database)]() mutable {
        auto loaded = load_rest(own, limits, stops_);
        own.roll_back();  // what it saw of the log may go
        return loaded;
    });
    answer_ = task.get_future();
    // Signals are for the main thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread(std::move(task));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return {};
}

bool Loading::finished() const {
    return answer_.valid() && answer_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

Result<Loaded> Loading::take() {
    auto loaded = answer_.get();
    thread_.join();
    return loaded;
}

void Loading::stop() {
    if (!under_way()) return;
    stops_ = true;
    static_cast<void>(take());
}

}  // namespace switchhook::store_sqlite
