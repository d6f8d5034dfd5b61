// The thread that reads the store beside the first deliveries: it ends in an answer, whatever happens on it.
#include <csignal>
#include <new>
#include <stdexcept>
#include <thread>

#include <store_sqlite/loading.hpp>
#include <store_sqlite/schema.hpp>

#include <gtest/gtest.h>

#include <switchhook/testkit/temporary_folder.hpp>

namespace switchhook::store_sqlite {
namespace {

class LoadingTest : public testing::Test {
protected:
    LoadingTest() { EXPECT_TRUE(open_store(file_)); }

    static Result<Loaded> until_stopped(Database&, const std::atomic<bool>& stops) {
        while (!stops) std::this_thread::yield();
        return Loaded(Registry::Limits{});
    }

    testkit::TemporaryFolder folder_;
    std::string file_ = folder_.file("store.db");
    Loading loading_;
};

TEST_F(LoadingTest, AnExceptionIsAnAnswerAndTheNextReadingBegins) {
    ASSERT_TRUE(loading_.begin(file_, [](auto&, auto&) -> Result<Loaded> { throw std::bad_alloc(); }));
    const auto answer = loading_.take();
    EXPECT_EQ(answer.status().code(), Code::unavailable);
    EXPECT_NE(answer.status().message().find("bad_alloc"), std::string::npos) << answer.status().message();
    EXPECT_FALSE(loading_.under_way());
    ASSERT_TRUE(loading_.begin(file_, [](auto&, auto&) -> Result<Loaded> { return Loaded(Registry::Limits{}); }));
    EXPECT_TRUE(loading_.take());
}

TEST_F(LoadingTest, AStopIsNotEndedByAnException) {
    ASSERT_TRUE(loading_.begin(file_, [](auto& database, auto& stops) -> Result<Loaded> {
        static_cast<void>(until_stopped(database, stops));
        throw std::length_error("as the end came");
    }));
    loading_.stop();
    EXPECT_FALSE(loading_.under_way());
    loading_.stop();
}

TEST_F(LoadingTest, IsUnderWayUntilItsAnswerIsTaken) {
    ASSERT_TRUE(loading_.begin(file_, until_stopped));
    EXPECT_TRUE(loading_.under_way());
    EXPECT_FALSE(loading_.finished());
    loading_.stop();
    EXPECT_FALSE(loading_.under_way());
    EXPECT_FALSE(loading_.finished());
}

TEST_F(LoadingTest, AFileThatCannotBeReadBeginsNothing) {
    EXPECT_FALSE(loading_.begin(folder_.file("missing.db"), until_stopped));
    EXPECT_FALSE(loading_.under_way());
}

TEST_F(LoadingTest, ItsThreadTakesNoSignalsAndTheCallerTakesThemAsBefore) {
    sigset_t mask;
    ASSERT_TRUE(loading_.begin(file_, [&](auto&, auto&) -> Result<Loaded> {
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        return Loaded(Registry::Limits{});
    }));
    ASSERT_TRUE(loading_.take());
    EXPECT_EQ(sigismember(&mask, SIGTERM), 1);
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    EXPECT_EQ(sigismember(&mask, SIGTERM), 0);
}

}  // namespace
}  // namespace switchhook::store_sqlite
