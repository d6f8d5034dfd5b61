// Loading: reads what new events are decided by (rooms, ids, the list of what waits) on a thread and a connection of
// its own, while deliveries of earlier runs leave already. The thread ends with it.
//
// A million waiting deliveries and the rooms and ids of the last ten minutes take a second, and much longer from a disk
// that is cold; the first windows are found by an index in a millisecond.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include "memory.hpp"

namespace switchhook::store_sqlite {

class Loading final {
public:
    // Gives up when `stops` is set.
    using Read = std::function<Result<Loaded>(Database& database, const std::atomic<bool>& stops)>;

    // Calls `read` on the thread, which sees the store as of this call.
    Status begin(const std::string& path, Read read);
    bool under_way() const { return thread_.joinable(); }
    bool finished() const;  // take() does not wait
    // Waits for the end. While it is under way.
    Result<Loaded> take();
    // Gives up, when it is under way.
    void stop();

private:
    std::atomic<bool> stops_ = false;
    std::future<Result<Loaded>> answer_;
    std::thread thread_;
};

}  // namespace switchhook::store_sqlite
