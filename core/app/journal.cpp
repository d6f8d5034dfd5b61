#include "core/app/journal.hpp"

#include <sys/stat.h>

#include <cstdlib>

namespace switchhook::app {

bool goes_to_journal(int fd) {
    const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): nobody changes it
    struct stat seen {};
    if (stream == nullptr || ::fstat(fd, &seen) != 0) return false;
    return std::to_string(seen.st_dev) + ":" + std::to_string(seen.st_ino) == stream;
}

std::string_view journal_prefix(Level level) {
    switch (level) {
        case Level::debug:
            return "<7>";
        case Level::info:
            return "<6>";
        case Level::warning:
            return "<4>";
        case Level::error:
            return "<3>";
    }
    return "<3>";
}

std::string with_prefix(std::string_view lines, std::string_view prefix) {
    std::string result;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        result.append(prefix).append(lines.substr(0, end)).append("\n");
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
    return result;
}

}  // namespace switchhook::app
