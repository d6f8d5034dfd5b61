#include "core/http/front.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/http/job_queue.hpp"
#include "core/http/loop.hpp"
#include "core/http/reply.hpp"
#include "core/http/request_reader.hpp"

namespace switchhook::http {
namespace {

constexpr int kBacklog = 4096;  // the kernel's net.core.somaxconn may lower it

struct Job {
    std::shared_ptr<SocketConnection> connection;
    Frame frame;
};

}  // namespace

struct Front::Impl {
    Impl(FrontSettings its_settings, Handler its_handler, Log& its_log)
        : settings(std::move(its_settings)),
          handler(std::move(its_handler)),
          log(its_log),
          jobs(settings.queued_requests) {}

    void listen();
    void work();
    void handle(RequestReader& reader, Job job);

    const FrontSettings settings;
    const Handler handler;
    Log& log;
    JobQueue<Job> jobs;
    std::shared_ptr<LoopLink> link;
    Poco::Net::ServerSocket listener;
    std::unique_ptr<Loop> loop;
    std::uint16_t port = 0;
    std::thread loop_thread;
    std::vector<std::thread> workers;
    std::mutex stop_mutex;
};

void Front::Impl::listen() {
    const Poco::Net::SocketAddress address(settings.host, settings.port);
    listener = Poco::Net::ServerSocket();
    // ServerSocket(address) would set SO_REUSEPORT, and a second process could take half of our connections.
    listener.bind(address, true, false);
    listener.listen(kBacklog);
    listener.setBlocking(false);
    listener.setNoDelay(true);  // those that it accepts inherit it: answers of pipelined requests must not wait
    port = listener.address().port();
}

void Front::Impl::work() {
    RequestReader reader;
    jobs.serve([&](Job job) { handle(reader, std::move(job)); });
}

// One of the catch-alls: whatever is thrown while a request is handled, its Exchange answers 500 on the way out.
void Front::Impl::handle(RequestReader& reader, Job job) {
    Exchange exchange(job.connection);
    try {
        std::optional<Request> request = reader.read(std::move(job.frame));
        if (!request) {
            job.connection->close_after_answer();
            return exchange.answer(error_reply(400));
        }
        request->peer = job.connection->peer();
        job.connection.reset();
        handler(std::move(*request), std::move(exchange));
    } catch (const std::exception& error) {
        log.error("a handler failed", {{"reason", error.what()}});
    } catch (...) {
        log.error("a handler failed", {{"reason", "unknown exception"}});
    }
}

Front::Front(FrontSettings settings, Handler handler, Log& log)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(handler), log)) {}

Front::~Front() {
    stop(std::chrono::milliseconds(0));
}

Status Front::start() {
    const std::string place = impl_->settings.host + ":" + std::to_string(impl_->settings.port);
    try {
        impl_->listen();
        impl_->link = std::make_shared<LoopLink>();
        const auto deliver = [impl = impl_.get()](std::shared_ptr<SocketConnection> connection, Frame frame) {
            Job job{std::move(connection), std::move(frame)};
            return impl->jobs.push(job);
        };
        impl_->loop = std::make_unique<Loop>(impl_->settings, static_cast<int>(impl_->listener.impl()->sockfd()),
                                             impl_->link, deliver, impl_->log);
        for (std::size_t i = 0; i < std::max<std::size_t>(1, impl_->settings.workers); ++i)
            impl_->workers.emplace_back([impl = impl_.get()] {
                ::pthread_setname_np(::pthread_self(), "front-worker");
                impl->work();
            });
        impl_->loop_thread = std::thread([impl = impl_.get()] {
            ::pthread_setname_np(::pthread_self(), "front-loop");
            impl->loop->run();
        });
    } catch (const Poco::Exception& error) {
        // Another program may end, and an address may still come up: worth another start.
        const bool may_change = error.code() == EADDRINUSE || error.code() == EADDRNOTAVAIL;
        return {may_change ? Code::unavailable : Code::invalid,
                "cannot listen on " + place + ": " + error.displayText()};
    } catch (const std::exception& error) {
        return {Code::invalid, "cannot listen on " + place + ": " + error.what()};
    }
    return {};
}

void Front::stop(std::chrono::milliseconds deadline) {
    const std::lock_guard lock(impl_->stop_mutex);
    if (impl_->loop_thread.joinable()) {
        impl_->link->stop(std::chrono::steady_clock::now() + deadline);
        impl_->loop_thread.join();
    }
    impl_->jobs.close();  // what no worker has begun is dropped: its connection is closed by now
    for (std::thread& worker : impl_->workers) worker.join();
    impl_->workers.clear();
    impl_->listener.close();
}

void Front::ping(std::function<void()> answer) {
    impl_->link->ping(std::move(answer));
}

std::uint16_t Front::port() const {
    return impl_->port;
}

FrontFigures Front::figures() const {
    if (!impl_->loop) return {};
    const LoopFigures& figures = impl_->loop->figures();
    return {figures.open, figures.accepted, figures.requests, figures.refused};
}

}  // namespace switchhook::http
