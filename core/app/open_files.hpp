// How many sockets and files the process may have open.
#pragma once

#include <cstddef>

namespace switchhook::app {

// Raises the soft limit of open files to the hard one, and returns what it now is.
std::size_t raise_open_files();

// How many of the wanted connections fit into that limit, when tenants' connections, stores and libraries keep their
// share: a front that takes every file stops deliveries and the store before its own limit is reached.
constexpr std::size_t connections_that_fit(std::size_t wanted, std::size_t open_files) {
    constexpr std::size_t kOthers = 4'096;
    const std::size_t others = open_files / 2 < kOthers ? open_files / 2 : kOthers;
    const std::size_t fit = open_files - others;
    return wanted < fit ? wanted : fit;
}

}  // namespace switchhook::app
