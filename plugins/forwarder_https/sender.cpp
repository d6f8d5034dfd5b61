#include "sender.hpp"

#include <curl/curl.h>

#include <exception>
#include <utility>

#include "loop.hpp"

namespace switchhook::https {

Sender::Sender(SenderOptions options) : options_(std::move(options)) {}

Sender::~Sender() {
    stop();
}

Status Sender::start() {
    if (loop_) return {Code::conflict, "the forwarder has been started already"};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return {Code::internal, "curl_global_init failed"};
    auto bundle = CaBundle::merge(options_.system_ca_file, options_.ca_file);
    if (!bundle) return bundle.status();
    try {
        loop_ = std::make_unique<Loop>(options_, std::move(bundle).value());
    } catch (const std::exception& failure) {
        return {Code::internal, failure.what()};
    }
    return {};
}

void Sender::stop() {
    if (loop_) loop_->stop();
}

Status Sender::check() const {
    return CaBundle::merge(options_.system_ca_file, options_.ca_file).status();
}

Status Sender::check(std::string_view url) const {
    return read_target(url, options_.rules).status();
}

void Sender::send(Request request, std::chrono::milliseconds deadline, Completion done) {
    auto attempt = std::make_unique<Attempt>();
    attempt->sent = std::chrono::steady_clock::now();
    attempt->deadline = attempt->sent + deadline;
    attempt->done = std::move(done);
    if (auto target = read_target(request.url, options_.rules); target) {
        attempt->target = std::move(target).value();
    } else {
        attempt->fault = "invalid_url";
        attempt->detail = target.status().message();
    }
    if (const char* fault = headers_fault(request.headers); fault != nullptr && attempt->fault == nullptr) {
        attempt->fault = "own_fault";
        attempt->detail = fault;
    }
    attempt->request = std::move(request);
    if (loop_) attempt = loop_->post(std::move(attempt));
    if (!attempt) return;
    AttemptResult result;
    result.code = "stopped";
    result.detail = "the forwarder does not run";
    attempt->done(std::move(result));
}

}  // namespace switchhook::https
