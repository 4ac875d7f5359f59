// The ways to sign in: the page, the form for user and password, the way to the provider.
#pragma once

#include "engine/decide.hpp"

namespace gatelet::engine {

// PREFIX/sign_in and PREFIX/start.
Result<Verdict> decide_sign_in(const Question& question);
Result<Verdict> decide_start(const Question& question);

// Nobody asks for the application: 401 for programs, the provider or the sign-in page for people.
Result<Verdict> ask_to_sign_in(const Question& question, const Presented& presented);

// What follows once the form's password was compared.
Result<Verdict> decide_form_checked(const Question& question, const NeedPassword& need,
                                    const Result<bool>& matches);

}  // namespace gatelet::engine
