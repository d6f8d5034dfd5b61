// The contract of a hook store. Include it in one file of a test program and
// INSTANTIATE_TEST_SUITE_P(File, HookStoreSuite, testing::Values(HookStoreMaker{"file", ...})).
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <switchhook/hook_store.hpp>
#include <switchhook/testkit/temporary_folder.hpp>

namespace switchhook::testkit {

// Makes a store that keeps its things in that folder; what one stored is found by the next.
struct HookStoreMaker {
    std::string name;
    std::function<std::unique_ptr<HookStore>(const TemporaryFolder&)> make;
};
inline void PrintTo(const HookStoreMaker& maker, std::ostream* out) {
    *out << maker.name;
}

inline Hook hook_of(std::string host, std::string url = "https://example.com/hook", std::string auth_id = "tenant-a") {
    Hook hook;
    hook.host = std::move(host);
    hook.url = std::move(url);
    hook.auth_id = std::move(auth_id);
    return hook;
}

class HookStoreSuite : public testing::TestWithParam<HookStoreMaker> {
protected:
    void SetUp() override { open(); }
    void TearDown() override { store_->stop(); }
    void open() {
        if (store_ != nullptr) store_->stop();
        store_.reset();
        store_ = GetParam().make(folder_);
        const Status status = store_->start();
        ASSERT_TRUE(status) << status.message();
    }
    HookTable load() {
        auto table = store_->load();
        EXPECT_TRUE(table) << table.status().message();
        return table ? std::move(table.value()) : HookTable{};
    }
    HookTable apply(HookChange change) {
        auto table = store_->apply(change);
        EXPECT_TRUE(table) << table.status().message();
        return table ? std::move(table.value()) : HookTable{};
    }

    TemporaryFolder folder_;
    std::unique_ptr<HookStore> store_;
};

TEST_P(HookStoreSuite, AStoreThatDoesNotExistYetIsEmptyAndWell) {
    EXPECT_TRUE(load().empty());
    const TemporaryFolder empty;
    EXPECT_TRUE(GetParam().make(empty)->check());
    EXPECT_TRUE(std::filesystem::is_empty(empty.path())) << "check created something";
}

TEST_P(HookStoreSuite, WhatWasPutIsThereAfterReopeningSortedByHost) {
    const HookTable expected{hook_of("a.com"), hook_of("b.com"), hook_of("c.com")};
    EXPECT_EQ(apply({.put = {hook_of("c.com"), hook_of("a.com"), hook_of("b.com")}, .remove = {}}), expected);
    EXPECT_EQ(load(), expected);
    open();
    EXPECT_EQ(load(), expected);
    EXPECT_TRUE(store_->check());
}

TEST_P(HookStoreSuite, AnApplyWithoutALoadKeepsWhatWasThere) {
    apply({.put = {hook_of("a.com")}, .remove = {}});
    open();
    EXPECT_EQ(apply({.put = {hook_of("b.com")}, .remove = {}}).size(), 2u);
}

TEST_P(HookStoreSuite, PuttingAHostAgainReplacesItsRow) {
    apply({.put = {hook_of("a.com", "https://one.example", "tenant-a")}, .remove = {}});
    const Hook second = hook_of("a.com", "https://two.example", "tenant-b");
    EXPECT_EQ(apply({.put = {second}, .remove = {}}), HookTable{second});
}

TEST_P(HookStoreSuite, RemovingIsDurableAndAnUnknownHostIsIgnored) {
    apply({.put = {hook_of("a.com"), hook_of("b.com")}, .remove = {}});
    EXPECT_EQ(apply({.put = {}, .remove = {"a.com", "unknown.com"}}), HookTable{hook_of("b.com")});
    open();
    EXPECT_EQ(load(), HookTable{hook_of("b.com")});
    EXPECT_TRUE(apply({.put = {}, .remove = {"b.com"}}).empty());
    open();
    EXPECT_TRUE(load().empty());
}

TEST_P(HookStoreSuite, AHostThatIsRemovedAndPutInOneChangeIsPut) {
    apply({.put = {hook_of("a.com", "https://one.example")}, .remove = {}});
    const Hook second = hook_of("a.com", "https://two.example");
    EXPECT_EQ(apply({.put = {second}, .remove = {"a.com"}}), HookTable{second});
}

TEST_P(HookStoreSuite, AnEmptyChangeAnswersTheTable) {
    apply({.put = {hook_of("a.com")}, .remove = {}});
    EXPECT_EQ(apply({}), HookTable{hook_of("a.com")});
}

TEST_P(HookStoreSuite, WhatAHookChoosesIsKeptAndIdSecretsAndOriginAreNot) {
    Hook hook = hook_of("*.example.com", "https://x.example/?a=1&b=\"2\"", "");
    hook.dialect = "sayna";
    hook.events = {"participant_joined", "room_finished"};
    hook.retry = "call";
    hook.concurrency = 3;
    hook.rate = Rate{.per_second = 10, .burst = 25};
    hook.max_age = {{"participant_joined", std::chrono::seconds(5)}, {"a\"b\\c", std::chrono::milliseconds(1)}};
    const Hook expected = hook;
    hook.id = 77;
    hook.secrets = {"do-not-store-me-0123456789", "do-not-store-me-either-0123"};
    hook.configured = true;
    apply({.put = {hook}, .remove = {}});
    open();
    EXPECT_EQ(load(), HookTable{expected});
    for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
        std::string content(static_cast<std::size_t>(file.file_size()), '\0');
        FILE* opened = std::fopen(file.path().c_str(), "rb");
        ASSERT_NE(opened, nullptr);
        content.resize(std::fread(content.data(), 1, content.size(), opened));
        std::fclose(opened);
        EXPECT_EQ(content.find("do-not-store-me"), std::string::npos) << file.path();
    }
}

