// What was asked for on the command line.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/result.hpp>

namespace switchhook::app {

struct CommandRow;

// A configuration source, `--config USE[:ARGUMENT]`.
struct SourceName {
    std::string use;
    std::string argument;

    friend bool operator==(const SourceName&, const SourceName&) = default;
};

// Every option that was given, without its dashes, and its values in order; a switch has an empty one for each time.
using GivenOptions = std::map<std::string, std::vector<std::string>, std::less<>>;

struct CommandLine {
    const CommandRow* command = nullptr;
    std::vector<SourceName> sources;     // in the order in which they are merged
    std::vector<std::string> arguments;  // as many as the command takes
    GivenOptions options;                // only those that belong to the command

    bool has(std::string_view option) const { return options.contains(option); }
    // The value of an option, or `otherwise`.
    std::string text(std::string_view option, std::string_view otherwise = {}) const;
    std::vector<std::string> all(std::string_view option) const;
    // Code::invalid: it was given and is no whole number from `least` to `most`.
    Result<std::uint64_t> number(std::string_view option, std::uint64_t otherwise, std::uint64_t least,
                                 std::uint64_t most) const;
};

// From "file:/etc/x.yaml" or "env".
Result<SourceName> source_name(const std::string& text);

// Puts together what the option parser saw: words that are no options, and options with `config` among them.
// Code::invalid: wrong usage, the text says what. No source given: the default ones, where the command has any.
Result<CommandLine> command_line(const std::vector<std::string>& words, GivenOptions options);

}  // namespace switchhook::app
