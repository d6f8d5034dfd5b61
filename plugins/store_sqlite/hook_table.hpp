// SqliteHookStore: the hooks of the REST interface, a table in the same file as the outbox, on a connection of its own.
#pragma once

#include <optional>
#include <string>

#include <switchhook/hook_store.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

#include "database.hpp"
#include "lock_file.hpp"

namespace switchhook::store_sqlite {

class SqliteHookStore final : public HookStore {
public:
    explicit SqliteHookStore(std::string path) : path_(std::move(path)) {}
    SqliteHookStore(const Settings& settings, Host&) : path_(settings.text("path")) {}

    Status start() override;
    void stop() override;
    Status check() const override;
    Result<HookTable> load() override;
    Result<HookTable> look() const override;
    Result<HookTable> apply(const HookChange& change) override;

private:
    Status open();
    Status write(const HookChange& change);
    Result<HookTable> read();

    std::string path_;
    LockFile lock_;
    std::optional<Database> database_;
};

}  // namespace switchhook::store_sqlite