TEST_P(HookStoreSuite, WhatIsPutAnewReplacesEveryChoice) {
    Hook hook = hook_of("a.com");
    hook.retry = "call";
    hook.concurrency = 1'000'000'000;
    hook.rate = Rate{.per_second = 1, .burst = 4'294'967'295};
    hook.max_age = {{"room_finished", std::chrono::hours(24 * 365 * 100)}};
    EXPECT_EQ(apply({.put = {hook}, .remove = {}}), HookTable{hook});
    EXPECT_EQ(apply({.put = {hook_of("a.com")}, .remove = {}}), HookTable{hook_of("a.com")});
    open();
    EXPECT_EQ(load(), HookTable{hook_of("a.com")});
}

TEST_P(HookStoreSuite, UnusualTextsComeBackAsTheyWere) {
    HookTable table;
    for (const char* text :
         {"a'b", "a\"b\\c", "caf\xC3\xA9.example", "\xF0\x9F\x93\x9E", "line\nbreak", "</script>", "%s%n"})
        table.push_back(hook_of(text, std::string("https://") + text, text));
    apply({.put = table, .remove = {}});
    open();
    std::ranges::sort(table, {}, &Hook::host);
    EXPECT_EQ(load(), table);
}

TEST_P(HookStoreSuite, SixtyFourWritersInTurnLoseNoUpdate) {
    // Calls come from one thread at a time: the host's lock.
    std::mutex turn;
    std::vector<std::thread> writers;
    for (int i = 0; i < 64; ++i)
        writers.emplace_back([&, i] {
            const std::lock_guard lock(turn);
            const auto table = store_->apply({.put = {hook_of(std::to_string(i) + ".example.com")}, .remove = {}});
            EXPECT_TRUE(table) << table.status().message();
        });
    for (auto& each : writers) each.join();
    EXPECT_EQ(load().size(), 64u);
    open();
    EXPECT_EQ(load().size(), 64u);
}

TEST_P(HookStoreSuite, TenThousandHooksAreKept) {
    HookChange change;
    for (int i = 0; i < 10'000; ++i) change.put.push_back(hook_of("host-" + std::to_string(i) + ".example.com"));
    EXPECT_EQ(apply(change).size(), 10'000u);
    open();
    EXPECT_EQ(load().size(), 10'000u);
}

TEST_P(HookStoreSuite, EverythingAcknowledgedIsThereAfterAKill) {
    store_->stop();
    store_.reset();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto store = GetParam().make(folder_);
        if (!store->start()) ::_exit(1);
        for (int i = 0;; ++i) {
            if (!store->apply({.put = {hook_of(std::to_string(i) + ".example.com")}, .remove = {}})) ::_exit(1);
            if (::write(ends[1], "x", 1) != 1) ::_exit(1);
        }
    }
    ::close(ends[1]);
    std::size_t acknowledged = 0;
    char byte = 0;
    while (acknowledged < 25 && ::read(ends[0], &byte, 1) == 1) ++acknowledged;
    ::kill(child, SIGKILL);
    while (::read(ends[0], &byte, 1) == 1) ++acknowledged;
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child could not write";
    open();
    const auto table = load();
    EXPECT_GE(table.size(), acknowledged);
    EXPECT_LE(table.size(), acknowledged + 1);
}

TEST_P(HookStoreSuite, ALookBesideAStoreThatIsOpenSeesWhatWasApplied) {
    apply({.put = {hook_of("b.com"), hook_of("a.com")}, .remove = {}});
    const auto beside = GetParam().make(folder_)->look();
    ASSERT_TRUE(beside) << beside.status().message();
    EXPECT_EQ(*beside, (HookTable{hook_of("a.com"), hook_of("b.com")}));
    EXPECT_EQ(apply({.put = {hook_of("c.com")}, .remove = {}}).size(), 3U) << "a look must not lock anything";
}

TEST_P(HookStoreSuite, ALookIntoAStoreThatIsClosedSeesWhatWasApplied) {
    apply({.put = {hook_of("a.com")}, .remove = {}});
    store_->stop();
    const auto looked = GetParam().make(folder_)->look();
    ASSERT_TRUE(looked) << looked.status().message();
    EXPECT_EQ(*looked, HookTable{hook_of("a.com")});
}

TEST_P(HookStoreSuite, ALookCreatesNothing) {
    const TemporaryFolder empty;
    const auto looked = GetParam().make(empty)->look();
    ASSERT_TRUE(looked) << looked.status().message();
    EXPECT_TRUE(looked->empty());
    EXPECT_TRUE(std::filesystem::is_empty(empty.path()));
}

}  // namespace switchhook::testkit
