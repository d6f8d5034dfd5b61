#include "core/plugin/guards/instance.hpp"

namespace switchhook::plugin {
namespace {

constexpr std::int64_t kQuietMs = 60'000;

}  // namespace

Instance::Instance(Component* object, const ComponentEntry& entry, std::string label, Host& host)
    : object_(object), destroy_(entry.destroy), concurrent_(entry.concurrent), label_(std::move(label)), host_(host) {}

Instance::~Instance() {
    attempt("destroy", [this] { destroy_(object_); });
}

Status Instance::fault(std::string_view name, std::string_view what) const {
    std::string text = label_;
    text.append(": ").append(name).append(": ").append(what);
    return {Code::internal, std::move(text)};
}

void Instance::complain(std::string_view name, std::string_view what) const {
    const auto since_epoch = host_.clock().steady().time_since_epoch();
    const std::int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
    std::int64_t until = quiet_until_ms_.load(std::memory_order_relaxed);
    if (now < until || !quiet_until_ms_.compare_exchange_strong(until, now + kQuietMs, std::memory_order_relaxed)) {
        left_out_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    const std::string more = std::to_string(left_out_.exchange(0, std::memory_order_relaxed));
    host_.log().error(fault(name, what).message(), {{"left_out", more}});
}

}  // namespace switchhook::plugin
