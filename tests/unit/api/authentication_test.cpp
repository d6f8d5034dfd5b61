#include "core/api/authentication.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace switchhook::api {
namespace {

config::Auth two_tenants_and_an_operator() {
    return {.required = true,
            .api_secrets = {{"ops", "operator secret", config::Role::operator_, true},
                            {"tenant-a", "secret+a/=", config::Role::tenant, true},
                            {"tenant-b", "s\xC3\xA9same", config::Role::tenant, false}}};
}

struct Case {
    const char* name;
    const char* authorization;  // nullptr: no header
    const char* query;
    int status;          // 200: let in
    const char* answer;  // the tenant, "*" for the operator, or the whole body of the refusal
};

std::ostream& operator<<(std::ostream& out, const Case& row) {
    return out << row.name;
}

constexpr char kMissing[] =
    R"j({"error":"missing_auth_header","message":"Missing authentication token (Authorization header or api_key query parameter)"})j";
constexpr char kInvalid[] =
    R"j({"error":"invalid_auth_header","message":"Invalid Authorization header format (expected 'Bearer {token}') and missing api_key query parameter"})j";
constexpr char kWrong[] = R"({"error":"unauthorized","message":"Unauthorized: Invalid API secret"})";

class Tokens : public testing::TestWithParam<Case> {};

TEST_P(Tokens, AreJudgedAsInTheTable) {
    const auto& row = GetParam();
    http::Request request;
    if (row.authorization != nullptr) request.headers.emplace_back("authorization", row.authorization);
    request.query = row.query;
    const auto judged = Authentication(two_tenants_and_an_operator()).identify(request);
    if (const auto* refused = std::get_if<http::Response>(&judged)) {
        EXPECT_EQ(refused->status, row.status);
        EXPECT_EQ(refused->body, row.answer);
        EXPECT_EQ(refused->content_type, "application/json");
        return;
    }
    const auto& identity = std::get<Identity>(judged);
    ASSERT_EQ(row.status, 200);
    EXPECT_EQ(identity.is_operator ? "*" : identity.tenant, row.answer);
}

INSTANTIATE_TEST_SUITE_P(
    Everyone, Tokens,
    testing::Values(Case{"OperatorsHeader", "Bearer operator secret", "", 200, "*"},
                    Case{"TenantsHeader", "Bearer secret+a/=", "", 200, "tenant-a"},
                    Case{"TenantsQuery", nullptr, "api_key=secret%2Ba%2F%3D", 200, "tenant-a"},
                    Case{"PlusInTheQueryIsABlank", nullptr, "api_key=operator+secret", 200, "*"},
                    Case{"Utf8InTheQuery", nullptr, "api_key=s%C3%A9same", 200, "tenant-b"},
                    Case{"FirstNonBlankKeyCounts", nullptr,
                         "api_key=&api_key=%20&x=1&api_key=secret%2Ba%2F%3D&api_key=no", 200, "tenant-a"},
                    Case{"EncodedName", nullptr, "api%5Fkey=operator%20secret", 200, "*"},
                    Case{"UnusableHeaderFallsBackToTheQuery", "Basic b3Bz", "api_key=operator%20secret", 200, "*"},
                    Case{"NothingGiven", nullptr, "", 401, kMissing},
                    Case{"OtherQueryOnly", nullptr, "apikey=operator%20secret&q=api_key", 401, kMissing},
                    Case{"BlankKeysOnly", nullptr, "api_key=&api_key=%09", 401, kMissing},
                    Case{"HalfAnEscape", nullptr, "api_key=operator%2", 401, kMissing},
                    Case{"OtherScheme", "Basic b3Bz", "", 401, kInvalid},
                    Case{"BearerInLowerCase", "bearer operator secret", "", 401, kInvalid},
                    Case{"BearerWithoutToken", "Bearer", "", 401, kInvalid}, Case{"EmptyHeader", "", "", 401, kInvalid},
                    Case{"WrongSecret", "Bearer operator secreT", "", 401, kWrong},
                    Case{"BeginningOfASecret", "Bearer operator", "", 401, kWrong},
                    Case{"SecretAndMore", "Bearer operator secret2", "", 401, kWrong},
                    Case{"IdInsteadOfSecret", "Bearer tenant-a", "", 401, kWrong},
                    Case{"WrongHeaderIsNotSavedByTheQuery", "Bearer wrong", "api_key=operator%20secret", 401, kWrong}),
    [](const auto& row) { return row.param.name; });

TEST(Authentication, LetsEveryoneActAsTheOperatorWhenItIsNotRequired) {
    config::Auth auth = two_tenants_and_an_operator();
    auth.required = false;
    const auto judged = Authentication(auth).identify({});
    ASSERT_TRUE(std::holds_alternative<Identity>(judged));
    EXPECT_TRUE(std::get<Identity>(judged).is_operator);
}

TEST(Authentication, LetsNobodyInWhenItIsRequiredAndNoSecretExists) {
    http::Request request;
    request.headers.emplace_back("Authorization", "Bearer x");
    const auto judged = Authentication({.required = true, .api_secrets = {}}).identify(request);
    EXPECT_TRUE(std::holds_alternative<http::Response>(judged));
}

TEST(Authentication, NamesASchemeInEveryRefusal) {
    const auto judged = Authentication(two_tenants_and_an_operator()).identify({});
    const auto& refused = std::get<http::Response>(judged);
    ASSERT_EQ(refused.headers.size(), 1U);
    EXPECT_EQ(refused.headers[0].first, "WWW-Authenticate");
}

TEST(Identity, OfATenantActsForItsOwnIdOnly) {
    const Identity tenant{.is_operator = false, .tenant = "tenant-a"};
    EXPECT_TRUE(tenant.acts_for("tenant-a"));
    EXPECT_FALSE(tenant.acts_for("Tenant-A"));
    EXPECT_FALSE(tenant.acts_for(""));
    EXPECT_TRUE((Identity{.is_operator = true, .tenant = {}}).acts_for("tenant-a"));
}

}  // namespace
}  // namespace switchhook::api
