// Session hooks of a test: what they were told, in order, and what they say to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gatelet/ports.hpp>

namespace gatelet::support {

inline std::string name_of(SessionEvent::Moment moment) {
  switch (moment) {
    case SessionEvent::Moment::authenticated: return "authenticated";
    case SessionEvent::Moment::created: return "created";
    case SessionEvent::Moment::refreshed: return "refreshed";
    case SessionEvent::Moment::ended: return "ended";
  }
  return "?";
}

struct Hooks {
  std::vector<SessionEvent> told;
  std::string veto_at;  // the name of a moment; empty: never

  std::vector<std::string> moments() const {
    std::vector<std::string> names;
    for (const auto& event : told) names.push_back(name_of(event.moment));
    return names;
  }
  // Views this object.
  std::shared_ptr<const SessionHooks> all() {
    const SessionHook hook = [this](const SessionEvent& event) -> Result<void> {
      told.push_back(event);
      if (name_of(event.moment) != veto_at) return {};
      return Error{Status::vetoed, "not on the list"};
    };
    return std::make_shared<const SessionHooks>(SessionHooks{hook, hook, hook, hook});
  }
};

}  // namespace gatelet::support
