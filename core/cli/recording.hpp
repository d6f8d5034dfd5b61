// Recorded webhooks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <switchhook/result.hpp>

namespace switchhook::cli {

constexpr std::size_t kMostRecordedBytes = std::size_t{256} << 20;

// The bodies, in order: of a .jsonl file, whose every line is an object with the body as text under "body"; of a
// folder, whose every file is a body, in the order of their names; or of a file that is one body. Code::invalid: no
// such thing, or larger than 256 MiB; the text names file and line.
Result<std::vector<std::string>> read_recording(const std::string& path);

// A whole file; "-" is standard input.
Result<std::string> read_text(const std::string& path);

}  // namespace switchhook::cli
