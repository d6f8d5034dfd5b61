// How systemd's journal wants the lines of a service: sd-daemon(3), systemd.exec(5) on $JOURNAL_STREAM.
#pragma once

#include <string>
#include <string_view>

#include <switchhook/host.hpp>

namespace switchhook::app {

// Whether what is written to that file descriptor goes to the journal: $JOURNAL_STREAM names its device and inode.
// Reads the environment: no thread may change it meanwhile.
bool goes_to_journal(int fd);

// "<6>" and the like: what a line begins with, so that the journal knows its priority.
std::string_view journal_prefix(Level level);

// Each of the lines with that prefix.
std::string with_prefix(std::string_view lines, std::string_view prefix);

}  // namespace switchhook::app
