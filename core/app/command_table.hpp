// Every command in one table: its words, arguments and options. Parsing, --help and the call of a command all come from
// here; a new command is a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "core/app/command_line.hpp"

namespace switchhook::app {

struct OptionRow {
    std::string_view name;  // without dashes
    const char* argument;   // as --help shows it; nullptr: a switch
    const char* help;
    bool repeatable = false;
};

// What --config means to a command.
enum class Sources : std::uint8_t {
    none = 1,  // refused: the command asks a running server
    named,     // only what was named
    standard,  // without any, the file and the environment
};

struct CommandRow {
    const char* words;  // one or two: "hooks list"
    const char* arguments;
    std::size_t least;  // arguments
    std::size_t most;
    Sources sources;
    const char* summary;
    std::span<const OptionRow> options;
    int (*run)(const CommandLine& line);  // answers the exit code
};

constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

std::span<const CommandRow> command_table();
// nullptr: there is none of that name.
const CommandRow* find_command(std::string_view words);

// The text of --help: of everything, or of the commands that begin with these words, when there are any.
std::string usage(const std::string& words = {});

}  // namespace switchhook::app
