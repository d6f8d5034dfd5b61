// FileHookStore: the hooks of the REST interface in one JSON file that is replaced whole.
#pragma once

#include <optional>
#include <string>

#include <switchhook/hook_store.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

#include "replace_file.hpp"

namespace switchhook::store_file {

class FileHookStore final : public HookStore {
public:
    explicit FileHookStore(std::string path) : path_(std::move(path)) {}
    FileHookStore(const Settings& settings, Host&) : path_(settings.text("path")) {}

    Status check() const override;
    Result<HookTable> load() override;
    Result<HookTable> look() const override;
    Result<HookTable> apply(const HookChange& change) override;

private:
    std::string path_;
    std::optional<HookTable> table_;  // as it stands in the file; unset: to be read
    FileMark mark_;                   // of that file
};

}  // namespace switchhook::store_file
