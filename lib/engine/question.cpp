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

std::vector<std::string> clear_session_cookies(const Question& question) {
  return session::clear_session(question.context().session, question.facts.host,
                                question.facts.headers);
}

}  // namespace gatelet::engine
