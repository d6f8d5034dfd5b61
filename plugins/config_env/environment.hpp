// Environment variables to a Document: the reference's variables of server, livekit, sip, auth and the hook file's
// folder.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <switchhook/document.hpp>

namespace switchhook::config_env {

// The value of a variable; nothing when it is not set. An empty value counts as set.
using Getter = std::function<std::optional<std::string>(const std::string& name)>;

// Places are "$NAME"; the root's is "$". The root is null when no variable of ours is set.
Document read_environment(const Getter& get);

}  // namespace switchhook::config_env
