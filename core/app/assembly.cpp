#include "core/app/assembly.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace switchhook::app {
namespace {

std::span<const Setting> declared(const ComponentEntry& entry) {
    return {entry.settings, entry.settings_count};
}

bool declares(const ComponentEntry& entry, std::string_view key) {
    return std::ranges::any_of(declared(entry), [&](const Setting& setting) { return setting.key == key; });
}

Node scalar(std::string text, std::string place) {
    Node node;
    node.kind = NodeKind::scalar;
    node.place = std::move(place);
    node.text = std::move(text);
    return node;
}

// One block names outbox and hook store together: each is given what it declares, and what neither declares stays, so
// that the outbox's check reports it.
config::Instance hook_store_of_storage(const ComponentEntry& entry, const config::Config& config) {
    config::Instance instance = config.storage;
    std::erase_if(instance.settings.entries, [&](const auto& each) { return !declares(entry, each.first); });
    return instance;
}

std::string hook_path(std::size_t index, std::string_view key) {
    return "sip.hooks[" + std::to_string(index) + "]." + std::string(key);
}

}  // namespace

config::Instance outbox_instance(const ComponentEntry& entry, const config::Config& config) {
    const auto& delivery = config.delivery;
    const std::pair<const char*, std::string> given[] = {
        {"park", std::to_string(delivery.park.count()) + "ms"},
        {"park_events", std::to_string(delivery.park_events)},
        {"keep", std::to_string(delivery.keep.count()) + "ms"},
        {"keep_bytes", std::to_string(delivery.keep_bytes)},
    };
    config::Instance instance = config.storage;
    if (instance.settings.kind == NodeKind::null) instance.settings.kind = NodeKind::map;
    for (const auto& [key, text] : given)
        if (declares(entry, key) && instance.settings.find(key) == nullptr)
            instance.settings.entries.emplace_back(key, scalar(text, config.place_of("delivery." + std::string(key))));
    return instance;
}

config::Instance livekit_instance(const ComponentEntry& entry, const config::Instance& given,
                                  const config::Config& config) {
    const auto& livekit = config.livekit;
    const auto secret = livekit.keys.find(livekit.api_key);
    const std::pair<const char*, std::string> known[] = {
        {"url", livekit.url},
        {"api_key", livekit.api_key},
        {"api_secret", secret != livekit.keys.end() ? secret->second : std::string()},
    };
    config::Instance instance = given;
    if (instance.settings.kind == NodeKind::null) instance.settings.kind = NodeKind::map;
    for (const auto& [key, text] : known)
        if (declares(entry, key) && instance.settings.find(key) == nullptr)
            instance.settings.entries.emplace_back(key, scalar(text, config.place_of("livekit." + std::string(key))));
    return instance;
}

Host& Assembly::host_for(std::string name) {
    hosts_.push_back(std::make_unique<InstanceHost>(logging_.for_instance(std::move(name)), clock_));
    return *hosts_.back();
}

void Assembly::make(const plugin::Catalog& catalog, const config::Config& config, std::vector<Problem>& problems) {
    make_stores(catalog, config, problems);
    for (const auto& instance : config.matchers)
        matchers.push_back(catalog.matcher(instance, host_for("matcher:" + instance.use), problems));
    make_dialects(catalog, config, problems);
    forwarder = catalog.forwarder(config.forwarder, host_for("forwarder:" + config.forwarder.use), problems);
    make_livekit_callers(catalog, config, problems);
}

void Assembly::make_livekit_callers(const plugin::Catalog& catalog, const config::Config& config,
                                    std::vector<Problem>& problems) {
    const auto settings = [&](Contract contract, const config::Instance& given) {
        const ComponentEntry* entry = catalog.find(contract, given.use);
        return entry != nullptr ? livekit_instance(*entry, given, config) : given;
    };
    if (const auto& given = config.provisioner; given.use != "none")
        provisioner =
            catalog.provisioner(settings(Contract::provisioner, given), host_for("provisioner:" + given.use), problems);
    if (const auto& given = config.call_control; given.use != "none")
        call_control = catalog.call_control(settings(Contract::call_control, given),
                                            host_for("call_control:" + given.use), problems);
}

