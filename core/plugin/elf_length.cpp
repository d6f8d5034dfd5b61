#include "core/plugin/elf_length.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>

namespace switchhook::plugin {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);

constexpr unsigned char kOurClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;

// Plain objects of the file format; false when the file ends before it.
template <typename T>
bool read_at(std::ifstream& file, std::uint64_t offset, T& into) {
    if (offset > static_cast<std::uint64_t>(INT64_MAX)) return false;
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(reinterpret_cast<char*>(&into), sizeof into);
    return file.good();
}

// Without the overflow that a hostile header would want.
bool ends_within(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
    return offset <= size && length <= size - offset;
}

}  // namespace

std::string cut_short(const std::filesystem::path& library) {
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(library, error);
    std::ifstream file(library, std::ios::binary);
    Header header{};
    if (error || !read_at(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != kOurClass)
        return {};

    std::uint64_t needed = header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize;
    bool whole = ends_within(header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize, size);
    for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
        Segment segment{};
        const bool here = read_at(file, header.e_phoff + i * sizeof(Segment), segment);
        whole = whole && here && ends_within(segment.p_offset, segment.p_filesz, size);
        if (here) needed = std::max<std::uint64_t>(needed, segment.p_offset + segment.p_filesz);
    }
    if (whole) return {};
    return "is cut short: it has " + std::to_string(size) + " bytes and needs " + std::to_string(needed) +
           "; copy or install it again";
}

}  // namespace switchhook::plugin
