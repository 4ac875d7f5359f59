#include "policy/page_words.hpp"

#include "base/result.hpp"

namespace gatelet::policy {

PageWords page_words(Reason reason) noexcept {
  switch (reason) {
    case Reason::undecided:
    case Reason::no_session:
    case Reason::session_invalid:
    case Reason::bearer_rejected:
    case Reason::basic_rejected:
    case Reason::password_wrong:
      return {"Please sign in", "You need to sign in to see this page.", "Sign in"};
    case Reason::session_expired:
      return {"Your session has ended", "You were signed in for as long as one session lasts.",
              "Sign in again"};
    case Reason::session_revoked:
      return {"Your session has ended", "It was ended on another device, or by an administrator.",
              "Sign in again"};
    case Reason::grant_ended:
      return {"Your session has ended", "The sign-in service has ended it.", "Sign in again"};
    case Reason::state_missing:
    case Reason::state_mismatch:
      return {"This sign-in cannot go on",
              "It took too long, was finished already, or was started in another browser.",
              "Sign in again"};
    case Reason::login_denied:
      return {"You were not signed in", "The sign-in service ended the attempt.", "Try again"};
    case Reason::bad_callback:
    case Reason::issuer_mismatch:
    case Reason::token_rejected:
      return {"You could not be signed in", "The answer of the sign-in service cannot be accepted.",
              "Try again"};
    case Reason::incomplete_identity:
      return {"You could not be signed in", "The sign-in service did not tell enough about you.",
              "Try again"};
    case Reason::not_permitted:
      return {"You do not have access", "You are signed in, but this site is not open to you.",
              "Sign in as somebody else"};
    case Reason::vetoed:
      return {"You do not have access", "This site has decided against it just now.", "Try again"};
    case Reason::bad_request:
      return {"This request cannot be read", "The address or the request is damaged.", "Try again"};
    case Reason::method_not_allowed:
      return {"This address does not work that way", "Start from the site's own page instead.",
              "Try again"};
    case Reason::unknown_provider:
      return {"Unknown way to sign in",
              "The way to sign in that was asked for does not exist here.", "Sign in"};
    case Reason::provider_failed:
    case Reason::provider_unavailable:
      return {"The sign-in service does not answer",
              "Nothing is lost. Please try again in a moment.", "Try again"};
    case Reason::store_unavailable:
      return {"Sign-ins cannot be looked up",
              "The place where they are kept does not answer. Please try again in a moment.",
              "Try again"};
    case Reason::session_too_large:
      return {
          "There is too much to remember",
          "What the sign-in service tells about you, such as your groups, is more than this site "
          "can keep in your browser. Please tell whoever runs the site; trying again does not "
          "help.",
          "Try again"};
    case Reason::overloaded:
    case Reason::cancelled:
      return {"Please try again", "Many people are signing in right now.", "Try again"};
    case Reason::internal_error:
    case Reason::session:
    case Reason::session_refreshed:
    case Reason::bearer:
    case Reason::basic:
    case Reason::free_pass:
    case Reason::https_required:
    case Reason::login_started:
    case Reason::sign_in_page:
    case Reason::signed_in:
    case Reason::already_signed_in:
    case Reason::signed_out:
    case Reason::sign_out_question:
    case Reason::userinfo:
    case Reason::robots:
    case Reason::ping:
    case Reason::ready:
      return {"Something went wrong here", "Nothing is lost. Please try again in a moment.",
              "Try again"};
  }
  unreachable();
}

}  // namespace gatelet::policy
