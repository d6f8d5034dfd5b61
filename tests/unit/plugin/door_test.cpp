// The door: every faulty library is turned away with one problem that names the file and the remedy.
#include "core/plugin/door.hpp"

#include <gtest/gtest.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <iterator>

#include "core/plugin/catalog.hpp"
#include "core/plugin/elf_check.hpp"
#include "tests/unit/plugin/folders.hpp"

namespace switchhook::plugin {
namespace {

using test::faulty;
using test::shown;
using test::TemporaryFolder;

struct Fault {
    const char* library;
    const char* what;
    const char* remedy;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.library;
}

class Door : public testing::TestWithParam<Fault> {};

TEST_P(Door, turns_a_faulty_library_away_and_says_what_is_wrong_and_what_to_do) {
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(faulty("good"), "here:1", problems);
    ASSERT_TRUE(problems.empty()) << shown(problems);

    catalog.open(faulty(GetParam().library), "switchhook.yaml:7", problems);

    ASSERT_EQ(problems.size(), 1U) << shown(problems);
    EXPECT_EQ(problems[0].place, "switchhook.yaml:7");
    EXPECT_NE(problems[0].text.find(faulty(GetParam().library).string()), std::string::npos) << shown(problems);
    EXPECT_NE(problems[0].text.find(GetParam().what), std::string::npos) << shown(problems);
    EXPECT_NE(problems[0].text.find(GetParam().remedy), std::string::npos) << shown(problems);
    EXPECT_EQ(catalog.opened().size(), 1U) << "half a plugin was kept";
}

INSTANTIATE_TEST_SUITE_P(
    faults, Door,
    testing::Values(
        Fault{"unresolved_symbol", "nobody_defines_this", "link it with the library that defines"},
        Fault{"no_manifest", "does not export switchhook_plugin_manifest", "SWITCHHOOK_PLUGIN line"},
        Fault{"manifest_null", "returned no manifest", "return the address of one"},
        Fault{"manifest_throws", "threw from its manifest function: no manifest today", "needs no work"},
        Fault{"manifest_throws_int", "threw from its manifest function", "needs no work"},
        Fault{"manifest_too_small", "has a manifest of", "build it with the headers of this SDK"},
        Fault{"other_sdk_major", "was built for SDK 2.0, this program has SDK 1.0",
              "build the plugin with this program's SDK"},
        Fault{"newer_sdk_minor", "was built for SDK 1.1, this program has SDK 1.0", "update switchhook"},
        Fault{"other_build", "sanitizer=other", "same compiler, library and sanitizer"},
        Fault{"no_build", "its build is ''", "same compiler, library and sanitizer"},
        Fault{"no_name", "has no name", "give SWITCHHOOK_PLUGIN one"},
        Fault{"malformed_name", "'Faulty-Plugin'", "lower_snake_case"},
        Fault{"no_version", "has no version", "give SWITCHHOOK_PLUGIN one"},
        Fault{"no_components", "has no components", "name at least one"},
        Fault{"null_components", "has no components", "name at least one"},
        Fault{"short_entry", "has component entries of", "build it with the headers of this SDK"},
        Fault{"nameless_component", "(faulty 1.0.0) has a component without a name", "give it one"},
        Fault{"malformed_component_name", "'plain matcher' has a name that is not lower_snake_case", "rename it"},
        Fault{"unknown_contract", "contract number 99", "update switchhook"},
        Fault{"no_summary", "'plain' has no summary", "say in one sentence"},
        Fault{"no_create", "'plain' has no create function", "component<T>"},
        Fault{"no_destroy", "'plain' has no destroy function", "component<T>"},
        Fault{"null_settings", "has 3 settings, but there is no such list", "declare them"},
        Fault{"setting_default_does_not_fit", "'limit' whose default does not fit: is 11; allowed is 1..10", "correct"},
        Fault{"setting_twice", "'limit' twice", "remove one"}, Fault{"setting_named_use", "setting 'use'", "rename it"},
        Fault{"name_taken", "the matcher greeter, which is already offered by", "good.so; rename"},
        Fault{"name_twice", "the matcher plain twice", "rename one"}),
    [](const auto& each) { return std::string(each.param.library); });

TEST(OpeningALibrary, takes_a_good_one) {
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(faulty("good"), "here:1", problems);
    ASSERT_TRUE(problems.empty()) << shown(problems);
    ASSERT_EQ(catalog.opened().size(), 1U);
    EXPECT_STREQ(catalog.opened()[0].manifest->name, "good");
    EXPECT_NE(catalog.find(Contract::matcher, "greeter"), nullptr);
    EXPECT_EQ(catalog.find(Contract::dialect, "greeter"), nullptr);
}

// One problem about that path, with these words.
void expect_refused(const std::filesystem::path& path, const std::string& what, const std::string& remedy) {
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(path, "here:1", problems);
    ASSERT_EQ(problems.size(), 1U) << path << "\n" << shown(problems);
    EXPECT_EQ(problems[0].place, "here:1");
    EXPECT_NE(problems[0].text.find(path.string()), std::string::npos) << shown(problems);
    EXPECT_NE(problems[0].text.find(what), std::string::npos) << shown(problems);
    EXPECT_NE(problems[0].text.find(remedy), std::string::npos) << shown(problems);
    EXPECT_TRUE(catalog.opened().empty());
}

TEST(OpeningALibrary, refuses_a_path_where_nothing_is) {
    const TemporaryFolder folder;
    expect_refused(folder / "absent.so", "cannot be found", "correct the path");
    expect_refused(folder / "absent_folder", "cannot be found", "correct the path");
}

TEST(OpeningALibrary, refuses_an_empty_path) {
    expect_refused("", "is no path", "name a library or a folder");
}

TEST(OpeningALibrary, refuses_a_dangling_link_and_a_circle_of_links) {
    const TemporaryFolder folder;
    std::filesystem::create_symlink(folder / "absent.so", folder / "dangling.so");
    expect_refused(folder / "dangling.so", "cannot be found", "correct the path");
    std::filesystem::create_symlink(folder / "circle.so", folder / "circle.so");
    expect_refused(folder / "circle.so", "cannot be found or reached", "correct the path");
}

TEST(OpeningALibrary, refuses_what_is_no_regular_file) {
    const TemporaryFolder folder;
    ASSERT_EQ(::mkfifo((folder / "pipe.so").c_str(), 0600), 0);
    expect_refused(folder / "pipe.so", "is not a regular file", "name a library");
    expect_refused("/dev/null", "is not a regular file", "name a library");
}

TEST(OpeningALibrary, refuses_a_file_that_group_or_others_can_write) {
    const TemporaryFolder folder;
    const auto library = folder.copy("good", "good.so");
    for (const auto mode : {0664, 0646, 0666}) {
        std::filesystem::permissions(library, std::filesystem::perms(mode));
        expect_refused(library, "can be written by its group or by others (mode 0", "chmod go-w");
    }
}

TEST(OpeningALibrary, judges_the_file_behind_a_link) {
    const TemporaryFolder folder;
    const auto library = folder.copy("good", "good.so");
    std::filesystem::permissions(library, std::filesystem::perms(0666));
    std::filesystem::create_symlink(library, folder / "link.so");
    expect_refused(folder / "link.so", "can be written by its group or by others", "chmod go-w");
}

TEST(OpeningALibrary, refuses_the_file_of_a_stranger) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    const TemporaryFolder folder;
    const auto library = folder.copy("good", "good.so");
    ASSERT_EQ(::chown(library.c_str(), 65534, 65534), 0);
    expect_refused(library, "belongs to user 65534", "chown it");
}

TEST(OpeningALibrary, refuses_what_is_no_library) {
    const TemporaryFolder folder;
    expect_refused(folder.write("text.so", "this is no library, though longer than an ELF header would be: " +
                                               std::string(100, '.')),
                   "cannot be opened (", "build it anew");
    expect_refused(folder.write("short.so", "no library"), "cannot be opened (", "build it anew");
    expect_refused(folder.write("empty.so", ""), "cannot be opened (", "build it anew");
}

TEST(OpeningALibrary, refuses_one_that_was_cut_short_instead_of_dying_of_it) {
    const TemporaryFolder folder;
    std::ifstream file(faulty("good"), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)), {});
    ASSERT_GT(whole.size(), 10'000U);
    for (const std::size_t length : {std::size_t{64}, std::size_t{100}, std::size_t{3000}, std::size_t{4096},
                                     whole.size() / 2, whole.size() - 4096, whole.size() - 1}) {
        const auto library = folder.write(std::to_string(length) + ".so", whole.substr(0, length));
        expect_refused(library, "is cut short: it has " + std::to_string(length) + " bytes",
                       "copy or install it again");
    }
}

