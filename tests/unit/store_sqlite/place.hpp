// A driver of the testkit on an outbox of ours whose settings a test chooses.
#pragma once

#include <memory>
#include <string>

#include <store_sqlite/outbox.hpp>

#include <switchhook/testkit/outbox_driver.hpp>
#include <switchhook/testkit/temporary_folder.hpp>

namespace switchhook::store_sqlite {

class PlaceAt final : public testkit::OutboxPlace {
public:
    PlaceAt(std::string file, std::int64_t reserve_bytes) : file_(std::move(file)), reserve_bytes_(reserve_bytes) {}
    std::unique_ptr<Outbox> make(Host& host, const testkit::OutboxLimits& limits) override {
        return std::make_unique<SqliteOutbox>(OutboxSettings{.path = file_,
                                                             .park_ms = limits.park_ms,
                                                             .park_events = limits.park_events,
                                                             .keep_ms = limits.keep_ms,
                                                             .keep_bytes = limits.keep_bytes,
                                                             .dead_letters = limits.dead_letters,
                                                             .dead_keep_ms = limits.dead_keep_ms,
                                                             .reserve_bytes = reserve_bytes_},
                                              host);
    }

private:
    std::string file_;
    std::int64_t reserve_bytes_;
};

inline testkit::OutboxMaker maker_at(const std::string& file, std::int64_t reserve_bytes = 1 << 20) {
    return {"sqlite", [=] { return std::make_unique<PlaceAt>(file, reserve_bytes); }};
}

inline testkit::Sent event_of(int number, std::size_t bytes = 1200) {
    const std::string text = std::to_string(number);
    return {{.id = "EV_" + text,
             .room = "sip-" + text,
             .sid = "RM_" + text,
             .call = "SCL_" + text,
             .body = std::string(bytes, 'x')},
            {testkit::kTenantA}};
}

}  // namespace switchhook::store_sqlite
