#include "core/app/journal.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace switchhook::app {
namespace {

class JournalTest : public testing::Test {
protected:
    JournalTest() { EXPECT_EQ(::pipe(pipe_.data()), 0); }
    ~JournalTest() override {
        ::unsetenv("JOURNAL_STREAM");
        ::close(pipe_[0]);
        ::close(pipe_[1]);
    }
    std::string name() const {
        struct stat seen {};
        EXPECT_EQ(::fstat(pipe_[1], &seen), 0);
        return std::to_string(seen.st_dev) + ":" + std::to_string(seen.st_ino);
    }

    std::array<int, 2> pipe_{};
};

TEST_F(JournalTest, IsWhereTheStreamOfThatNameGoes) {
    ::setenv("JOURNAL_STREAM", name().c_str(), 1);
    EXPECT_TRUE(goes_to_journal(pipe_[1]));
}

// The service's own stderr was given to a file, or a child has its parent's variable.
TEST_F(JournalTest, IsNotWhereAnotherFileGoes) {
    for (const auto& other : {std::string("1:2"), name() + "0", std::string(), std::string("nonsense")}) {
        ::setenv("JOURNAL_STREAM", other.c_str(), 1);
        EXPECT_FALSE(goes_to_journal(pipe_[1])) << other;
    }
    ::unsetenv("JOURNAL_STREAM");
    EXPECT_FALSE(goes_to_journal(pipe_[1]));
}

TEST_F(JournalTest, IsNotBehindAClosedDescriptor) {
    ::setenv("JOURNAL_STREAM", name().c_str(), 1);
    EXPECT_FALSE(goes_to_journal(-1));
}

TEST(JournalPrefix, IsThePriorityOfSyslog) {
    EXPECT_EQ(journal_prefix(Level::debug), "<7>");
    EXPECT_EQ(journal_prefix(Level::info), "<6>");
    EXPECT_EQ(journal_prefix(Level::warning), "<4>");
    EXPECT_EQ(journal_prefix(Level::error), "<3>");
}

TEST(JournalPrefix, StandsBeforeEachLine) {
    EXPECT_EQ(with_prefix("a\nb\n", "<3>"), "<3>a\n<3>b\n");
    EXPECT_EQ(with_prefix("a", "<3>"), "<3>a\n");
    EXPECT_EQ(with_prefix("a\nb\n", ""), "a\nb\n");
    EXPECT_EQ(with_prefix("", "<3>"), "");
}

}  // namespace
}  // namespace switchhook::app
