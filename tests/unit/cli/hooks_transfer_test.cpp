// Imported hooks are judged as the API judges them, all or none.
#include "core/cli/hooks_transfer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/api/fakes.hpp"

namespace switchhook::cli {
namespace {

using api::hook;

class HooksImport : public testing::Test {
protected:
    Result<Import> read(const std::string& json, HookTable stored = {}) {
        std::vector<std::unique_ptr<Matcher>> matchers;
        matchers.push_back(std::make_unique<api::FakeMatcher>());
        return read_import(
            json, std::move(stored),
            {.configured = configured_,
             .matchers = std::move(matchers),
             .forwarder = forwarder_,
             .rules = {.sip = true, .secret_usable = true, .dialects = {"livekit", "sayna"}, .retries = {"call"}},
             .auth_required = auth_required_});
    }

    api::FakeForwarder forwarder_;
    std::vector<Hook> configured_;
    bool auth_required_ = false;
};

TEST_F(HooksImport, TakesWhatWasExportedUnchanged) {
    Hook rich = hook("a.com", "t", "https://a.com/");
    rich.dialect = "sayna";
    rich.events = {"participant_joined", "participant_left"};
    rich.retry = "call";
    rich.concurrency = 3;
    rich.rate = Rate{.per_second = 5, .burst = 7};
    rich.max_age = {{"participant_joined", std::chrono::milliseconds(5000)}};
    const HookTable table{rich, hook("b.com", "u", "https://b.com/")};
    const auto import = read(export_text(table));
    ASSERT_TRUE(import) << import.status().message();
    ASSERT_EQ(import->added.size(), 2U);
    EXPECT_EQ(import->added[0], rich);
    EXPECT_EQ(import->added[1], table[1]);
    const auto again = read(export_text(table), table);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->unchanged, (std::vector<std::string>{"a.com", "b.com"}));
    EXPECT_TRUE(again->change().put.empty());
}

TEST_F(HooksImport, TellsWhatItWouldReplace) {
    const auto import = read(R"([{"host":"A.com ","url":"https://new.example/","auth_id":"t"}])", {hook("a.com", "t")});
    ASSERT_TRUE(import) << import.status().message();
    ASSERT_EQ(import->replaced.size(), 1U);
    EXPECT_EQ(import->replaced[0].host, "a.com") << "normalised as the API does";
    EXPECT_EQ(import_text(*import, false, Form::people).find("               HOST"), 0U)
        << import_text(*import, false, Form::people);
    EXPECT_NE(import_text(*import, false, Form::people).find("would replace  a.com"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(import_text(*import, true, Form::json))["replaced"][0]["host"], "a.com");
}

TEST_F(HooksImport, OfNothingIsNothing) {
    for (const char* json : {"[]", R"({"hooks":[]})"}) {
        const auto import = read(json, {hook("a.com", "t")});
        ASSERT_TRUE(import) << import.status().message();
        EXPECT_TRUE(import->change().put.empty());
        EXPECT_EQ(import_text(*import, true, Form::people), "there is nothing to import\n");
    }
}

struct Unfit {
    const char* json;
    const char* why;
};

class UnfitImport : public HooksImport, public testing::WithParamInterface<Unfit> {};

TEST_P(UnfitImport, IsRefusedWholeInTheWordsOfTheApi) {
    configured_ = {hook("mine.example", "t")};
    const auto import = read(GetParam().json);
    ASSERT_FALSE(import.ok());
    EXPECT_NE(import.status().message().find(GetParam().why), std::string::npos) << import.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Files, UnfitImport,
    testing::Values(Unfit{"", "no JSON"}, Unfit{"{", "no JSON"}, Unfit{"{}", "neither"}, Unfit{"1", "neither"},
                    Unfit{R"({"hooks":{}})", "neither"}, Unfit{"[1]", "hooks[0]: expected an object"},
                    Unfit{R"([{"url":"https://a.com/"}])", "missing field `host`"},
                    Unfit{R"([{"host":"a.com","url":1}])", "expected a string"},
                    Unfit{R"([{"host":"a.com","url":"http://a.com/"}])", "must be HTTPS"},
                    Unfit{R"([{"host":"a.com","url":"https://169.254.169.254/"}])", "forbidden"},
                    Unfit{R"([{"host":"a b","url":"https://a.com/"}])", "no host"},
                    Unfit{R"([{"host":"","url":"https://a.com/"}])", "the host is empty"},
                    Unfit{R"([{"host":"a.com","url":"https://a.com/"},{"host":"A.COM","url":"https://a.com/"}])",
                          "Duplicate host"},
                    Unfit{R"([{"host":"mine.example","url":"https://a.com/"}])", "hardcoded"},
                    Unfit{R"([{"host":"a.com","url":"https://a.com/","dialect":"latin"}])", "dialect"},
                    Unfit{R"([{"host":"a.com","url":"https://a.com/","concurrency":0}])", "concurrency"},
                    Unfit{R"([{"host":"a.com","url":"https://a.com/","max_age":{"x":"soon"}}])", "max_age"}));

TEST_F(HooksImport, AsksForATenantWhereAuthenticationIsRequired) {
    const std::string nobodys = R"([{"host":"a.com","url":"https://a.com/"}])";
    ASSERT_TRUE(read(nobodys));
    auth_required_ = true;
    EXPECT_NE(read(nobodys).status().message().find("auth_id must be provided"), std::string::npos);
}

TEST_F(HooksImport, TakesMoreHooksThanOneRequestOfTheApi) {
    nlohmann::json hooks = nlohmann::json::array();
    for (int i = 0; i < 2500; ++i)
        hooks.push_back({{"host", "h" + std::to_string(i) + ".example"}, {"url", "https://a.com/"}, {"auth_id", "t"}});
    const auto import = read(hooks.dump());
    ASSERT_TRUE(import) << import.status().message();
    EXPECT_EQ(import->added.size(), 2500U);
    hooks.push_back(hooks[0]);
    EXPECT_NE(read(hooks.dump()).status().message().find("Duplicate host"), std::string::npos);
    hooks.back() = {{"host", "x.example"}, {"url", "http://a.com/"}};
    EXPECT_NE(read(hooks.dump()).status().message().find("counted from number 2000"), std::string::npos);
}

}  // namespace
}  // namespace switchhook::cli