TEST(OpeningALibrary, refuses_headers_that_promise_more_than_numbers_can_hold) {
    const TemporaryFolder folder;
    std::ifstream file(faulty("good"), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)), {});
    for (const std::size_t field : {offsetof(ElfW(Ehdr), e_phoff), offsetof(ElfW(Ehdr), e_shoff)}) {
        std::string spoiled = whole;
        spoiled.replace(field, 8, std::string(8, '\xff'));
        const auto library = folder.write(std::to_string(field) + ".so", spoiled);
        expect_refused(library, "is cut short", "copy or install it again");
    }
}

TEST(OpeningALibrary, refuses_one_with_the_runtime_of_another_sanitizer_instead_of_dying_of_it) {
    if (!std::filesystem::exists(faulty("other_sanitizer"))) GTEST_SKIP() << "only in a gcc build without sanitizers";
    expect_refused(faulty("other_sanitizer"), "was built with the sanitizer asan, this program with none",
                   "same compiler, library and sanitizer");
}

TEST(OpeningALibrary, survives_any_single_byte_of_the_headers_being_wrong) {
    const TemporaryFolder folder;
    std::ifstream file(faulty("good"), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)), {});
    const std::size_t headers = sizeof(ElfW(Ehdr)) + 12 * sizeof(ElfW(Phdr));
    ASSERT_GT(whole.size(), headers);
    const auto library = folder.copy("good", "spoiled.so");
    std::fstream spoiled(library, std::ios::in | std::ios::out | std::ios::binary);
    const auto put = [&](std::size_t at, char byte) {
        spoiled.seekp(static_cast<std::streamoff>(at));
        spoiled.put(byte).flush();
    };
    for (std::size_t at = 0; at < headers; ++at) {
        put(at, static_cast<char>(~static_cast<unsigned char>(whole[at])));
        static_cast<void>(elf_fault(library, "none"));  // any answer, as long as it is one
        put(at, whole[at]);
    }
    EXPECT_EQ(elf_fault(library, SWITCHHOOK_SANITIZER), "");
}

