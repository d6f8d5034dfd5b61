// What a plugin built by add_switchhook_plugin shows to the loader, and the example that authors start from.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "core/plugin/catalog.hpp"
#include "switchhook/testkit/fake_host.hpp"
#include "tests/unit/plugin/folders.hpp"

namespace switchhook::plugin {
namespace {

using test::list;
using test::map;
using test::scalar;
using test::shown;

std::filesystem::path example() {
    return std::filesystem::path(SWITCHHOOK_BINARY_DIR) / "tests/example/lib/matcher_called_number.so";
}

// Names of the dynamic symbols that the library defines, one a line.
std::string exported(const std::filesystem::path& library) {
    const std::string command = "nm -D --defined-only --format=just-symbols '" + library.string() + "'";
    const auto close = [](FILE* pipe) { ::pclose(pipe); };
    const std::unique_ptr<FILE, decltype(close)> pipe(::popen(command.c_str(), "r"), close);
    std::string text;
    std::array<char, 256> piece{};
    while (pipe != nullptr && std::fgets(piece.data(), piece.size(), pipe.get()) != nullptr) text += piece.data();
    return text;
}

TEST(Exports, of_a_plugin_are_its_manifest_function_and_nothing_else) {
    for (const auto& library : {test::faulty("good"), test::faulty("throws_everywhere"), example()})
        EXPECT_EQ(exported(library), "switchhook_plugin_manifest\n") << library;
}

TEST(Example, is_opened_and_finds_the_hook_of_the_called_number) {
    Catalog catalog;
    testkit::FakeHost host;
    std::vector<Problem> problems;
    catalog.open(example(), "here:1", problems);
    const Node settings = map({{"routes", list({scalar("+49=customer-a.com"), scalar("+4930=customer-b.com")})}});
    const auto matcher = catalog.matcher({"called_number", settings, "here:2"}, host, problems);
    ASSERT_NE(matcher, nullptr) << shown(problems);

    std::array<Hook, 2> hooks;
    hooks[0].id = 1;
    hooks[0].host = "customer-a.com";
    hooks[1].id = 2;
    hooks[1].host = "customer-b.com";
    const auto index = matcher->index(hooks);
    const Attribute called{"sip.trunkPhoneNumber", "+493012345"};
    Event event;
    event.attributes = std::span(&called, 1);
    Matches matches;
    index->find(event, matches);
    EXPECT_EQ(matches.hooks, std::vector<HookId>{2});
    EXPECT_EQ(matches.host, "customer-b.com");
}

TEST(Example, refuses_a_route_that_is_none) {
    Catalog catalog;
    testkit::FakeHost host;
    std::vector<Problem> problems;
    catalog.open(example(), "here:1", problems);
    const Node settings = map({{"routes", list({scalar("+49")})}});
    EXPECT_EQ(catalog.matcher({"called_number", settings, "here:2"}, host, problems), nullptr);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_NE(problems[0].text.find("route '+49' is not PREFIX=HOST"), std::string::npos) << shown(problems);
}

}  // namespace
}  // namespace switchhook::plugin
