#include <switchhook/testkit/fake_host.hpp>
#include <switchhook/testkit/matcher_suite.hpp>

#include "plugins/matcher_sip_host/sip_host_matcher.hpp"
#include "plugins/matcher_wildcard/wildcard_matcher.hpp"
#include "tests/unit/matchers/matching.hpp"

namespace switchhook::testkit {
namespace {

template <typename M>
std::unique_ptr<Matcher> make() {
    static FakeHost host;
    return std::make_unique<M>(matcher::test::headers({"x-to-ip", "to"}), host);
}

INSTANTIATE_TEST_SUITE_P(SipHost, MatcherSuite,
                         testing::Values(MatcherCase{make<matcher::SipHostMatcher>, "tenant-%.example.com",
                                                     "\"T\" <sip:100@Tenant-%.Example.com.:5060>;tag=1"}));
INSTANTIATE_TEST_SUITE_P(Wildcard, MatcherSuite,
                         testing::Values(MatcherCase{make<matcher::WildcardMatcher>, "*.tenant-%.example.com",
                                                     "<sip:100@a.b.tenant-%.example.com>"}));

}  // namespace
}  // namespace switchhook::testkit
