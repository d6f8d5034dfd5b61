// What the tests of Sender share: an authority that it trusts, names that lead where the test says, and a wait for
// outcomes.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <switchhook/testkit/forwarder_suite.hpp>

#include "certificates.hpp"
#include "sender.hpp"
#include "tls_server.hpp"

namespace switchhook::tests {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What a busy machine may take for things that take milliseconds.
constexpr seconds kPatience{90};

class SenderTest : public ::testing::Test {
protected:
    SenderTest() {
        char path[] = "/tmp/switchhook-https-XXXXXX";
        folder_ = ::mkdtemp(path);
        options_.ca_file = write_file("ca.pem", authority_.pem());
        options_.connect_timeout = options_.resolve_timeout = kPatience;
        options_.user_agent = "Switchhook/test";
        options_.rules = https::AddressRules({*https::Network::parse("127.0.0.0/8")});
        options_.lookup = [](const std::string& host) { return answer(host, {"127.0.0.1"}); };
    }
    ~SenderTest() override {
        if (sender_) sender_->stop();
        std::filesystem::remove_all(folder_);
    }

    static https::Answer answer(const std::string& host, std::initializer_list<const char*> addresses) {
        https::Answer made{host, {}, addresses.size() == 0 ? "Name or service not known" : ""};
        for (const char* each : addresses) made.addresses.push_back(*https::Address::parse(each));
        return made;
    }
    std::string write_file(const std::string& name, const std::string& text) {
        const std::string path = folder_ + "/" + name;
        std::ofstream(path) << text;
        return path;
    }
    // For the names hook.test and 127.0.0.1.
    std::unique_ptr<TlsServer> serve(TlsServer::Script script) {
        return std::make_unique<TlsServer>(authority_.issue("DNS:hook.test,IP:127.0.0.1"), std::move(script));
    }
    // Answers every request of a connection with the same bytes.
    std::unique_ptr<TlsServer> serve_always(std::string response) {
        return serve([response = std::move(response)](Connection& connection) {
            while (!connection.read_request().empty())
                if (!connection.write(response)) return;
        });
    }
    static std::string url(const TlsServer& server, const std::string& host = "hook.test") {
        return "https://" + host + ":" + std::to_string(server.port()) + "/events?x=1";
    }
    static std::string url(std::uint16_t port) { return "https://hook.test:" + std::to_string(port) + "/"; }

    https::Sender& sender() {
        if (!sender_) {
            sender_ = std::make_unique<https::Sender>(options_);
            const auto started = sender_->start();
            EXPECT_TRUE(started.ok()) << started.message();
        }
        return *sender_;
    }
    AttemptResult deliver(const std::string& to, milliseconds deadline = kPatience, Request* request = nullptr) {
        testkit::Outcomes outcomes;
        sender().send(request != nullptr ? *request : testkit::request_to(to), deadline, outcomes.next());
        EXPECT_TRUE(outcomes.wait_for(1));
        const auto all = outcomes.all();
        return all.empty() ? AttemptResult{} : all.front();
    }
    AttemptResult deliver(const TlsServer& server, milliseconds deadline = kPatience) {
        return deliver(url(server), deadline);
    }

    Authority authority_;
    std::string folder_;
    https::SenderOptions options_;  // changed before the first sender()

private:
    std::unique_ptr<https::Sender> sender_;
};

}  // namespace switchhook::tests
