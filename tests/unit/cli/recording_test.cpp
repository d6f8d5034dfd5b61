// Recordings as they are read, and as they are played again.
#include "core/cli/recording.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include <switchhook/testkit/temporary_folder.hpp>

#include "core/cli/fresh_ids.hpp"
#include "core/cli/simulate.hpp"
#include "core/livekit/reader.hpp"

namespace switchhook::cli {
namespace {

constexpr char kSimpleCall[] = SWITCHHOOK_SOURCE_DIR "/tests/data/recordings/simple_call.jsonl";

std::string written(const testkit::TemporaryFolder& folder, const std::string& name, const std::string& text) {
    std::ofstream(folder.file(name), std::ios::binary) << text;
    return folder.file(name);
}

std::vector<std::string> all_recordings() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(SWITCHHOOK_SOURCE_DIR "/tests/data/recordings"))
        if (entry.path().extension() == ".jsonl" && entry.file_size() > 0) files.push_back(entry.path());
    return files;
}

TEST(Recording, IsTheBodiesOfItsLinesInOrder) {
    const auto bodies = read_recording(kSimpleCall);
    ASSERT_TRUE(bodies) << bodies.status().message();
    ASSERT_EQ(bodies->size(), 10U);
    livekit::Reader reader;
    EXPECT_EQ((*reader.read(bodies->front()))->event().name, "room_started");
    EXPECT_EQ((*reader.read(bodies->back()))->event().name, "room_finished");
}

TEST(Recording, IsTheFilesOfAFolderByName) {
    const testkit::TemporaryFolder folder;
    written(folder, "02.json", "second");
    written(folder, "01.json", "first");
    std::filesystem::create_directory(folder.file("00"));
    EXPECT_EQ(*read_recording(folder.path()), (std::vector<std::string>{"first", "second"}));
}

TEST(Recording, IsOneBodyOtherwise) {
    const testkit::TemporaryFolder folder;
    EXPECT_EQ(*read_recording(written(folder, "body.json", "{\n}\n")), std::vector<std::string>{"{\n}\n"});
}

TEST(Recording, ThatCannotBeReadNamesFileAndLine) {
    const testkit::TemporaryFolder folder;
    for (const auto& [text, place] :
         std::vector<std::pair<std::string, std::string>>{{"", "holds no webhook"},
                                                          {"\n\n", "holds no webhook"},
                                                          {"{\"body\":\"a\"}\nnonsense\n", ":2:"},
                                                          {"{\"body\":\"a\"}\n\n{\"body\":1}\n", ":3:"},
                                                          {"[]", ":1:"},
                                                          {"1", ":1:"},
                                                          {"null", ":1:"},
                                                          {"{}", ":1:"},
                                                          {"{\"body\":\"a\"", ":1:"},
                                                          {"{\"body\":null}", ":1:"}}) {
        const auto bodies = read_recording(written(folder, "x.jsonl", text));
        ASSERT_FALSE(bodies.ok()) << text;
        EXPECT_NE(bodies.status().message().find(place), std::string::npos) << bodies.status().message();
        EXPECT_NE(bodies.status().message().find("x.jsonl"), std::string::npos) << bodies.status().message();
    }
    const testkit::TemporaryFolder empty;
    EXPECT_FALSE(read_recording(empty.path()).ok());
    EXPECT_FALSE(read_recording(empty.file("nothing")).ok());
    EXPECT_FALSE(read_recording(empty.file("nothing.jsonl")).ok());
}

TEST(FreshIds, AreConsistentInEveryRecordingAndChangeNothingElse) {
    livekit::Reader reader;
    for (const auto& file : all_recordings()) {
        const auto bodies = read_recording(file);
        ASSERT_TRUE(bodies) << bodies.status().message();
        for (const auto& body : *bodies) {
            const auto before = reader.read(body);
            ASSERT_TRUE(before) << before.status().message();
            const Event& old = (*before)->event();
            const auto made = with_fresh_ids(body, old.id, "xyz");
            const auto after = reader.read(made);
            ASSERT_TRUE(after) << after.status().message() << made;
            const Event& now = (*after)->event();
            EXPECT_EQ(now.id, std::string(old.id) + "xyz");
            EXPECT_EQ(now.name, old.name);
            EXPECT_EQ(now.room_name, old.room_name);
            if (!old.room_sid.empty()) {
                EXPECT_EQ(now.room_sid, std::string(old.room_sid) + "xyz");
            }
            if (!old.participant_sid.empty()) {
                EXPECT_EQ(now.participant_sid, std::string(old.participant_sid) + "xyz");
            }
            if (!old.call_id().empty()) {
                EXPECT_EQ(now.call_id(), std::string(old.call_id()) + "xyz");
            }
            EXPECT_EQ(with_fresh_ids(body, old.id, ""), body);
        }
    }
}

TEST(FreshIds, ReplaceAnIdOfAnotherFormAndNothingThatOnlyLooksLikeOne) {
    EXPECT_EQ(with_fresh_ids(R"({"id":"17","createdAt":"17"})", "17", "x"), R"({"id":"17x","createdAt":"17x"})")
        << "a text of its own; what stands inside of another is left";
    EXPECT_EQ(with_fresh_ids(R"({"name":"sip-_RM_abcdef123456","x":"AEV_abcdef","y":"EV_ab"})", "", "x"),
              R"({"name":"sip-_RM_abcdef123456","x":"AEV_abcdef","y":"EV_ab"})");
    EXPECT_EQ(with_fresh_ids("EV_abcdef", "EV_abcdef", "x"), "EV_abcdefx");
    EXPECT_EQ(with_fresh_ids("", "", "x"), "");
}

TEST(Streams, AreTheRoomsInTheirOrder) {
    const auto body = [](const std::string& room, int number) {
        return R"({"event":"x","id":"E)" + std::to_string(number) + R"(","room":{"name":")" + room + R"("}})";
    };
    const auto streams = streams_of({body("b", 1), body("a", 2), body("b", 3), "nonsense", body("a", 4), "nonsense"});
    EXPECT_EQ(streams, (std::vector<Stream>{
                           {body("b", 1), body("b", 3)}, {body("a", 2), body("a", 4)}, {"nonsense"}, {"nonsense"}}));
    EXPECT_TRUE(streams_of({}).empty());
}

}  // namespace
}  // namespace switchhook::cli