void Assembly::make_stores(const plugin::Catalog& catalog, const config::Config& config,
                           std::vector<Problem>& problems) {
    const auto& storage = config.storage;
    const ComponentEntry* entry = catalog.find(Contract::outbox, storage.use);
    outbox = catalog.outbox(entry != nullptr ? outbox_instance(*entry, config) : storage,
                            host_for("outbox:" + storage.use), problems);

    config::Instance kept = config.hook_store;
    if (config.hook_store_is_storage) {
        const ComponentEntry* keeper = catalog.find(Contract::hook_store, storage.use);
        if (keeper == nullptr && entry != nullptr) {
            problems.push_back(
                {.place = storage.place,
                 .text = "storage: '" + storage.use + "' keeps no hooks; add `hook_store: { use: ... }`"});
            return;
        }
        if (keeper != nullptr) kept = hook_store_of_storage(*keeper, config);
        if (keeper == nullptr) return;  // the outbox's problem says that nothing has that name
    }
    hook_store = catalog.hook_store(kept, host_for("hook_store:" + kept.use), problems);
}

void Assembly::make_dialects(const plugin::Catalog& catalog, const config::Config& config,
                             std::vector<Problem>& problems) {
    std::map<std::string, std::string, std::less<>> wanted;  // name -> where it is asked for first
    wanted.emplace(config.delivery.dialect, config.place_of("delivery.dialect"));
    if (config.sip)
        for (std::size_t i = 0; i < config.sip->hooks.size(); ++i)
            if (const auto& name = config.sip->hooks[i].dialect; !name.empty())
                wanted.emplace(name, config.place_of(hook_path(i, "dialect")));
    for (const auto& [name, place] : wanted) {
        auto made =
            catalog.dialect({.use = name, .settings = {}, .place = place}, host_for("dialect:" + name), problems);
        if (made) dialects.emplace(name, std::move(made));
    }
    // A hook may be given any other dialect over the API, so that every one that is installed must be at hand.
    for (const auto& opened : catalog.opened())
        for (const auto& entry : opened.components)
            if (entry.contract == Contract::dialect && !wanted.contains(entry.name)) make_spare_dialect(catalog, entry);
}

// One that nobody asked for, and that cannot be made, stops nothing.
void Assembly::make_spare_dialect(const plugin::Catalog& catalog, const ComponentEntry& entry) {
    const std::string name = entry.name;
    Host& host = host_for("dialect:" + name);
    std::vector<Problem> problems;
    auto made = catalog.dialect({.use = name, .settings = {}, .place = {}}, host, problems);
    for (const auto& problem : problems) host.log().warning("no hook can use this dialect", {{"why", problem.text}});
    if (made && problems.empty()) dialects.emplace(name, std::move(made));
}

void Assembly::check_hooks(const config::Config& config, std::vector<Problem>& problems) const {
    if (!config.sip) return;
    for (std::size_t i = 0; i < config.sip->hooks.size(); ++i) {
        const Hook& hook = config.sip->hooks[i];
        const auto host = hook_path(i, "host");
        const auto url = hook_path(i, "url");
        if (std::ranges::none_of(matchers, [&](const auto& matcher) { return matcher->accepts(hook.host); }))
            problems.push_back({.place = config.place_of(host),
                                .text = host + ": '" + hook.host + "' is no host that a configured matcher can find"});
        if (const Status fit = forwarder->check(hook.url); !fit)
            problems.push_back({.place = config.place_of(url), .text = url + ": " + fit.message()});
    }
}

void Assembly::check_instances(std::vector<Problem>& problems) const {
    const auto ask = [&](const Component* component) {
        if (component == nullptr) return;
        if (const Status well = component->check(); !well) problems.push_back({.place = {}, .text = well.message()});
    };
    ask(outbox.get());
    ask(hook_store.get());
    for (const auto& matcher : matchers) ask(matcher.get());
    for (const auto& [name, dialect] : dialects) ask(dialect.get());
    ask(forwarder.get());
    ask(provisioner.get());
    ask(call_control.get());
}

}  // namespace switchhook::app
