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

DroppedCookies::Key dropped_key(const Question& question) {
  const auto& name = question.context().session.cookie_name;
  return question.memory.dropped.key_of(CookieImage(question.facts.headers, name));
}

bool may_set_cookies(const Question& question) {
  return question.memory.dropped.may_set(dropped_key(question), question.now);
}

std::vector<std::string> clear_session_cookies(const Question& question) {
  if (!question.memory.dropped.may_expire(dropped_key(question), question.now)) return {};
  return session::clear_session(question.context().session, question.facts.host,
                                question.facts.headers);
}

std::vector<std::string> leave_session(const Question& question) {
  question.memory.dropped.note_left(dropped_key(question), question.now);
  return clear_session_cookies(question);
}

}  // namespace gatelet::engine
