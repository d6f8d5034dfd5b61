// The guards: what core holds in place of a plugin's object. Each implements its contract, asks the plugin's object
// under a catch-all, and lets one thread at a time into an object that is not marked concurrent.
#pragma once

#include <memory>
#include <utility>

#include <switchhook/call_control.hpp>
#include <switchhook/config_source.hpp>
#include <switchhook/dialect.hpp>
#include <switchhook/forwarder.hpp>
#include <switchhook/hook_store.hpp>
#include <switchhook/matcher.hpp>
#include <switchhook/outbox.hpp>
#include <switchhook/provisioner.hpp>

#include "core/plugin/guards/instance.hpp"

namespace switchhook::plugin {

// The calls that every contract has.
template <typename Base>
class Guard : public Base {
public:
    // `object` is the instance's, seen as its contract.
    Guard(std::shared_ptr<const Instance> instance, Base& object) : instance_(std::move(instance)), object_(object) {}

    Status start() final {
        return instance().call("start", [this] { return object_.start(); });
    }
    void stop() final {
        instance().attempt("stop", [this] { object_.stop(); });
    }
    Status health() const override {
        return instance().call("health", [this] { return object_.health(); });
    }
    using Base::check;  // a forwarder's check(url) is another question
    Status check() const final {
        return instance().call("check", [this] { return static_cast<const Component&>(object_).check(); });
    }

protected:
    const Instance& instance() const { return *instance_; }
    const std::shared_ptr<const Instance>& shared_instance() const { return instance_; }
    Base& object() const { return object_; }

private:
    std::shared_ptr<const Instance> instance_;
    Base& object_;
};

std::unique_ptr<ConfigSource> guard(std::shared_ptr<const Instance> instance, ConfigSource& object);
std::unique_ptr<HookStore> guard(std::shared_ptr<const Instance> instance, HookStore& object);
std::unique_ptr<Outbox> guard(std::shared_ptr<const Instance> instance, Outbox& object);
std::unique_ptr<Matcher> guard(std::shared_ptr<const Instance> instance, Matcher& object);
std::unique_ptr<Dialect> guard(std::shared_ptr<const Instance> instance, Dialect& object);
std::unique_ptr<Forwarder> guard(std::shared_ptr<const Instance> instance, Forwarder& object);
std::unique_ptr<Provisioner> guard(std::shared_ptr<const Instance> instance, Provisioner& object);
std::unique_ptr<CallControl> guard(std::shared_ptr<const Instance> instance, CallControl& object);

}  // namespace switchhook::plugin
