// Reads an event out of a verified body: one parse, only what is needed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/event.hpp>
#include <switchhook/result.hpp>

namespace switchhook::livekit {

// Owns the bytes that the event's views point into. Immutable once made; shared between intake, outbox group and lane.
class ReadEvent {
public:
    const Event& event() const { return event_; }
    // The body as it goes to tenants: room.turnPassword emptied. Shares its owner with this object.
    static std::shared_ptr<const std::string> body(std::shared_ptr<const ReadEvent> self);

private:
    friend class Reader;
    ReadEvent() = default;
    std::string body_;
    std::string text_;                  // unescaped copies of the fields
    std::vector<Attribute> attributes_;
    Event event_;
};

// Not thread-safe: one Reader per thread (it keeps its parser's buffers).
class Reader {
public:
    Reader();
    ~Reader();
    // Code::invalid: not JSON, not UTF-8, no event name. `id_if_missing`: used when the body has no id; empty: the hex
    // SHA-256 of the body stands for it.
    Result<std::shared_ptr<const ReadEvent>> read(std::string body, std::string_view id_if_missing = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace switchhook::livekit
