#include "core/app/logging.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <switchhook/testkit/fake_host.hpp>
#include <thread>

namespace switchhook::app {
namespace {

class LoggingTest : public testing::Test {
protected:
    // Everything written; ends the log first, so that nothing is still queued.
    std::string written() {
        logging_.reset();
        std::rewind(file_.get());
        std::string text;
        for (int c = std::fgetc(file_.get()); c != EOF; c = std::fgetc(file_.get()))
            text.push_back(static_cast<char>(c));
        return text;
    }
    Logging& open(Level level, LogFormat format) {
        logging_ = std::make_unique<Logging>(level, format, clock_, file_.get());
        return *logging_;
    }

    testkit::ManualClock clock_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), &std::fclose};
    std::unique_ptr<Logging> logging_;
};

TEST_F(LoggingTest, WritesOneLineOfTextWithInstanceAndFields) {
    auto& logging = open(Level::info, LogFormat::text);
    logging.for_instance("forwarder:https")
        ->warning("an attempt failed", {{"hook", "a.example"}, {"detail", "two words"}});
    const auto text = written();
    EXPECT_NE(text.find(" warning [forwarder:https] an attempt failed hook=a.example detail=\"two words\"\n"),
              std::string::npos)
        << text;
}

TEST_F(LoggingTest, TellsTheJournalThePriorityAndNoTime) {
    struct stat seen {};
    ASSERT_EQ(::fstat(::fileno(file_.get()), &seen), 0);
    ::setenv("JOURNAL_STREAM", (std::to_string(seen.st_dev) + ":" + std::to_string(seen.st_ino)).c_str(), 1);
    auto& logging = open(Level::debug, LogFormat::text);
    ::unsetenv("JOURNAL_STREAM");
    logging.log().info("listening", {{"server", "0.0.0.0:3001"}});
    logging.log().warning("odd");
    logging.for_instance("outbox:sqlite")->error("broken\n<6>forged");
    logging.log().debug("seen");
    EXPECT_EQ(written(),
              "<6>listening server=0.0.0.0:3001\n<4>odd\n<3>[outbox:sqlite] \"broken\\n<6>forged\"\n<7>seen\n");
}

TEST_F(LoggingTest, TellsTheJournalThePriorityOfAJsonRecordToo) {
    struct stat seen {};
    ASSERT_EQ(::fstat(::fileno(file_.get()), &seen), 0);
    ::setenv("JOURNAL_STREAM", (std::to_string(seen.st_dev) + ":" + std::to_string(seen.st_ino)).c_str(), 1);
    auto& logging = open(Level::info, LogFormat::json);
    ::unsetenv("JOURNAL_STREAM");
    logging.log().warning("odd");
    EXPECT_TRUE(written().starts_with("<4>{\"time\":"));
}

TEST_F(LoggingTest, WritesOneJsonObjectPerLineWithFieldsAsKeys) {
    clock_.jump_to(1'795'329'482'007);
    auto& logging = open(Level::info, LogFormat::json);
    logging.log().error("broken", {{"why", "a \"quoted\"\nline"}});
    logging.for_instance("outbox:sqlite")->info("well");
    const auto text = written();
    EXPECT_EQ(text,
              "{\"time\":\"2026-11-22T06:38:02.007Z\",\"level\":\"error\",\"text\":\"broken\",\"why\":\"a "
              "\\\"quoted\\\"\\nline\"}\n"
              "{\"time\":\"2026-11-22T06:38:02.007Z\",\"level\":\"info\",\"instance\":\"outbox:sqlite\",\"text\":"
              "\"well\"}\n");
}

TEST_F(LoggingTest, LetsNoValueForgeALine) {
    auto& logging = open(Level::info, LogFormat::text);
    logging.log().info("host \n2026 forged", {{"host", "evil\n2026-01-01 info forged=1"}, {"empty", ""}, {"x", "a=b"}});
    const auto text = written();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_NE(text.find(R"(host="evil\n2026-01-01 info forged=1" empty="" x="a=b")"), std::string::npos) << text;
}

TEST_F(LoggingTest, WritesBytesThatAreNotUtf8AsReplacements) {
    auto& logging = open(Level::info, LogFormat::json);
    logging.log().info("to \xFF", {{"host", "\xC3("}});
    const auto record = nlohmann::json::parse(written());
    EXPECT_EQ(record["text"], "to \xEF\xBF\xBD");
    EXPECT_EQ(record["host"], "\xEF\xBF\xBD(");
}

TEST_F(LoggingTest, LetsNoFieldReplaceTheRecordsOwnKeys) {
    auto& logging = open(Level::info, LogFormat::json);
    logging.log().info("said", {{"level", "debug"}, {"text", "other"}});
    const auto record = nlohmann::json::parse(written());
    EXPECT_EQ(record["level"], "info");
    EXPECT_EQ(record["text"], "said");
}

TEST_F(LoggingTest, LeavesOutWhatIsBelowItsLevel) {
    auto& logging = open(Level::warning, LogFormat::text);
    logging.log().info("not this");
    logging.log().debug("nor this");
    logging.log().warning("but this");
    const auto text = written();
    EXPECT_EQ(text.find("not this"), std::string::npos);
    EXPECT_NE(text.find("but this"), std::string::npos);
}

TEST_F(LoggingTest, LosesTheOldestLinesAndCountsThemWhenNobodyReads) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    std::FILE* pipe = ::fdopen(ends[1], "w");
    ASSERT_NE(pipe, nullptr);
    const std::string line(4'096, 'x');
    std::thread reader;
    {
        Logging logging(Level::info, LogFormat::text, clock_, pipe, 16);
        // The pipe holds 64 KiB and then blocks the writing thread, with one line in its hands; 16 more wait.
        for (int i = 0; i < 200; ++i) logging.log().info(line);
        EXPECT_GE(logging.dropped(), 200U - 16 - 17);
        EXPECT_LE(logging.dropped(), 200U - 16);  // the writing thread may not have run at all yet
        reader = std::thread([&] {
            char buffer[65'536];
            while (::read(ends[0], buffer, sizeof(buffer)) > 0) continue;
        });
    }
    std::fclose(pipe);
    reader.join();
    ::close(ends[0]);
}

TEST(HeldLog, ReleasesItsLinesInOrderAndOnce) {
    HeldLog held;
    held.warning("first", {{"place", "a.yaml:1"}});
    held.info("second");
    testkit::RecordingLog log;
    held.release_to(log);
    held.release_to(log);
    ASSERT_EQ(log.lines().size(), 2U);
    EXPECT_EQ(log.lines()[0].text, "first place=a.yaml:1");
    EXPECT_EQ(log.lines()[0].level, Level::warning);
    EXPECT_EQ(log.lines()[1].text, "second");
}

}  // namespace
}  // namespace switchhook::app
