#include "core/metrics/metrics.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <sstream>

namespace switchhook::metrics {

TEST(Metrics, AreWrittenAsPrometheusTextWithHelpForEachName) {
    Metrics metrics;
    metrics.webhooks_received.Increment();
    metrics.webhooks_refused("expired").Increment(2);
    const std::string text = metrics.text();
    EXPECT_NE(text.find("switchhook_webhooks_received_total 1"), std::string::npos) << text;
    EXPECT_NE(text.find("switchhook_webhooks_refused_total{reason=\"expired\"} 2"), std::string::npos) << text;
    EXPECT_NE(text.find("# HELP switchhook_commit_seconds"), std::string::npos);
}

TEST(Metrics, AllBearTheProductsName) {
    Metrics metrics;
    std::istringstream lines(metrics.text());
    for (std::string line; std::getline(lines, line);)
        EXPECT_TRUE(std::regex_search(line, std::regex("^(# (HELP|TYPE) )?switchhook_"))) << line;
}

}  // namespace switchhook::metrics