TEST(OpeningALibrary, counts_a_file_once_whatever_it_is_called) {
    const TemporaryFolder folder;
    const auto library = folder.copy("good", "good.so");
    std::filesystem::create_symlink(library, folder / "link.so");
    std::filesystem::create_hard_link(library, folder / "other_name.so");
    Catalog catalog;
    std::vector<Problem> problems;
    for (const auto& path :
         {library, library, folder / "link.so", folder / "other_name.so", folder.path() / "." / "good.so"})
        catalog.open(path, "here:1", problems);
    catalog.open(folder.path(), "here:2", problems);
    EXPECT_TRUE(problems.empty()) << shown(problems);
    EXPECT_EQ(catalog.opened().size(), 1U);
}

TEST(OpeningALibrary, finds_the_names_of_a_copy_taken) {
    const TemporaryFolder folder;
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(folder.copy("good", "one.so"), "here:1", problems);
    catalog.open(folder.copy("good", "two.so"), "here:2", problems);
    ASSERT_EQ(problems.size(), 1U) << shown(problems);
    EXPECT_EQ(problems[0].place, "here:2");
    EXPECT_NE(problems[0].text.find("already offered by " + (folder / "one.so").string()), std::string::npos);
}

TEST(OpeningALibrary, complains_of_a_faulty_file_once) {
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(faulty("no_name"), "here:1", problems);
    catalog.open(faulty("no_name"), "here:2", problems);
    EXPECT_EQ(problems.size(), 1U) << shown(problems);
}

TEST(OpeningALibrary, works_with_a_relative_path) {
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(std::filesystem::relative(faulty("good")), "here:1", problems);
    EXPECT_TRUE(problems.empty()) << shown(problems);
    ASSERT_EQ(catalog.opened().size(), 1U);
    EXPECT_TRUE(catalog.opened()[0].file.is_absolute());
}

TEST(OpeningAFolder, takes_every_library_in_the_order_of_names_and_nothing_else) {
    const TemporaryFolder folder;
    folder.copy("throws_everywhere", "b.so");
    folder.copy("good", "a.so");
    folder.write("readme.txt", "not a library");
    folder.write("c.so.1", "not a library either");
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(folder.path(), "here:1", problems);
    EXPECT_TRUE(problems.empty()) << shown(problems);
    ASSERT_EQ(catalog.opened().size(), 2U);
    EXPECT_EQ(catalog.opened()[0].file, folder / "a.so");
    EXPECT_EQ(catalog.opened()[1].file, folder / "b.so");
}

