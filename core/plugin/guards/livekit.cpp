// Provisioner and call control: what speaks to LiveKit's API.
#include "core/plugin/guards/guards.hpp"

namespace switchhook::plugin {
namespace {

class ProvisionerGuard final : public Guard<Provisioner> {
public:
    using Guard::Guard;

    Result<Plan> plan(const Wanted& wanted) override {
        return instance().call("plan", [&] { return object().plan(wanted); });
    }
    Result<Plan> apply(const Wanted& wanted) override {
        return instance().call("apply", [&] { return object().apply(wanted); });
    }
};

class CallControlGuard final : public Guard<CallControl> {
public:
    using Guard::Guard;

    Result<RoomTenancy> set_room_tenant(const RoomOwner& owner, std::chrono::milliseconds deadline) override {
        return instance().call("set_room_tenant", [&] { return object().set_room_tenant(owner, deadline); });
    }
};

}  // namespace

std::unique_ptr<Provisioner> guard(std::shared_ptr<const Instance> instance, Provisioner& object) {
    return std::make_unique<ProvisionerGuard>(std::move(instance), object);
}

std::unique_ptr<CallControl> guard(std::shared_ptr<const Instance> instance, CallControl& object) {
    return std::make_unique<CallControlGuard>(std::move(instance), object);
}

}  // namespace switchhook::plugin
