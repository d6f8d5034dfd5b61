// Reading a file whole, and replacing it so that after a crash either the old or the new content is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <switchhook/result.hpp>

namespace switchhook::store_file {

// Unset when there is no such file. Code::corrupt when it is larger than `max_bytes` or not a file.
Result<std::optional<std::string>> read_file(const std::string& path, std::size_t max_bytes);

// Tells whether a file is still the one that was read or written. Zero: there is none.
struct FileMark {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const FileMark&, const FileMark&) = default;
};
FileMark mark_of(const std::string& path);

// A new file beside it, fsync, rename, fsync of the folder; missing folders are created. The mode (and, for root, the
// owner) of the file that is replaced are kept; a new one is 0640. A link is followed. On failure the old file stands.
Status replace_file(const std::string& path, std::string_view content);

}  // namespace switchhook::store_file
