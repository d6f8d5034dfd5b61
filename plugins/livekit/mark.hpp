// The mark in a trunk's or rule's metadata that says who made it: {"managed_by":"switchhook","room_prefix":"sip-"}.
#pragma once

#include <string>
#include <string_view>

namespace switchhook::livekit_api {

enum class Mark : std::uint8_t {
    none = 1,  // no mark of ours
    ours,      // made by a Switchhook with this room prefix
    other,  // made by a Switchhook with another room prefix: another deployment, or this one before its prefix changed
};

// The room prefix is part of the mark, because two deployments with prefixes of their own may share one LiveKit, and
// neither must take the other's trunk (and its calls) for its own.
Mark read_mark(std::string_view metadata, std::string_view room_prefix);
// The prefix that the mark names; empty without a mark.
std::string marked_prefix(std::string_view metadata);

// The metadata with our mark; its other keys are kept. Metadata that is no JSON object is someone's text: it stays as
// it is, and the name alone says whose the object is.
std::string with_mark(std::string_view metadata, std::string_view room_prefix);

}  // namespace switchhook::livekit_api
