// The configuration source `env`: the environment variables of this process.
#pragma once

#include <switchhook/config_source.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

#include "environment.hpp"

namespace switchhook::config_env {

// One thread, and none that changes the environment meanwhile.
class EnvSource final : public ConfigSource {
public:
    EnvSource(const Settings& settings, Host& host);
    EnvSource(std::string argument, Getter get) : argument_(std::move(argument)), get_(std::move(get)) {}

    Result<Document> load() override;

private:
    std::string argument_;
    Getter get_;
};

}  // namespace switchhook::config_env
