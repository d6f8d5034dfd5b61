#include "log_readers.hpp"

namespace switchhook::store_sqlite {

namespace {

constexpr std::size_t kIdle = 4;  // connections that are kept

}  // namespace

void LogReaders::open(const std::string& path) {
    const std::lock_guard lock(mutex_);
    path_ = path;
    ++era_;
}

void LogReaders::close(bool wait) {
    std::unique_lock lock(mutex_);
    path_.clear();
    ++era_;
    idle_.clear();
    if (wait) idle_again_.wait(lock, [this] { return in_use_ == 0; });
}

Result<std::unique_ptr<LogReaders::Reader>> LogReaders::take() {
    std::string path;
    std::uint64_t era = 0;
    {
        const std::lock_guard lock(mutex_);
        if (path_.empty()) return Status(Code::unavailable, "the store is not open");
        if (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            ++in_use_;
            return reader;
        }
        path = path_;
        era = era_;
        ++in_use_;
    }
    Status status;
    auto reader = std::make_unique<Reader>();
    if (auto database = Database::open(path, Database::Mode::read)) {
        reader->database = std::move(*database);
        reader->era = era;
        if (auto scan = LogScan::prepare(reader->database)) {
            reader->scan = std::move(*scan);
            return reader;
        } else {
            status = scan.status();
        }
    } else {
        status = database.status();
    }
    give_back(std::move(reader), false);
    return status;
}

void LogReaders::give_back(std::unique_ptr<Reader> reader, bool sound) {
    std::unique_lock lock(mutex_);
    if (sound && reader->era == era_ && idle_.size() < kIdle) {
        idle_.push_back(std::move(reader));
    } else {
        lock.unlock();
        reader.reset();  // before the count: whoever waits for the end wants no open file left
        lock.lock();
    }
    --in_use_;
    idle_again_.notify_all();
}

}  // namespace switchhook::store_sqlite
