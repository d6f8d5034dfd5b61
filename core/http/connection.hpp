// Where an answer goes. The front's own is a socket; a test of a handler brings one that remembers.
#pragma once

#include "core/http/front.hpp"

namespace switchhook::http {

class Connection {
public:
    virtual ~Connection() = default;
    // Called once for each Exchange made from it, by the thread that answers; must not block or throw.
    virtual void answer(const Response& response) noexcept = 0;
};

}  // namespace switchhook::http
