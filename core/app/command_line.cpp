#include "core/app/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

#include "core/app/command_table.hpp"

namespace switchhook::app {
namespace {

constexpr char kDefaultFile[] = "/etc/switchhook/switchhook.yaml";

Status wrong(std::string text) {
    return {Code::invalid, std::move(text)};
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

// The sub-commands of a word: "list, add, remove".
std::string commands_of(const std::string& group) {
    std::string names;
    for (const auto& row : command_table())
        if (std::string_view(row.words).starts_with(group + " "))
            names.append(names.empty() ? "" : ", ").append(std::string_view(row.words).substr(group.size() + 1));
    return names;
}

// The command, and how many of the words name it.
Result<std::pair<const CommandRow*, std::size_t>> command_of(const std::vector<std::string>& words) {
    if (words.empty()) return wrong("no command was given");
    for (std::size_t count = std::min<std::size_t>(words.size(), 2); count > 0; --count) {
        const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
        if (const CommandRow* row = find_command(name)) return std::pair{row, count};
    }
    const std::string group = commands_of(words[0]);
    if (group.empty()) return wrong(quoted(words[0]) + " is no command");
    if (words.size() == 1) return wrong(quoted(words[0]) + " needs one of these behind it: " + group);
    return wrong(quoted(words[1]) + " is nothing that " + quoted(words[0]) + " can do; it can: " + group);
}

Status check_arguments(const CommandRow& row, const std::vector<std::string>& arguments) {
    if (arguments.size() < row.least) return wrong(std::string(row.words) + " needs " + row.arguments);
    if (arguments.size() > row.most)
        return wrong(quoted(arguments[row.most]) + " is too much: " + row.words +
                     (row.most == 0 ? " takes no argument" : " takes " + std::string(row.arguments)));
    if (std::ranges::any_of(arguments, [](const auto& argument) { return argument.empty(); }))
        return wrong(std::string(row.words) + " got an empty argument");
    return {};
}

Status check_options(const CommandRow& row, const GivenOptions& options) {
    for (const auto& [name, values] : options) {
        const auto found = std::ranges::find(row.options, name, [](const OptionRow& option) { return option.name; });
        if (found == row.options.end()) return wrong("--" + name + " does not belong to the command " + row.words);
        if (values.size() > 1 && !found->repeatable) return wrong("--" + name + " was given twice");
        if (found->argument != nullptr && std::ranges::any_of(values, &std::string::empty))
            return wrong("--" + name + " needs " + found->argument);
    }
    return {};
}

Result<std::vector<SourceName>> sources_of(const CommandRow& row, const std::vector<std::string>& texts) {
    std::vector<SourceName> sources;
    for (const auto& text : texts) {
        auto source = source_name(text);
        if (!source) return source.status();
        sources.push_back(std::move(source).value());
    }
    if (row.sources == Sources::none && !sources.empty())
        return wrong("--config does not belong to the command " + std::string(row.words) +
                     ", which asks a running server");
    if (row.sources == Sources::standard && sources.empty())
        sources = {{.use = "file", .argument = kDefaultFile}, {.use = "env", .argument = {}}};
    return sources;
}

}  // namespace

std::string CommandLine::text(std::string_view option, std::string_view otherwise) const {
    const auto found = options.find(option);
    return found == options.end() ? std::string(otherwise) : found->second.back();
}

std::vector<std::string> CommandLine::all(std::string_view option) const {
    const auto found = options.find(option);
    return found == options.end() ? std::vector<std::string>{} : found->second;
}

Result<std::uint64_t> CommandLine::number(std::string_view option, std::uint64_t otherwise, std::uint64_t least,
                                          std::uint64_t most) const {
    if (!has(option)) return otherwise;
    const std::string given = text(option);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc{} || end != given.data() + given.size() || value < least || value > most)
        return wrong("--" + std::string(option) + " " + quoted(given) + " is no whole number from " +
                     std::to_string(least) + " to " + std::to_string(most));
    return value;
}

Result<SourceName> source_name(const std::string& text) {
    const auto colon = text.find(':');
    SourceName name{.use = text.substr(0, colon), .argument = colon == std::string::npos ? "" : text.substr(colon + 1)};
    if (name.use.empty()) return wrong("--config " + quoted(text) + " names no source; write file:PATH or env");
    return name;
}

Result<CommandLine> command_line(const std::vector<std::string>& words, GivenOptions options) {
    const auto command = command_of(words);
    if (!command) return command.status();
    const auto& [row, count] = *command;
    CommandLine line{.command = row,
                     .sources = {},
                     .arguments = {words.begin() + static_cast<std::ptrdiff_t>(count), words.end()},
                     .options = std::move(options)};
    const auto sources = sources_of(*row, line.all("config"));
    line.options.erase("config");
    if (!sources) return sources.status();
    line.sources = *sources;
    if (Status fit = check_arguments(*row, line.arguments); !fit) return fit;
    if (Status fit = check_options(*row, line.options); !fit) return fit;
    return line;
}

}  // namespace switchhook::app
