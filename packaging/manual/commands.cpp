#include <map>
#include <string_view>

#include "core/app/command_table.hpp"
#include "packaging/manual/parts.hpp"
#include "packaging/manual/roff.hpp"

namespace switchhook::manual {
namespace {

std::string tag_of(const app::OptionRow& option) {
    std::string tag = bold("--" + std::string(option.name));
    if (option.argument != nullptr) tag.append(" ").append(italic(option.argument));
    return tag;
}

// One branch of a shell's case statement that sets `variable`.
std::string branch(std::string_view pattern, std::string_view variable, std::string_view value) {
    return "        '" + std::string(pattern) + "') " + std::string(variable) + "='" + std::string(value) + "' ;;\n";
}

void add_word(std::string& words, std::string_view word) {
    words.append(words.empty() ? "" : " ").append(word);
}

bool names_a_file(std::string_view argument) {
    return argument == "FILE" || argument == "[FILE]" || argument == "PATH";
}

}  // namespace

std::string commands() {
    std::string roff;
    for (const auto& command : app::command_table()) {
        roff += ".SS " + plain(command.words);
        if (*command.arguments != '\0') roff.append(" ").append(italic(command.arguments));
        roff += "\n" + plain(command.summary) + ".\n";
        for (const auto& option : command.options) {
            roff += entry(tag_of(option), option.help);
            if (option.repeatable) roff += "(repeatable)\n";
        }
    }
    return roff;
}

std::string completion_tables() {
    std::string first;                          // the words that a command begins with
    std::map<std::string, std::string> behind;  // each, and the second words
    std::string options;
    std::string values;
    for (const auto& command : app::command_table()) {
        const std::string words = command.words;
        const auto space = words.find(' ');
        const std::string head = words.substr(0, space);
        if (!behind.contains(head)) add_word(first, head);
        std::string& second = behind[head];
        if (space != std::string::npos) add_word(second, words.substr(space + 1));

        std::string own = command.sources == app::Sources::none ? "--help" : "--config --help";
        for (const auto& option : command.options) {
            const std::string name = "--" + std::string(option.name);
            add_word(own, name);
            if (option.argument != nullptr)
                values += branch(words + " " + name, "takes", names_a_file(option.argument) ? "file" : "text");
        }
        options += branch(words, "names", own);
        if (names_a_file(command.arguments)) values += branch(words, "takes", "file");
    }
    std::string commands = branch("", "names", first);
    for (const auto& [head, words] : behind)
        if (!words.empty()) commands += branch(head, "names", words);
    return "_switchhook_commands() {\n    names=\n    case $1 in\n" + commands +
           "    esac\n}\n\n_switchhook_options() {\n    names=--help\n    case $1 in\n" + options +
           "    esac\n}\n\n_switchhook_takes() {\n    takes=\n    case $1 in\n" + values + "    esac\n}\n";
}

}  // namespace switchhook::manual