TEST(OpeningAFolder, shows_each_fault_and_keeps_what_is_good) {
    const TemporaryFolder folder;
    folder.copy("good", "a.so");
    folder.copy("no_name", "b.so");
    folder.write("c.so", "no library");
    std::filesystem::create_directory(folder / "d.so");
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(folder.path(), "here:1", problems);
    ASSERT_EQ(problems.size(), 3U) << shown(problems);
    EXPECT_NE(problems[0].text.find("b.so"), std::string::npos);
    EXPECT_NE(problems[1].text.find("c.so"), std::string::npos);
    EXPECT_NE(problems[2].text.find("d.so is not a regular file"), std::string::npos);
    EXPECT_EQ(catalog.opened().size(), 1U);
}

TEST(OpeningAFolder, is_content_with_an_empty_one) {
    const TemporaryFolder folder;
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(folder.path(), "here:1", problems);
    EXPECT_TRUE(problems.empty()) << shown(problems);
}

TEST(OwnPluginFolder, lies_beside_the_binary) {
    const auto binary = std::filesystem::read_symlink("/proc/self/exe");
    EXPECT_EQ(own_plugin_folder(), binary.parent_path().parent_path() / "lib/switchhook/plugins");
}

TEST(TheFileCheck, trusts_root_the_user_and_the_owner_of_the_binary) {
    constexpr std::array<uid_t, 3> kTrusted{0, 1000, 33};
    for (const uid_t owner : kTrusted) EXPECT_EQ(file_fault(S_IFREG | 0755, owner, kTrusted), "");
    EXPECT_NE(file_fault(S_IFREG | 0755, 1001, kTrusted), "");
    EXPECT_EQ(trusted_owners().size(), 3U);
}

TEST(TheManifestCheck, takes_an_older_minor_and_refuses_newer_ones_and_other_majors) {
    Catalog catalog;
    std::vector<Problem> problems;
    catalog.open(faulty("good"), "here:1", problems);
    ASSERT_EQ(catalog.opened().size(), 1U);
    Manifest manifest = *catalog.opened()[0].manifest;
    const HostSide host{.sdk_major = 4, .sdk_minor = 2, .build = SWITCHHOOK_BUILD};
    const auto fault = [&](std::uint16_t major, std::uint16_t minor) {
        manifest.sdk_major = major;
        manifest.sdk_minor = minor;
        return manifest_fault(&manifest, host);
    };
    EXPECT_EQ(fault(4, 0), "");
    EXPECT_EQ(fault(4, 1), "");
    EXPECT_EQ(fault(4, 2), "");
    EXPECT_NE(fault(4, 3).find("SDK 4.3"), std::string::npos);
    EXPECT_NE(fault(3, 2).find("SDK 3.2"), std::string::npos);
    EXPECT_NE(fault(5, 0).find("SDK 5.0"), std::string::npos);
}

TEST(TheManifestCheck, reads_entries_that_a_later_sdk_made_longer) {
    struct Longer {
        ComponentEntry entry;
        std::uint64_t something_new = 7;
    };
    Longer entries[2];
    for (auto& each : entries) each.entry.size = sizeof(Longer);
    entries[0].entry.name = "first";
    entries[1].entry.name = "second";
    const Manifest manifest{.name = "p", .version = "1", .components = &entries[0].entry, .components_count = 2};
    EXPECT_EQ(manifest_fault(&manifest, HostSide{}), "");
    const auto read = components_of(manifest);
    ASSERT_EQ(read.size(), 2U);
    EXPECT_STREQ(read[0].name, "first");
    EXPECT_STREQ(read[1].name, "second");
}

TEST(Names, are_lower_snake_case) {
    for (const char* good : {"a", "sip_host", "store2", "a_1"}) EXPECT_TRUE(is_lower_snake_case(good)) << good;
    for (const char* bad : {"", "A", "sipHost", "sip-host", "1a", "_a", "a b", "ä", "a.so"})
        EXPECT_FALSE(is_lower_snake_case(bad)) << bad;
    EXPECT_TRUE(is_lower_snake_case(std::string(64, 'a')));
    EXPECT_FALSE(is_lower_snake_case(std::string(65, 'a')));
}

}  // namespace
}  // namespace switchhook::plugin
