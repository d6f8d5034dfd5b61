// The contract suites of outboxes and hook stores, run against ours.
#include <store_file/file_store.hpp>
#include <store_sqlite/hook_table.hpp>
#include <store_sqlite/outbox.hpp>

#include <switchhook/testkit/hook_store_suite.hpp>
#include <switchhook/testkit/outbox_suite.hpp>
#include <switchhook/testkit/temporary_folder.hpp>

namespace switchhook::testkit {

namespace {

class SqlitePlace final : public OutboxPlace {
public:
    std::unique_ptr<Outbox> make(Host& host, const OutboxLimits& limits) override {
        return std::make_unique<store_sqlite::SqliteOutbox>(
            store_sqlite::OutboxSettings{.path = folder_.file("store.db"),
                                         .park_ms = limits.park_ms,
                                         .park_events = limits.park_events,
                                         .keep_ms = limits.keep_ms,
                                         .keep_bytes = limits.keep_bytes,
                                         .dead_letters = limits.dead_letters,
                                         .dead_keep_ms = limits.dead_keep_ms,
                                         .reserve_bytes = 4 << 20},
            host);
    }

private:
    TemporaryFolder folder_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, OutboxSuite,
                         testing::Values(OutboxMaker{"sqlite", [] { return std::make_unique<SqlitePlace>(); }}));

INSTANTIATE_TEST_SUITE_P(File, HookStoreSuite,
                         testing::Values(HookStoreMaker{"file", [](const TemporaryFolder& folder) {
                                                            return std::make_unique<store_file::FileHookStore>(
                                                                folder.file("sip_hooks.json"));
                                                        }}));
INSTANTIATE_TEST_SUITE_P(Sqlite, HookStoreSuite,
                         testing::Values(HookStoreMaker{"sqlite", [](const TemporaryFolder& folder) {
                                                            return std::make_unique<store_sqlite::SqliteHookStore>(
                                                                folder.file("store.db"));
                                                        }}));

}  // namespace switchhook::testkit
