#include "store_sqlite/own_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <switchhook/testkit/temporary_folder.hpp>

#include "store_sqlite/lock_file.hpp"
#include "store_sqlite/reserve.hpp"

namespace switchhook::store_sqlite {
namespace {

class OwnFile : public testing::Test {
protected:
    std::string with_a_link(const std::string& name) {
        std::ofstream(folder_.file("victim")) << "precious";
        std::filesystem::create_symlink(folder_.file("victim"), folder_.file(name));
        return folder_.file(name);
    }
    std::string victim() {
        std::ifstream file(folder_.file("victim"));
        return {std::istreambuf_iterator<char>(file), {}};
    }

    testkit::TemporaryFolder folder_;
};

TEST_F(OwnFile, TheLockIsNotTakenThroughALinkThatSomebodyPut) {
    const auto path = with_a_link("db.lock");
    LockFile lock;
    const Status refused = lock.acquire(path);
    EXPECT_EQ(refused.code(), Code::unavailable);
    EXPECT_NE(refused.message().find("move it away"), std::string::npos) << refused.message();
    EXPECT_EQ(victim(), "precious");
}

TEST_F(OwnFile, TheReserveIsNeitherFilledNorReleasedThroughALink) {
    const auto path = with_a_link("db.reserve");
    Reserve reserve(path, 1024);
    EXPECT_FALSE(reserve.fill());
    reserve.release();
    EXPECT_EQ(victim(), "precious");
}

TEST_F(OwnFile, APipeInItsPlaceIsRefusedAndNotWaitedFor) {
    const auto path = folder_.file("db.lock");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(open_own(path, O_RDWR | O_CREAT), -1);
    EXPECT_EQ(errno, EINVAL);
}

TEST_F(OwnFile, WhatRootMakesBelongsToTheFoldersOwner) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
    const auto folder = folder_.file("state");
    std::filesystem::create_directory(folder);
    ASSERT_EQ(::chown(folder.c_str(), 4242, 4243), 0);
    const int file = open_own(folder + "/db", O_RDWR | O_CREAT);
    ASSERT_GE(file, 0);
    struct stat facts {};
    ASSERT_EQ(::fstat(file, &facts), 0);
    ::close(file);
    EXPECT_EQ(facts.st_uid, 4242U);
    EXPECT_EQ(facts.st_gid, 4243U);
    EXPECT_EQ(
        facts.st_mode & 0777U, 0640U & ~[] {
            const mode_t mask = ::umask(0);
            ::umask(mask);
            return mask;
        }());
}

}  // namespace
}  // namespace switchhook::store_sqlite
