// What the committer does for deliveries beside commits: pauses of hooks, and settlements that the outbox did not take.
#include <iterator>
#include <unordered_map>
#include <utility>

#include "core/pipeline/committer.hpp"

namespace switchhook::pipeline {
namespace {

constexpr std::chrono::milliseconds kPauseAgain{1'000};

}  // namespace

// Settlements that were not taken come before what came later: a delivery's settlements keep their order. While the
// outbox refuses, attempts go on: of each delivery only the latest settlement counts, and the log goes without those
// before it, and without the bytes of answers, so that no outage is paid for with memory.
void Committer::keep(std::vector<delivery::Settlement> settlements) {
    std::move(unsettled_.begin(), unsettled_.end(), std::back_inserter(settlements));
    unsettled_ = std::move(settlements);
    if (unsettled_.size() <= settings_.group_settlements) return;
    std::unordered_map<DeliveryId, std::size_t> last;
    for (std::size_t i = 0; i < unsettled_.size(); ++i) last[unsettled_[i].id] = i;
    std::size_t at = 0;
    std::size_t left = 0;
    for (auto& each : unsettled_) {
        if (last[each.id] == at++) {
            if (&unsettled_[left] != &each) unsettled_[left] = std::move(each);
            ++left;
        }
    }
    unsettled_.resize(left);
    if (left <= settings_.group_settlements) return;
    for (auto& each : unsettled_)
        if (each.attempt) std::string().swap(each.attempt->answer);
}

void Committer::change_pauses() {
    if (pauses_.empty() || (pause_at_ != TimePoint{} && clock_.steady() < pause_at_)) return;
    pause_at_ = {};
    auto requests = std::exchange(pauses_, {});
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (std::visit([this](auto& request) { return change(request); }, requests[i])) continue;
        pause_at_ = clock_.steady() + kPauseAgain;
        pauses_.push_back(std::move(requests[i]));
    }
}

bool Committer::change(PauseRequest& request) {
    const Status status = outbox_.pause(request.paused);
    if (!status && !request.done) {
        reports_.pause_failed(status);
        return false;
    }
    if (status) sink_->paused({request.paused});
    if (request.done) request.done(status);
    return true;
}

bool Committer::change(ResumeRequest& request) {
    const HookId hook = request.hook;
    const Status status = outbox_.resume(hook);
    if (status) {
        // A pause that could not be made durable yet is not wanted any more.
        std::erase_if(pauses_, [&](const auto& each) {
            const auto* pause = std::get_if<PauseRequest>(&each);
            return pause && pause->paused.hook == hook;
        });
        sink_->resumed(hook);
    }
    if (request.done) request.done(status);
    return true;
}

}  // namespace switchhook::pipeline
