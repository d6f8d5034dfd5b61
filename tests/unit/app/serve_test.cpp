// The running program from outside.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/app/process.hpp"

namespace switchhook::app {
namespace {

constexpr char kSip[] =
    "sip:\n  room_prefix: sip-\n  allowed_addresses: [ 127.0.0.0/8 ]\n  hook_secret: 0123456789abcdef\n"
    "provisioner: { use: none }\ncall_control: { use: none }\n";

class Serving : public testing::Test {
protected:
    Process& serve(const std::string& more,
                   const std::string& key = "livekit: { api_key: key, api_secret: secret }\n") {
        const auto file = folder_.write("switchhook.yaml",
                                        "server: { host: 127.0.0.1, port: 0 }\n"
                                        "admin: { host: 127.0.0.1, port: 0 }\n"
                                        "storage: { use: sqlite, path: " +
                                            (folder_.path() / "switchhook.db").string() + " }\n" + key + more);
        process_ = std::make_unique<Process>(folder_, std::vector<std::string>{"serve", "--config", "file:" + file});
        return *process_;
    }
    void end(int signal) {
        process_->signal(signal);
        const auto ended = process_->end();
        EXPECT_EQ(ended.code, 0) << ended.err;
    }

    Folder folder_;
    std::unique_ptr<Process> process_;
};

TEST_F(Serving, SaysWhereItListensAnswersAndEndsWith0OnSigterm) {
    auto& process = serve(kSip);
    ASSERT_TRUE(process.wait_for("listening ")) << process.err();
    const auto server = process.port("server");
    const auto admin = process.port("admin");
    ASSERT_NE(server, 0);
    ASSERT_NE(admin, 0);
    const auto root = ask(server, "GET", "/");
    EXPECT_EQ(root.find("HTTP/1.1 200"), 0U) << root;
    EXPECT_NE(root.find("\r\n\r\n{\"status\":\"OK\"}"), std::string::npos) << root;
    EXPECT_EQ(ask(server, "GET", "/metrics").find("HTTP/1.1 404"), 0U);
    EXPECT_EQ(ask(admin, "GET", "/healthz").find("HTTP/1.1 200"), 0U);
    const auto ready = ask(admin, "GET", "/readyz");
    EXPECT_EQ(ready.find("HTTP/1.1 200"), 0U) << ready;
    const auto metrics = ask(admin, "GET", "/metrics");
    EXPECT_NE(metrics.find("Content-Type: text/plain; version=0.0.4"), std::string::npos) << metrics.substr(0, 300);
    EXPECT_NE(metrics.find("\nswitchhook_queue_depth 0"), std::string::npos);
    EXPECT_EQ(ask(server, "POST", "/livekit/webhook", "{}").find("HTTP/1.1 401"), 0U);
    end(SIGTERM);
}

TEST_F(Serving, KeepsHooksOverARestart) {
    ASSERT_TRUE(serve(kSip).wait_for("listening "));
    const std::string body = R"({"hooks":[{"host":"A.example","url":"https://a.example/"}]})";
    const std::string table = R"({"hooks":[{"host":"a.example","url":"https://a.example/","auth_id":"default"}]})";
    EXPECT_NE(ask(process_->port("server"), "POST", "/sip/hooks", body).find(table), std::string::npos);
    end(SIGINT);
    ASSERT_TRUE(serve(kSip).wait_for("listening "));
    EXPECT_NE(ask(process_->port("server"), "GET", "/sip/hooks").find(table), std::string::npos);
    const auto refused = ask(process_->port("server"), "PUT", "/sip/hooks", body);
    EXPECT_EQ(refused.find("HTTP/1.1 405"), 0U) << refused;
    end(SIGTERM);
}

TEST_F(Serving, IsNotReadyWithoutALiveKitKeyAndSaysSo) {
    ASSERT_TRUE(serve(kSip, "").wait_for("listening ")) << process_->err();
    const auto ready = ask(process_->port("admin"), "GET", "/readyz");
    EXPECT_EQ(ready.find("HTTP/1.1 503"), 0U) << ready;
    EXPECT_NE(ready.find("LIVEKIT_API_KEY"), std::string::npos) << ready;
    EXPECT_EQ(ask(process_->port("server"), "POST", "/livekit/webhook", "{}").find("HTTP/1.1 503"), 0U);
    end(SIGTERM);
}

TEST_F(Serving, MentionsSipNowhereWithoutASipBlock) {
    ASSERT_TRUE(serve("").wait_for("listening ")) << process_->err();
    const auto server = process_->port("server");
    EXPECT_EQ(ask(server, "POST", "/sip/hooks", R"({"hooks":[{"host":"a.example","url":"https://a.example/"}]})")
                  .find("HTTP/1.1 409"),
              0U);
    EXPECT_NE(ask(server, "GET", "/sip/hooks").find(R"({"hooks":[]})"), std::string::npos);
    EXPECT_EQ(ask(process_->port("admin"), "GET", "/readyz").find("HTTP/1.1 200"), 0U);
    EXPECT_NE(ask(process_->port("admin"), "GET", "/metrics").find("switchhook_hooks"), std::string::npos);
    process_->signal(SIGTERM);
    auto log = process_->end().err;
    std::ranges::transform(log, log.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    EXPECT_EQ(log.find("sip"), std::string::npos) << log;
}

TEST_F(Serving, OutlivesSighupAndSigpipe) {
    ASSERT_TRUE(serve(kSip).wait_for("listening "));
    process_->signal(SIGHUP);
    process_->signal(SIGPIPE);
    EXPECT_TRUE(process_->wait_for("the configuration was reloaded"));
    EXPECT_EQ(ask(process_->port("server"), "GET", "/").find("HTTP/1.1 200"), 0U);
    end(SIGTERM);
}

TEST_F(Serving, SaysWhichSecretGotWhichRoleAndNeverTheSecret) {
    ASSERT_TRUE(serve(std::string(kSip) +
                      "auth:\n  required: true\n  api_secrets:\n    - { id: alpha, secret: first-secret-text }\n"
                      "    - { id: beta, secret: second-secret-text, role: operator }\n")
                    .wait_for("listening "))
        << process_->err();
    const auto server = process_->port("server");
    EXPECT_EQ(ask(server, "GET", "/sip/hooks?api_key=first-secret-text").find("HTTP/1.1 200"), 0U);
    EXPECT_EQ(ask(server, "GET", "/sip/hooks?api_key=a-wrong-guess").find("HTTP/1.1 401"), 0U);
    process_->signal(SIGTERM);
    const auto log = process_->end().err;
    EXPECT_NE(log.find("id=alpha role=tenant"), std::string::npos) << log;
    EXPECT_NE(log.find("id=beta role=operator"), std::string::npos) << log;
    for (const char* secret : {"first-secret-text", "second-secret-text", "a-wrong-guess", "0123456789abcdef"})
        EXPECT_EQ(log.find(secret), std::string::npos) << log;
}

TEST_F(Serving, WritesJsonLinesWhenToldTo) {
    ASSERT_TRUE(serve(std::string(kSip) + "log: { format: json }\n").wait_for("\"listening\"")) << process_->err();
    process_->signal(SIGTERM);
    std::istringstream lines(process_->end().err);
    for (std::string line; std::getline(lines, line);) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

TEST_F(Serving, EndsWithAClearTextWhenItsPortIsTaken) {
    const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ASSERT_EQ(::bind(taken, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(taken, 1), 0);
    ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const auto port = std::to_string(ntohs(address.sin_port));
    const auto source =
        "file:" +
        folder_.write("taken.yaml", "server: { host: 127.0.0.1, port: " + port +
                                        " }\nadmin: { host: 127.0.0.1, port: 0 }\nstorage: { use: sqlite, path: " +
                                        (folder_.path() / "taken.db").string() + " }\n");
    const auto ended = run({"serve", "--config", source});
    ::close(taken);
    EXPECT_EQ(ended.code, 69);
    EXPECT_NE(ended.err.find(port), std::string::npos) << ended.err;
}

TEST_F(Serving, LeavesTheSecondProcessOnOneStoreToEndWith69) {
    ASSERT_TRUE(serve(kSip).wait_for("listening "));
    const auto second = run({"serve", "--config", "file:" + (folder_.path() / "switchhook.yaml").string()});
    EXPECT_EQ(second.code, 69) << second.err;
    EXPECT_NE(second.err.find("switchhook.db"), std::string::npos) << second.err;
    end(SIGTERM);
}

}  // namespace
}  // namespace switchhook::app
