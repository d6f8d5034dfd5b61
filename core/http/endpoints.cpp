#include "core/http/endpoints.hpp"

#include <pthread.h>

#include <atomic>
#include <deque>
#include <exception>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "core/http/job_queue.hpp"
#include "core/http/reply.hpp"

namespace switchhook::http {
namespace {

struct Endpoint {
    std::string method;
    Handler handler;
    Pace pace;
};

// A path with one segment that may be anything.
struct Pattern {
    std::string path;
    std::string before;
    std::string behind;
    std::vector<Endpoint> endpoints;

    // Nothing: it does not fit.
    std::string_view parameter_of(std::string_view asked) const {
        if (asked.size() <= before.size() + behind.size() || !asked.starts_with(before) || !asked.ends_with(behind))
            return {};
        const auto middle = asked.substr(before.size(), asked.size() - before.size() - behind.size());
        return middle.find('/') == std::string_view::npos ? middle : std::string_view();
    }
};

struct SlowJob {
    const Endpoint* endpoint;
    Request request;
    Exchange exchange;
};

const Endpoint* find_method(const std::vector<Endpoint>& endpoints, std::string_view method) {
    for (const Endpoint& endpoint : endpoints)
        if (endpoint.method == method) return &endpoint;
    return nullptr;
}

std::string allowed(const std::vector<Endpoint>& endpoints) {
    std::string list;
    for (const Endpoint& endpoint : endpoints) {
        list.append(list.empty() ? "" : ", ").append(endpoint.method);
        if (endpoint.method == "GET" && find_method(endpoints, "HEAD") == nullptr) list.append(", HEAD");
    }
    return list;
}

}  // namespace

struct Endpoints::Impl {
    Impl(Log& its_log, std::size_t bound, std::size_t its_slow_threads)
        : log(its_log), slow_threads(its_slow_threads), slow_jobs(bound) {}

    // The catch-all of a handler: its Exchange has answered 500 while the exception passed, unless it was handed on
    // before.
    void run(const Endpoint& endpoint, Request request, Exchange exchange) {
        try {
            endpoint.handler(std::move(request), std::move(exchange));
        } catch (const std::exception& error) {
            log.error("a handler failed", {{"reason", error.what()}});
        } catch (...) {
            log.error("a handler failed", {{"reason", "unknown exception"}});
        }
    }

    void work() {
        slow_jobs.serve([this](SlowJob job) { run(*job.endpoint, std::move(job.request), std::move(job.exchange)); });
    }

    std::vector<Endpoint>& at(const std::string& path) {
        const auto open = path.find('{');
        if (open == std::string::npos) return by_path[path];
        for (Pattern& pattern : patterns)
            if (pattern.path == path) return pattern.endpoints;
        return patterns.emplace_back(Pattern{path, path.substr(0, open), path.substr(path.find('}') + 1), {}})
            .endpoints;
    }

    // nullptr: unknown. Sets the parameter of the request.
    const std::vector<Endpoint>* find(Request& request) const {
        if (const auto found = by_path.find(request.path); found != by_path.end()) return &found->second;
        for (const Pattern& pattern : patterns) {
            request.parameter = pattern.parameter_of(request.path);
            if (!request.parameter.empty()) return &pattern.endpoints;
        }
        return nullptr;
    }

    Log& log;
    const std::size_t slow_threads;
    std::deque<Pattern> patterns;  // Endpoints of jobs in the queue stay where they are
    std::map<std::string, std::vector<Endpoint>, std::less<>> by_path;
    JobQueue<SlowJob> slow_jobs;
    std::atomic<bool> running{false};
    std::vector<std::thread> threads;
};

Endpoints::Endpoints(Log& log, std::size_t queued_slow_requests, std::size_t slow_threads)
    : impl_(std::make_unique<Impl>(log, queued_slow_requests, slow_threads)) {}

Endpoints::~Endpoints() {
    stop();
}

void Endpoints::add(std::string method, const std::string& path, Handler handler, Pace pace) {
    auto& endpoints = impl_->at(path);
    if (find_method(endpoints, method) != nullptr) throw std::logic_error("two handlers for " + method + " " + path);
    endpoints.push_back({std::move(method), std::move(handler), pace});
}

void Endpoints::start() {
    bool any_slow = false;
    const auto look_at = [&](const std::vector<Endpoint>& endpoints) {
        for (const Endpoint& endpoint : endpoints) any_slow = any_slow || endpoint.pace == Pace::slow;
    };
    for (const auto& [path, endpoints] : impl_->by_path) look_at(endpoints);
    for (const Pattern& pattern : impl_->patterns) look_at(pattern.endpoints);
    if (!any_slow || !impl_->threads.empty()) return;
    while (impl_->threads.size() < impl_->slow_threads)
        impl_->threads.emplace_back([impl = impl_.get()] {
            ::pthread_setname_np(::pthread_self(), "slow-handlers");
            impl->work();
        });
    impl_->running = true;
}

void Endpoints::stop() {
    impl_->running = false;
    for (SlowJob& job : impl_->slow_jobs.close()) job.exchange.answer(error_reply(503));
    for (std::thread& thread : impl_->threads)
        if (thread.joinable()) thread.join();
}

void Endpoints::dispatch(Request request, Exchange exchange) {
    const auto* found = impl_->find(request);
    if (found == nullptr) return exchange.answer(error_reply(404));
    const Endpoint* endpoint = find_method(*found, request.method);
    if (endpoint == nullptr && request.method == "HEAD") endpoint = find_method(*found, "GET");
    if (endpoint == nullptr) {
        Response response = error_reply(405);
        response.headers.emplace_back("Allow", allowed(*found));
        return exchange.answer(response);
    }
    if (endpoint->pace == Pace::fast) return impl_->run(*endpoint, std::move(request), std::move(exchange));
    SlowJob job{endpoint, std::move(request), std::move(exchange)};
    if (!impl_->running || !impl_->slow_jobs.push(job)) job.exchange.answer(error_reply(503));
}

Handler Endpoints::as_handler() {
    return [this](Request request, Exchange exchange) { dispatch(std::move(request), std::move(exchange)); };
}

}  // namespace switchhook::http
