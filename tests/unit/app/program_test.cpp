// Commands and exit codes of the real program.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/unit/app/process.hpp"

namespace switchhook::app {
namespace {

using Words = std::vector<std::string>;

class Program : public testing::Test {
protected:
    // A configuration that is well, with `more` lines behind it.
    std::string written(const std::string& more = {}) const {
        return "file:" + folder_.write("switchhook.yaml",
                                       "server: { host: 127.0.0.1, port: 0 }\n"
                                       "admin: { host: 127.0.0.1, port: 0 }\n"
                                       "livekit: { api_key: key, api_secret: secret }\n"
                                       "storage: { use: sqlite, path: " +
                                           (folder_.path() / "switchhook.db").string() + " }\n" + more);
    }
    static std::string sip(const std::string& hooks) {
        return "sip:\n  room_prefix: sip-\n  allowed_addresses: [ 127.0.0.0/8 ]\n  hook_secret: 0123456789abcdef\n  "
               "hooks: " +
               hooks + "\n";
    }

    Folder folder_;
};

TEST_F(Program, EndsWith64OnWrongUsageAndShowsTheRightOne) {
    for (const auto& words :
         {Words{}, Words{"dance"}, Words{"serve", "check"}, Words{"serve", "--no-such-option"},
          Words{"check", "--config"}, Words{"check", "--config", ":x"}, Words{"serve", "--show"},
          Words{"check", "--show", "--schema"}, Words{"serve", "--daemon"}, Words{"version", "--help=no"}}) {
        const auto ended = run(words);
        EXPECT_EQ(ended.code, 64) << testing::PrintToString(words) << ended.err;
        EXPECT_NE(ended.err.find("usage: switchhook"), std::string::npos) << testing::PrintToString(words);
        EXPECT_EQ(ended.out, "");
    }
}

TEST_F(Program, ExplainsItself) {
    for (const auto& words : {Words{"--help"}, Words{"-h"}, Words{"serve", "--help"}}) {
        const auto ended = run(words);
        EXPECT_EQ(ended.code, 0);
        EXPECT_NE(ended.out.find("usage: switchhook"), std::string::npos);
    }
}

TEST_F(Program, TellsItsVersionAndPluginsWithoutAConfiguration) {
    EXPECT_EQ(run({"version"}).out.find("switchhook 0."), 0U);
    EXPECT_EQ(run({"version", "--config", "file:/nowhere"}).code, 0);
    const auto plugins = run({"plugins"});
    EXPECT_EQ(plugins.code, 0) << plugins.err;
    for (const char* name : {"config_file", "config_env", "store_file", "store_sqlite", "matcher_sip_host",
                             "dialect_livekit", "forwarder_https"})
        EXPECT_NE(plugins.out.find(name), std::string::npos) << name;
}

TEST_F(Program, FindsAWellConfigurationInOrderAndCreatesNothing) {
    const auto ended =
        run({"check", "--config", written(sip("[ { host: a.example, url: 'https://a.example/', auth_id: t } ]"))});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "switchhook.db"));
}

TEST_F(Program, EndsWith78AndThePlaceOfEveryProblem) {
    const auto ended =
        run({"check", "--config",
             written("sip:\n"
                     "  room_prefix: 'b r'\n"                                                    // line 6
                     "  allowed_addresses: [ 999.999.999.999/99 ]\n"                             // line 7
                     "  hook_secret: 0123456789abcdef\n"                                         //
                     "  hooks: [ { host: a.example, url: 'http://a.example/', auth_id: t } ]\n"  // line 9
                     "  hoks: []\n")});
    EXPECT_EQ(ended.code, 78);
    EXPECT_EQ(ended.out, "");
    for (const char* part :
         {"switchhook.yaml:6: ", "switchhook.yaml:7: ", "switchhook.yaml:9: ", "switchhook.yaml:10: "})
        EXPECT_NE(ended.err.find(part), std::string::npos) << part << "in\n" << ended.err;
}

TEST_F(Program, ShowsProblemsOfTheCoreAndOfPluginsTogether) {
    const auto ended =
        run({"check", "--config",
             written("log: { format: xml }\nforwarder: { use: https, colour: red }\nmatchers: [ { use: nobody } ]\n")});
    EXPECT_EQ(ended.code, 78);
    for (const char* part : {"switchhook.yaml:5: ", "switchhook.yaml:6: ", "colour", "switchhook.yaml:7: ", "nobody"})
        EXPECT_NE(ended.err.find(part), std::string::npos) << part << " in\n" << ended.err;
}

TEST_F(Program, AsksTheForwarderAndTheMatchersAboutConfiguredHooks) {
    const auto ended = run({"check", "--config",
                            written(sip("[ { host: a.example, url: 'https://169.254.169.254/', auth_id: t }, { host: "
                                        "'a_b', url: 'https://b.example/', auth_id: t } ]"))});
    EXPECT_EQ(ended.code, 78);
    EXPECT_NE(ended.err.find("switchhook.yaml:9: sip.hooks[0].url"), std::string::npos) << ended.err;
    EXPECT_NE(ended.err.find("sip.hooks[1].host"), std::string::npos) << ended.err;
}

TEST_F(Program, EndsWith78WhenASourceCannotBeRead) {
    for (const auto& source : {"file:/nowhere/switchhook.yaml", "pigeon:x", "file:"}) {
        const auto ended = run({"serve", "--config", source});
        EXPECT_EQ(ended.code, 78) << source;
        EXPECT_NE(ended.err.find(std::string(source).substr(0, 4)), std::string::npos) << ended.err;
    }
}

TEST_F(Program, LetsALaterSourceWin) {
    const auto source = written(sip("[]"));
    const Words words{"check", "--show", "--config", source, "--config", "env"};
    const auto ended = run(words, {"SIP_ROOM_PREFIX=phone-", "SIP_HOOK_SECRET=another-secret-of-16"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_NE(ended.out.find("phone-"), std::string::npos) << ended.out;
    EXPECT_NE(ended.out.find("$SIP_ROOM_PREFIX"), std::string::npos);
    EXPECT_EQ(ended.out.find("another-secret"), std::string::npos);
    EXPECT_EQ(ended.out.find("0123456789abcdef"), std::string::npos);
}

TEST_F(Program, PrintsItsSchemaAsJson) {
    const auto ended = run({"check", "--schema"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_TRUE(nlohmann::json::accept(ended.out));
}

TEST_F(Program, OpensNoConfiguredPluginThatIsNone) {
    const auto file = folder_.write("no_plugin.so", "this is no library");
    for (const auto& command : {"check", "serve", "plugins"}) {
        const auto ended = run({command, "--config", written("plugins: [ " + file + " ]\n")});
        EXPECT_EQ(ended.code, 78) << command;
        EXPECT_NE(ended.err.find("no_plugin.so"), std::string::npos) << ended.err;
    }
}

}  // namespace
}  // namespace switchhook::app
