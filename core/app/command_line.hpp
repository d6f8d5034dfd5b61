// What was asked for on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <switchhook/result.hpp>

namespace switchhook::app {

enum class Command : std::uint8_t { serve = 1, check, plugins, provision, secret, version };

// A configuration source, `--config USE[:ARGUMENT]`.
struct SourceName {
    std::string use;
    std::string argument;

    friend bool operator==(const SourceName&, const SourceName&) = default;
};

struct CommandLine {
    Command command = Command::serve;
    std::vector<SourceName> sources;  // in the order in which they are merged
    bool show = false;                // check: the merged configuration
    bool schema = false;              // check: the JSON schema of the configuration
    bool plan = false;                // provision: only say what would be changed
    std::string tenant;               // secret: whose; trimmed, not empty
    std::string dialect;              // secret: in whose form; empty: that of the tenant's hooks
};

// What the options beside --config said.
struct Switches {
    bool show = false;
    bool schema = false;
    bool plan = false;
    std::optional<std::string> tenant{};
    std::optional<std::string> dialect{};
};

// The text of `switchhook --help`.
const char* usage();

// From "file:/etc/x.yaml" or "env".
Result<SourceName> source_name(const std::string& text);

// Puts together what the option parser saw. Code::invalid: wrong usage, the text says what. No source given: the
// default ones.
Result<CommandLine> command_line(const std::vector<std::string>& words, std::vector<SourceName> sources,
                                 const Switches& switches);

}  // namespace switchhook::app
