#include "ca_bundle.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "sender_fixture.hpp"

namespace switchhook::tests {
namespace {

class CaBundleTest : public SenderTest {
protected:
    static std::string read(const std::string& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
};

TEST_F(CaBundleTest, BothFilesAreInTheBundle) {
    const Authority other;
    const auto bundle = https::CaBundle::merge(write_file("system.pem", other.pem()), options_.ca_file);
    ASSERT_TRUE(bundle.ok()) << bundle.status().message();
    const auto text = read(bundle->path());
    EXPECT_NE(text.find(other.pem()), std::string::npos);
    EXPECT_NE(text.find(authority_.pem()), std::string::npos);
}

TEST_F(CaBundleTest, TheSystemsBundleIsFound) {
    EXPECT_TRUE(https::CaBundle::merge(https::CaBundle::system_file(), options_.ca_file).ok());
    EXPECT_NE(https::CaBundle::system_file(), "");
}

TEST_F(CaBundleTest, APrivateFileThatIsMissingStopsTheStart) {
    options_.ca_file = folder_ + "/missing.pem";
    https::Sender sender(options_);
    for (const auto& status : {sender.check(), sender.start()}) {
        EXPECT_EQ(status.code(), Code::invalid);
        EXPECT_NE(status.message().find("missing.pem"), std::string::npos) << status.message();
    }
    sender.stop();
}

TEST_F(CaBundleTest, AFileWithoutACertificateIsRefused) {
    for (const char* text : {"", "hello", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"})
        EXPECT_EQ(https::CaBundle::merge("", write_file("bad.pem", text)).status().code(), Code::invalid) << text;
    EXPECT_EQ(https::CaBundle::merge("", folder_).status().code(), Code::invalid) << "a folder";
}

TEST_F(CaBundleTest, WithoutAnyAuthorityItDoesNotStart) {
    EXPECT_EQ(https::CaBundle::merge(folder_ + "/none.pem", "").status().code(), Code::invalid);
}

TEST_F(CaBundleTest, ASecondStartIsRefused) {
    EXPECT_FALSE(sender().start().ok());
}

}  // namespace
}  // namespace switchhook::tests
