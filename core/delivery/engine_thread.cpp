// The engine's doors to other threads: what they put into its mailbox, and its own thread's life.
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "core/delivery/engine.hpp"

namespace switchhook::delivery {
namespace {

// Deliveries handed over from memory that the engine has not looked at yet. Beyond that they are claimed from the
// outbox: a queue that grows without bound is memory that a flood of events chooses.
constexpr std::size_t kHandedOver = 8'192;

}  // namespace

void Engine::backlog(std::vector<Backlog> hooks) {
    LeftBehind left;
    left.hooks.reserve(hooks.size());
    for (const auto& each : hooks) left.hooks.push_back(each.hook);
    if (!left.hooks.empty()) mailbox_->push(std::move(left));
}

void Engine::ready(std::vector<Ready> deliveries) {
    if (deliveries.empty()) return;
    const std::size_t count = deliveries.size();
    if (handed_over_.load() + count <= kHandedOver) {
        handed_over_ += count;
        mailbox_->push(std::move(deliveries));
        return;
    }
    LeftBehind left;
    for (const auto& each : deliveries) left.hooks.push_back(each.delivery.hook);
    std::sort(left.hooks.begin(), left.hooks.end());
    left.hooks.erase(std::unique(left.hooks.begin(), left.hooks.end()), left.hooks.end());
    mailbox_->push(std::move(left));
}

void Engine::settled(std::vector<Settlement> settlements) {
    if (!settlements.empty()) mailbox_->push(std::move(settlements));
}

void Engine::claimed(HookId hook, Result<Claimed> answer) {
    mailbox_->push(ClaimAnswer{hook, std::move(answer)});
}

void Engine::reconfigure(EngineSettings settings, Secrets secrets) {
    mailbox_->push(Reconfigured{std::move(settings), std::move(secrets)});
}

void Engine::ping(std::function<void()> answer) {
    mailbox_->push(Ping{std::move(answer)});
}

void Engine::start() {
    thread_ = std::thread([this] { run(); });
}

void Engine::stop(std::chrono::milliseconds deadline) {
    if (!thread_.joinable()) return;
    mailbox_->push(Stop{clock_.steady() + deadline});
    thread_.join();
}

Engine::~Engine() {
    stop(std::chrono::milliseconds(0));
}

void Engine::run() {
    pthread_setname_np(pthread_self(), "delivery");
    for (;;) {
        const auto next = run_once();
        if (stop_at_ && (under_way_ == 0 || clock_.steady() >= *stop_at_)) return;
        mailbox_->wait(stop_at_ ? stop_at_ : next);
    }
}

}  // namespace switchhook::delivery
