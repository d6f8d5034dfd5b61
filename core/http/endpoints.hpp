// Which handler answers which method and path. It is what the program gives to a Front as its Handler.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/http/front.hpp"

namespace switchhook::http {

// Whether a handler writes to disk or waits for others. Slow ones share threads of their own behind a bounded queue
// (full: 503), so that a webhook never waits behind them.
enum class Pace { fast = 1, slow };

// An unknown path is 404, a known path with another method 405 with Allow. HEAD goes to the handler of GET.
// Threads: add() before start(); dispatch() on any thread; start() and stop() from one.
class Endpoints {
public:
    explicit Endpoints(Log& log, std::size_t queued_slow_requests = 64, std::size_t slow_threads = 1);
    ~Endpoints();

    // `path` is compared byte by byte. It may hold one segment in braces ("/sip/deliveries/{id}"), which fits any
    // single segment that is not empty; the handler finds it in Request::parameter. A path without braces goes before
    // one with. One handler for each method and path: std::logic_error for a second.
    void add(std::string method, const std::string& path, Handler handler, Pace pace = Pace::fast);

    // Starts the threads of the slow handlers, when there is one of these.
    void start();
    // After Front::stop: what still waits for a slow thread is answered 503. Safe twice, and without start.
    void stop();

    // Takes the request to its handler. Slow handlers before start() or after stop(): 503. A handler that throws: 500.
    void dispatch(Request request, Exchange exchange);
    // For Front's constructor; the Endpoints must outlive the Front.
    Handler as_handler();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace switchhook::http
