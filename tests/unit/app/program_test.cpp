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

    static std::string derived(const std::string& hooks) { return sip(hooks) + "  hook_secrets: derived\n"; }

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

// Python: prk = hmac(b"\0"*32, b"0123456789abcdef"); hmac(prk, b"switchhook/hook-secret/v1/" + tenant + b"\x01")
constexpr char kHexOfA[] = "58dcfccc31ca9850a10046d77c1c454889288e1e0505b49f317c8f84e93689da\n";
constexpr char kStandardOfA[] = "whsec_WNz8zDHKmFChAEbXfBxFSIkojh4FBbSfMXyPhOk2ido=\n";
constexpr char kHexOfDefault[] = "67a239c15f29b12a67fcc33fae4d5d5e7398fcbb326034ede41277fd7d4166b9\n";

TEST_F(Program, PrintsATenantsSecretAndNothingElse) {
    const auto ended = run({"secret", "--tenant", "tenant-a", "--config", written(derived("[]"))});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.out, kHexOfA);
    EXPECT_EQ(ended.err, "");
    EXPECT_EQ(run({"secret", "--tenant", " tenant-a", "--dialect", "standard", "--config", written(derived("[]"))}).out,
              kStandardOfA);
    EXPECT_EQ(run({"secret", "--tenant", "default", "--config", written(derived("[]"))}).out, kHexOfDefault);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "switchhook.db"));
}

TEST_F(Program, PrintsATenantsSecretAsItsHooksWriteIt) {
    const std::string one = "{ host: a, url: 'https://a/', auth_id: tenant-a, dialect: standard }";
    const std::string other = ", { host: b, url: 'https://b/', auth_id: tenant-b }";
    EXPECT_EQ(run({"secret", "--tenant", "tenant-a", "--config", written(derived("[ " + one + other + " ]"))}).out,
              kStandardOfA);
    EXPECT_EQ(run({"secret", "--tenant", "tenant-a", "--config",
                   written(derived("[]") + "delivery: { dialect: standard }\n")})
                  .out,
              kStandardOfA);
    const std::string both = one + ", { host: c, url: 'https://c/', auth_id: tenant-a }";
    const auto asked = run({"secret", "--tenant", "tenant-a", "--config", written(derived("[ " + both + " ]"))});
    EXPECT_EQ(asked.code, 64);
    EXPECT_EQ(asked.out, "");
    EXPECT_NE(asked.err.find("--dialect"), std::string::npos) << asked.err;
}

TEST_F(Program, SaysThatAHookHasASecretOfItsOwn) {
    const auto ended = run({"secret", "--tenant", "tenant-a", "--config",
                            written(derived("[ { host: a, url: 'https://a/', auth_id: tenant-a, secret: "
                                            "its-own-0123456789 } ]"))});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.out, kHexOfA);
    EXPECT_NE(ended.err.find("the hook of 'a' has a secret of its own"), std::string::npos) << ended.err;
    EXPECT_EQ(ended.err.find("its-own-0123456789"), std::string::npos);
}

TEST_F(Program, PrintsNoSecretThatTenantsShareOrThatIsNotThere) {
    const auto shared = run({"secret", "--tenant", "tenant-a", "--config", written(sip("[]"))});
    EXPECT_EQ(shared.code, 78);
    EXPECT_EQ(shared.out, "");
    EXPECT_NE(shared.err.find("sip.hook_secrets is shared"), std::string::npos) << shared.err;
    EXPECT_EQ(shared.err.find("0123456789abcdef"), std::string::npos);
    for (const auto& configuration :
         {written(), written("sip: { room_prefix: a, allowed_addresses: [ 10.0.0.1 ], hook_secrets: derived }\n"),
          written(derived("[]") + "nonsense: 1\n"), std::string("file:/nowhere")}) {
        const auto ended = run({"secret", "--tenant", "tenant-a", "--config", configuration});
        EXPECT_EQ(ended.code, 78) << ended.err;
        EXPECT_EQ(ended.out, "");
        EXPECT_NE(ended.err, "");
    }
    const auto unknown = run({"secret", "--tenant", "t", "--dialect", "twilio", "--config", written(derived("[]"))});
    EXPECT_EQ(unknown.code, 64);
    EXPECT_EQ(unknown.out, "");
    for (const auto& words : {Words{"secret"}, Words{"secret", "--tenant", " "}, Words{"secret", "--tenant"},
                              Words{"serve", "--tenant", "a"}, Words{"secret", "tenant-a"}})
        EXPECT_EQ(run(words).code, 64) << testing::PrintToString(words);
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
