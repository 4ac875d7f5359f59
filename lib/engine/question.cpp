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

bool were_dropped(const Question& question) {
  const auto& name = question.context().session.cookie_name;
  return question.memory.dropped.covers(CookieImage(question.facts.headers, name), question.now);
}

bool drop_session_cookies(const Question& question) {
  const CookieImage image(question.facts.headers, question.context().session.cookie_name);
  if (question.memory.dropped.covers(image, question.now)) return false;
  question.memory.dropped.note(image, question.now);
  return true;
}

std::vector<std::string> clear_session_cookies(const Question& question) {
  if (!drop_session_cookies(question)) return {};
  return forget_session_cookies(question);
}

std::vector<std::string> forget_session_cookies(const Question& question) {
  (void)drop_session_cookies(question);
  return session::clear_session(question.context().session, question.facts.host,
                                question.facts.headers);
}

}  // namespace gatelet::engine
