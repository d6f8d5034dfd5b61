// switchhook_manual TEMPLATE: prints the template, with each line that names a part between two @ replaced by that
// part. Our own plugins are read from where the program would find them, beside this binary.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/plugin/catalog.hpp"
#include "packaging/manual/parts.hpp"

namespace {

using namespace switchhook;

std::string plugin_settings() {
    plugin::Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(plugin::own_plugin_folder(), {}, problems);
    if (!problems.empty()) throw std::runtime_error(problems.front().place + ": " + problems.front().text);
    return manual::settings(catalog.opened());
}

std::string filled(const std::string& line) {
    if (line == "@commands@") return manual::commands();
    if (line == "@keys@") return manual::keys();
    if (line == "@variables@") return manual::variables();
    if (line == "@settings@") return plugin_settings();
    if (line == "@completion_tables@") return manual::completion_tables();
    if (line.starts_with('@')) throw std::runtime_error("no part is called " + line);
    return line + "\n";
}

void print_filled(const char* path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(std::string(path) + " cannot be read");
    std::string whole;
    for (std::string line; std::getline(file, line);) whole += filled(line);
    std::cout << whole << std::flush;
    if (!std::cout) throw std::runtime_error("standard output cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 2) throw std::runtime_error("usage: switchhook_manual TEMPLATE");
        print_filled(argv[1]);
        return 0;
    } catch (const std::exception& failure) {
        static_cast<void>(std::fprintf(stderr, "switchhook_manual: %s\n", failure.what()));
    }
    return 1;
}
