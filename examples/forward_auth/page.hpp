// The application behind the sign-in: one page that shows what an application gets to know.
#pragma once

#include <httplib.h>

#include <string>

#include "serve.hpp"

namespace forward_auth {

// `sign_out_path`: where the page's button leads.
void show_page(const Allowed& allowed, const std::string& sign_out_path,
               httplib::Response& response);

}  // namespace forward_auth
