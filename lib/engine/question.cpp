#include "engine/question.hpp"

#include "session/cookie_session.hpp"

namespace gatelet::engine {

policy::PageFacts page_facts(const Question& question) {
  policy::PageFacts page;
  page.facts = &question.facts;
  page.request_id = question.request_id;
  page.arrived = question.now;
  return page;
}

bool was_replaced(const Question& question) {
  const auto& name = question.context().session.cookie_name;
  return question.memory.replaced.covers(CookieImage(question.facts.headers, name), question.now);
}

std::vector<std::string> clear_session_cookies(const Question& question) {
  if (was_replaced(question)) return {};
  return session::clear_session(question.context().session, question.facts.host,
                                question.facts.headers);
}

}  // namespace gatelet::engine
