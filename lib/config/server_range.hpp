// What the options of a server and of oauth2-proxy's upstreams may be: addresses to listen on,
// names of cipher suites, targets.
#pragma once

#include <string>
#include <string_view>

namespace gatelet::config {

// Each says what is wrong with the value and what to write; empty when nothing is.

// "-", HOST:PORT, :PORT, [v6]:PORT, the same after http://, unix://PATH (also with ,mode=0660 after
// it), or fd:N for a socket that was handed over.
std::string address_complaint(std::string_view text);

// "-", HOST:PORT, :PORT, [v6]:PORT, the same after https://.
std::string tcp_address_complaint(std::string_view text);

// A name as the TLS registry has it: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. Which of them a server
// has is for the server to say.
std::string cipher_suite_complaint(std::string_view item);

// http, https, file and unix URLs, and static://CODE with a status from 200 to 599.
std::string upstream_complaint(std::string_view item);

}  // namespace gatelet::config
