#include "file_store.hpp"

#include <utility>

#include "hook_file.hpp"
#include "replace_file.hpp"

namespace switchhook::store_file {

namespace {

Result<HookTable> read(const std::string& path) {
    const auto content = read_file(path, kMaxBytes);
    if (!content) return content.status();
    if (!content->has_value()) return HookTable();
    auto table = parse(**content);
    if (table) return table;
    return Status(Code::corrupt, path + " cannot be used: " + table.status().message() +
                                     ". It was not changed: repair it, or move it away to begin without stored hooks");
}

}  // namespace

Status FileHookStore::check() const {
    return read(path_).status();
}

Result<HookTable> FileHookStore::look() const {
    return read(path_);
}

Result<HookTable> FileHookStore::load() {
    table_.reset();
    mark_ = mark_of(path_);
    auto table = read(path_);
    if (table) table_ = *table;
    return table;
}

Result<HookTable> FileHookStore::apply(const HookChange& change) {
    // Someone may have edited it, or broken it: then it is read again and not overwritten unseen.
    if (!table_ || mark_of(path_) != mark_) {
        if (auto loaded = load(); !loaded) return loaded.status();
    }
    auto table = changed(*table_, change);
    if (!table) return table.status();
    const auto text = write(*table);
    if (!text) return text.status();
    if (text->size() > kMaxBytes) return Status(Code::full, path_ + " would be larger than 64 MiB");
    if (Status status = replace_file(path_, *text); !status) {
        table_.reset();
        return status;
    }
    mark_ = mark_of(path_);
    table_ = *table;
    return table;
}

}  // namespace switchhook::store_file
