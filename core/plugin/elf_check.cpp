#include "core/plugin/elf_check.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

namespace switchhook::plugin {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using Entry = ElfW(Dyn);

constexpr unsigned char kOurClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr std::uint64_t kMostEntries = 10'000;  // of the dynamic section; real ones have about thirty
constexpr std::size_t kLongestName = 64;

// The numbers in the file are a stranger's: every offset may be absurd, and sums wrap around without harm.
class ElfFile final {
public:
    explicit ElfFile(const std::filesystem::path& library) : stream_(library, std::ios::binary) {
        std::error_code error;
        size_ = std::filesystem::file_size(library, error);
        if (error) size_ = 0;
    }

    std::uint64_t size() const { return size_; }
    bool has(std::uint64_t offset, std::uint64_t length) const { return offset <= size_ && length <= size_ - offset; }

    // A plain object of the file format; nothing when the file ends before its end.
    template <typename T>
    std::optional<T> read(std::uint64_t offset) {
        T object{};
        if (!has(offset, sizeof object)) return std::nullopt;
        read_bytes(offset, reinterpret_cast<char*>(&object), sizeof object);
        return object;
    }

    std::string text(std::uint64_t offset) {
        std::array<char, kLongestName> bytes{};
        if (!has(offset, 1)) return {};
        read_bytes(offset, bytes.data(), std::min<std::uint64_t>(bytes.size(), size_ - offset));
        return {bytes.data(), ::strnlen(bytes.data(), bytes.size())};
    }

private:
    void read_bytes(std::uint64_t offset, char* into, std::uint64_t length) {
        stream_.clear();
        stream_.seekg(static_cast<std::streamoff>(offset));
        stream_.read(into, static_cast<std::streamsize>(length));
    }

    std::ifstream stream_;
    std::uint64_t size_ = 0;
};

std::string cut_short(const ElfFile& file, std::uint64_t needed) {
    return "is cut short: it has " + std::to_string(file.size()) + " bytes and needs " + std::to_string(needed) +
           "; copy or install it again";
}

std::uint64_t offset_of_address(const std::vector<Segment>& segments, std::uint64_t address) {
    for (const Segment& each : segments)
        if (each.p_type == PT_LOAD && address >= each.p_vaddr && address - each.p_vaddr < each.p_filesz)
            return each.p_offset + (address - each.p_vaddr);
    return UINT64_MAX;
}

// The names of the libraries that it needs.
std::vector<std::string> needed_libraries(ElfFile& file, const std::vector<Segment>& segments) {
    const auto is_dynamic = [](const Segment& each) { return each.p_type == PT_DYNAMIC; };
    const auto dynamic = std::find_if(segments.begin(), segments.end(), is_dynamic);
    if (dynamic == segments.end()) return {};

    std::vector<std::uint64_t> names;
    std::uint64_t strings = UINT64_MAX;
    const std::uint64_t count = std::min<std::uint64_t>(dynamic->p_filesz / sizeof(Entry), kMostEntries);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto entry = file.read<Entry>(dynamic->p_offset + i * sizeof(Entry));
        if (!entry || entry->d_tag == DT_NULL) break;
        if (entry->d_tag == DT_NEEDED) names.push_back(entry->d_un.d_val);
        if (entry->d_tag == DT_STRTAB) strings = offset_of_address(segments, entry->d_un.d_ptr);
    }
    std::vector<std::string> libraries;
    if (strings == UINT64_MAX) return libraries;
    libraries.reserve(names.size());
    for (const std::uint64_t name : names) libraries.push_back(file.text(strings + name));
    return libraries;
}

}  // namespace

std::string elf_fault(const std::filesystem::path& library, std::string_view sanitizer) {
    ElfFile file(library);
    const auto header = file.read<Header>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != kOurClass)
        return {};

    const std::uint64_t sections = std::uint64_t{header->e_shnum} * header->e_shentsize;
    if (!file.has(header->e_shoff, sections)) return cut_short(file, header->e_shoff + sections);
    std::vector<Segment> segments;
    for (std::uint64_t i = 0; i < header->e_phnum; ++i) {
        const std::uint64_t offset = header->e_phoff + i * sizeof(Segment);
        const auto segment = file.read<Segment>(offset);
        if (!segment) return cut_short(file, offset + sizeof(Segment));
        if (!file.has(segment->p_offset, segment->p_filesz))
            return cut_short(file, segment->p_offset + segment->p_filesz);
        segments.push_back(*segment);
    }

    constexpr std::array kRuntimes{std::pair{"libasan.so", "asan"}, std::pair{"libtsan.so", "tsan"}};
    for (const std::string& needed : needed_libraries(file, segments))
        for (const auto& [runtime, name] : kRuntimes)
            if (needed.starts_with(runtime) && sanitizer != name)
                return "was built with the sanitizer " + std::string(name) + ", this program with " +
                       std::string(sanitizer) + "; build it with the same compiler, library and sanitizer settings";
    return {};
}

}  // namespace switchhook::plugin
