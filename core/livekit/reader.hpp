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
    std::string text_;  // unescaped copies of the fields
    std::vector<Attribute> attributes_;
    Event event_;
};

// Not thread-safe: one Reader per thread (it keeps its parser's buffers).
class Reader {
public:
    Reader();
    ~Reader();

    // Reads protojson as LiveKit writes it (facts: livekit/protocol utils/protojson): camelCase or snake_case names,
    // numbers as text or numbers, null as absent; unknown fields, enum names and any order are fine. Code::invalid: not
    // UTF-8, not JSON, nested deeper than 128, no event name, an id that could not stand in a header (visible ASCII, up
    // to 255), a field that we read with another type or given twice: receivers would not agree on what such an event
    // says, and it must not be routed by one reading and acted on by another. `body` is taken over without a copy when
    // its capacity exceeds its size by 64 bytes. `id_if_missing`: used when the body has no id; empty: the hex SHA-256
    // of the body stands for it.
    Result<std::shared_ptr<const ReadEvent>> read(std::string body, std::string_view id_if_missing = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace switchhook::livekit
