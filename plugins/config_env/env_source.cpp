#include "env_source.hpp"

#include <cstdlib>

namespace switchhook::config_env {
namespace {

std::optional<std::string> of_this_process(const std::string& name) {
    // Nothing in this process changes the environment.
    const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

EnvSource::EnvSource(const Settings& settings, Host& /*host*/)
    : argument_(settings.text("argument")), get_(of_this_process) {}

Result<Document> EnvSource::load() {
    if (!argument_.empty())
        return Status(Code::invalid,
                      "the configuration source env takes nothing behind a colon, but was given '" + argument_ + "'");
    return read_environment(get_);
}

}  // namespace switchhook::config_env
