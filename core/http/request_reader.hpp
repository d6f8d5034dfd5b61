// From a checked frame to a Request.
#pragma once

#include <memory>
#include <optional>

#include "core/http/framing_guard.hpp"
#include "core/http/front.hpp"

namespace switchhook::http {

// Reads frames with Poco's HTTP message parser. One thread: each worker has its own.
class RequestReader final {
public:
    RequestReader();
    ~RequestReader();
    // Nothing when Poco and the guard do not see the same request: such a one is answered 400. `peer` stays empty.
    std::optional<Request> read(Frame frame);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace switchhook::http
