#include "plugins/config_file/file_watch.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <switchhook/testkit/temporary_folder.hpp>

#include "plugins/config_file/file_source.hpp"

namespace switchhook::config_file {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// Counts the calls, and waits for them.
class Changes {
public:
    void happened() {
        const std::lock_guard lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    bool reach(int count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s, [&] { return count_ >= count; });
    }
    int count() const {
        const std::lock_guard lock(mutex_);
        return count_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

class FileWatching : public testing::Test {
protected:
    void write(const std::string& name, const std::string& text) {
        std::ofstream(folder_.file(name), std::ios::trunc) << text;
    }
    std::unique_ptr<FileWatch> watch(const std::string& path) {
        auto begun = FileWatch::begin(path, [this] { changes_.happened(); });
        EXPECT_TRUE(begun) << begun.status().message();
        return begun ? std::move(begun).value() : nullptr;
    }

    testkit::TemporaryFolder folder_;
    Changes changes_;
};

TEST_F(FileWatching, TellsOfAFileThatIsWrittenAndOfOneThatIsReplaced) {
    write("a.yaml", "one");
    const auto watching = watch(folder_.file("a.yaml"));
    write("a.yaml", "another");
    ASSERT_TRUE(changes_.reach(1));
    write("a.yaml.new", "a third");
    fs::rename(folder_.file("a.yaml.new"), folder_.file("a.yaml"));
    ASSERT_TRUE(changes_.reach(2));
}

TEST_F(FileWatching, TellsOfALinkInItsFolderThatIsReplaced) {
    fs::create_directories(folder_.file("v1"));
    fs::create_directories(folder_.file("v2"));
    write("v1/a.yaml", "one");
    write("v2/a.yaml", "another");
    fs::create_symlink("v1", folder_.file("data"));
    fs::create_symlink("data/a.yaml", folder_.file("a.yaml"));
    const auto watching = watch(folder_.file("a.yaml"));
    fs::create_symlink("v2", folder_.file("data.new"));
    fs::rename(folder_.file("data.new"), folder_.file("data"));
    ASSERT_TRUE(changes_.reach(1));
}

TEST_F(FileWatching, SaysNothingOfOtherFilesOfAFileThatIsGoneOrOfTheSameContentTouchedByNobody) {
    write("a.yaml", "one");
    const auto watching = watch(folder_.file("a.yaml"));
    for (int i = 0; i < 100; ++i) write("other.yaml", std::to_string(i));
    fs::rename(folder_.file("a.yaml"), folder_.file("b.yaml"));
    fs::rename(folder_.file("b.yaml"), folder_.file("a.yaml"));
    write("a.yaml", "a change that ends the wait");
    ASSERT_TRUE(changes_.reach(1));
    EXPECT_EQ(changes_.count(), 1);
}

TEST_F(FileWatching, AFolderThatIsNotThereIsSaid) {
    const auto begun = FileWatch::begin(folder_.file("nowhere/a.yaml"), [] {});
    EXPECT_EQ(begun.status().code(), Code::unavailable);
    EXPECT_NE(begun.status().message().find("SIGHUP"), std::string::npos);
}

TEST_F(FileWatching, ASourceTellsUntilItIsStopped) {
    write("a.yaml", "{}");
    FileSource source(folder_.file("a.yaml"));
    source.stop();
    ASSERT_TRUE(source.watch([this] { changes_.happened(); }));
    write("a.yaml", "{ }");
    ASSERT_TRUE(changes_.reach(1));
    source.stop();
    source.stop();
}

}  // namespace
}  // namespace switchhook::config_file
