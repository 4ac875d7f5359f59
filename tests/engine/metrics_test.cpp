#include "engine/metrics.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::engine;

TEST_SUITE("engine/metrics") {
  TEST_CASE(
      "text: counts decisions by result and reason, errors by class, and names each series once") {
    Metrics metrics;
    const Decision nothing;
    metrics.count(nothing);
    metrics.count(nothing);
    metrics.count(Error{Status::timed_out, ""});
    metrics.count_refresh(true);
    metrics.count_fetch(false);
    metrics.count_saved(flow::SaveNote::fell_back_to_cookie);
    const auto text = metrics.text({3, 4096});
    for (const auto* line :
         {"gatelet_decisions_total{result=\"unauthorized\",reason=\"undecided\"} 2\n",
          "gatelet_errors_total{class=\"unavailable\"} 1\n",
          "gatelet_refresh_total{result=\"succeeded\"} 1\n",
          "gatelet_refresh_total{result=\"failed\"} 0\n",
          "gatelet_provider_fetch_total{result=\"failed\"} 1\n", "gatelet_inflight 3\n",
          "gatelet_sessions_kept_otherwise_total{how=\"in_cookies_store_down\"} 1\n",
          "gatelet_sessions_kept_otherwise_total{how=\"in_store_too_large\"} 0\n",
          "gatelet_session_cache_bytes 4096\n"}) {
      CHECK_MESSAGE(text.find(line) != std::string::npos, line);
    }
    for (std::size_t at = 0, found = 0;
         (at = text.find("# TYPE gatelet_decisions_total", at)) != std::string::npos; ++at) {
      CHECK(++found == 1);
    }
  }

  TEST_CASE("text: nothing that did not happen is a decision") {
    CHECK(Metrics().text({0, 0}).find("gatelet_decisions_total{") == std::string::npos);
  }
}
