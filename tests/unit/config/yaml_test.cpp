#include "plugins/config_file/yaml_reader.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "plugins/config_file/file_source.hpp"

namespace switchhook::config_file {
namespace {

Document read(std::string_view text) {
    return read_yaml(text, "switchhook.yaml");
}

// The problems of that text, one a line.
std::string faults(std::string_view text) {
    std::string all;
    for (const auto& problem : read(text).problems) all += problem.place + ": " + problem.text + "\n";
    return all;
}

TEST(YamlReader, remembers_the_line_of_every_value) {
    const auto document = read("server:\n  host: \"0.0.0.0\"\n\n  port: 3001\nplugins:\n  - /a\n  - /b\n");
    ASSERT_TRUE(document.problems.empty());
    const Node& server = *document.root.find("server");
    EXPECT_EQ(server.place, "switchhook.yaml:2");
    EXPECT_EQ(server.find("host")->place, "switchhook.yaml:2");
    EXPECT_EQ(server.find("port")->place, "switchhook.yaml:4");
    EXPECT_EQ(document.root.find("plugins")->items.at(1).place, "switchhook.yaml:7");
}

TEST(YamlReader, keeps_text_as_it_is_written_and_knows_what_was_quoted) {
    const auto document = read("a: \"3001\"\nb: 3001\nc: '~'\nd: ~\ne:\nf: |\n  two\n  lines\ng: !!str 5\n");
    ASSERT_TRUE(document.problems.empty());
    EXPECT_TRUE(document.root.find("a")->quoted);
    EXPECT_FALSE(document.root.find("b")->quoted);
    EXPECT_EQ(document.root.find("b")->text, "3001");
    EXPECT_EQ(document.root.find("c")->kind, NodeKind::scalar);
    EXPECT_EQ(document.root.find("d")->kind, NodeKind::null);
    EXPECT_EQ(document.root.find("e")->kind, NodeKind::null);
    EXPECT_EQ(document.root.find("f")->text, "two\nlines\n");
    EXPECT_TRUE(document.root.find("g")->quoted);
}

TEST(YamlReader, takes_an_empty_text_for_an_empty_configuration) {
    for (const char* text :
         {"", "\n", "# only a comment\n", "---\n", "--- ~\n", "\xEF\xBB\xBF# with a byte order mark\n"}) {
        const auto document = read(text);
        EXPECT_TRUE(document.problems.empty()) << text;
        EXPECT_EQ(document.root.kind, NodeKind::null) << text;
    }
}

TEST(YamlReader, resolves_aliases_and_places_them_where_they_are_used) {
    const auto document = read("a: &x [1, 2]\nb: *x\n");
    ASSERT_TRUE(document.problems.empty());
    EXPECT_EQ(document.root.find("b")->items.size(), 2U);
    EXPECT_EQ(document.root.find("b")->place, "switchhook.yaml:2");
}

TEST(YamlReader, refuses_duplicate_keys_at_every_level) {
    EXPECT_EQ(faults("sip:\n  a: 1\n  b: 2\n  a: 3\n"),
              "switchhook.yaml:4: duplicate key 'a'; the first is in line 2\n");
    EXPECT_EQ(faults("a: 1\n\"a\": 2\n"), "switchhook.yaml:2: duplicate key 'a'; the first is in line 1\n");
    EXPECT_NE(faults("l: [ { k: 1, k: 2 } ]\n").find("duplicate key 'k'"), std::string::npos);
}

TEST(YamlReader, reports_all_duplicates_at_once) {
    EXPECT_EQ(read("a: 1\na: 2\nb: 1\nb: 2\n").problems.size(), 2U);
}

TEST(YamlReader, refuses_a_second_document) {
    EXPECT_NE(faults("a: 1\n---\nb: 2\n").find("second document"), std::string::npos);
    EXPECT_NE(faults("a: 1\n---\n").find("second document"), std::string::npos);
    EXPECT_NE(faults("a: 1\n...\nb: 2\n").find("second document"), std::string::npos);
    EXPECT_EQ(faults("---\na: 1\n...\n"), "");
}

TEST(YamlReader, refuses_cyclic_aliases) {
    EXPECT_EQ(faults("a: &x\n  b: *x\n"),
              "switchhook.yaml:2: cyclic alias: it stands inside the value that it names\n");
    EXPECT_NE(faults("a: &x [ [ *x ] ]\n").find("cyclic alias"), std::string::npos);
}

TEST(YamlReader, refuses_a_bomb_of_aliases_before_it_expands) {
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 30; ++i) {
        const std::string last = std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + last + ",*a" + last + ",*a" + last +
                ",*a" + last + "]\n";
    }
    EXPECT_NE(faults(bomb).find("more than 100000 values"), std::string::npos);
}

TEST(YamlReader, refuses_more_than_a_hundred_thousand_values) {
    std::string list = "a: [x";
    for (std::size_t i = 0; i < kMostNodes - 4; ++i) list += ",x";
    EXPECT_EQ(faults(list + "]"), "");  // the map, the key, the list, the first and the others
    EXPECT_NE(faults(list + ",x]").find("more than 100000 values"), std::string::npos);
}

TEST(YamlReader, refuses_deep_nesting_also_through_aliases) {
    const auto nested = [](std::size_t levels) { return "a: " + std::string(levels, '[') + std::string(levels, ']'); };
    EXPECT_EQ(faults(nested(kDeepest - 1)), "");
    EXPECT_NE(faults(nested(kDeepest)).find("levels deep"), std::string::npos);
    EXPECT_NE(faults("a: " + std::string(100'000, '[')).find("levels deep"), std::string::npos);
    EXPECT_NE(faults("a: &x " + std::string(40, '[') + std::string(40, ']') + "\nb: " + std::string(40, '[') + "*x" +
                     std::string(40, ']'))
                  .find("levels deep"),
              std::string::npos);
}

TEST(YamlReader, names_the_line_of_a_syntax_error) {
    for (const char* text :
         {"a: 1\nb: [1, 2\nc: 3\n", "a: 1\nb: \"open\n", "a: 1\nb: 2: 3\n", "a: 1\n\tb: 2\n", "a: 1\n*unknown\n"}) {
        const auto document = read(text);
        ASSERT_EQ(document.problems.size(), 1U) << text;
        EXPECT_TRUE(document.problems[0].text.starts_with("Failed to parse YAML config: ")) << text;
        EXPECT_NE(document.problems[0].place, "switchhook.yaml:1") << text;
        EXPECT_EQ(document.root.kind, NodeKind::null);
    }
}

// yaml-cpp 0.7 alone would take the rest of the file for the text of `b`, without a word.
TEST(YamlReader, refuses_a_quote_that_is_never_closed) {
    for (const char* text :
         {"b: \"open", "b: \"open\n", "b: \"open\nc: 1\n", "b: 'open\nc: 1\r\n", "b: \"open\n  ", "b: 'open\n\n\n \t"})
        EXPECT_NE(faults(text).find("Failed to parse YAML config"), std::string::npos) << text;
    EXPECT_EQ(read("a: |+\n  x\n\n").root.find("a")->text, "x\n\n");  // and what ends well stays as it is
    EXPECT_EQ(read("a: |\n  x\n").root.find("a")->text, "x\n");
    EXPECT_EQ(read("a: x\n  ").root.find("a")->text, "x");
}

TEST(YamlReader, refuses_what_is_not_utf_8) {
    EXPECT_EQ(faults("a: 1\nb: \xFF\n"), "switchhook.yaml:2: Failed to parse YAML config: not UTF-8\n");
    for (const char* bad : {"\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF0\x80\x80\x80",
                            "\xE2\x82", "\x80", "\xC2"})
        EXPECT_NE(faults("a: \"" + std::string(bad) + "\"").find("not UTF-8"), std::string::npos);
    EXPECT_EQ(faults("a: \"\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x93\x9E\""), "");
    EXPECT_NE(faults(std::string("\xFF\xFE"
                                 "a\0:\0",
                                 6))
                  .find("not UTF-8"),
              std::string::npos);  // UTF-16
}

// yaml-cpp takes byte 4 for the end of the text: what follows would be dropped silently.
TEST(YamlReader, refuses_control_characters) {
    EXPECT_EQ(faults("a: 1\n\x04\nb: 2\n"), "switchhook.yaml:2: Failed to parse YAML config: a control character\n");
    EXPECT_NE(faults(std::string("a: 1\0b", 6)).find("control character"), std::string::npos);
}

TEST(YamlReader, refuses_keys_that_are_not_text_and_tags_of_other_programs) {
    EXPECT_NE(faults("? [a, b]\n: 1\n").find("a key must be text"), std::string::npos);
    EXPECT_NE(faults("~: 1\n").find("a key must be text"), std::string::npos);
    EXPECT_NE(faults("a: !secret hidden\n").find("tag !secret is not supported"), std::string::npos);
    EXPECT_NE(faults("a: !vault { b: 1 }\n").find("tag !vault is not supported"), std::string::npos);
}

TEST(YamlReader, refuses_a_root_that_is_no_map) {
    EXPECT_NE(faults("- a\n- b\n").find("must be a map"), std::string::npos);
    EXPECT_NE(faults("just text\n").find("must be a map"), std::string::npos);
}

class FileSources : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "switchhook-file-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::string path(const char* name) const { return (folder_ / name).string(); }

    std::filesystem::path folder_;
};

TEST_F(FileSources, name_places_by_the_path_as_it_was_given) {
    std::ofstream(path("s.yaml")) << "a: 1\n";
    const auto document = FileSource(path("s.yaml")).load();
    ASSERT_TRUE(document.ok());
    EXPECT_EQ(document->root.find("a")->place, path("s.yaml") + ":1");
}

TEST_F(FileSources, say_why_a_file_cannot_be_read) {
    const auto missing = FileSource(path("missing.yaml")).load();
    EXPECT_EQ(missing.status().code(), Code::not_found);
    EXPECT_EQ(missing.status().message(),
              "Failed to read config file " + path("missing.yaml") + ": No such file or directory");
    EXPECT_NE(FileSource(folder_.string()).load().status().message().find("not a regular file"), std::string::npos);
    EXPECT_FALSE(FileSource("").load().ok());
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    EXPECT_NE(FileSource(path("pipe")).load().status().message().find("not a regular file"), std::string::npos);
}

TEST_F(FileSources, refuse_a_file_larger_than_16_mib) {
    std::ofstream(path("big.yaml")) << "a: 1\n";
    ASSERT_EQ(::truncate(path("big.yaml").c_str(), static_cast<::off_t>(kMostBytes) + 1), 0);
    EXPECT_NE(FileSource(path("big.yaml")).load().status().message().find("16 MiB"), std::string::npos);
}

}  // namespace
}  // namespace switchhook::config_file
