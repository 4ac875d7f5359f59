// The one style of gatelet's own pages, and the hash by which their Content-Security-Policy allows
// it. Whoever changes the text changes the hash: tests/policy/page_frame_test.cpp compares them.
#pragma once

#include <string_view>

namespace gatelet::policy {

inline constexpr std::string_view page_style =
    ":root{color-scheme:light dark;--back:#eef1f5;--card:#fff;--text:#1b2028;--soft:#566070;"
    "--line:#d9dfe7;--edge:#758091;--main:#1d5bcb;--deep:#174aa6;--on:#fff;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--back:#12151a;--card:#1b2027;--text:#e9ecf1;"
    "--soft:#a6b0be;--line:#313946;--edge:#7d8899;--main:#86b4ff;--deep:#a9caff;--on:#0c1a33;"
    "--bad:#ff8a80}}"
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;"
    "background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}"
    "main{width:100%;max-width:26rem;min-width:0;padding:2rem;background:var(--card);"
    "border:1px solid var(--line);border-top:4px solid var(--main);border-radius:.75rem;"
    "box-shadow:0 8px 24px rgb(0 0 0/.08)}"
    "h1{margin:0 0 .75rem;font-size:1.375rem;line-height:1.25;text-wrap:balance}"
    "p,form{margin:0 0 1rem;overflow-wrap:anywhere}main>:last-child{margin-bottom:0}"
    "a{color:var(--main)}"
    ".button{display:block;width:100%;min-height:2.75rem;padding:.625rem 1rem;border:0;"
    "border-radius:.5rem;background:var(--main);color:var(--on);font:inherit;font-weight:600;"
    "text-align:center;text-decoration:none;cursor:pointer}"
    ".button:hover{background:var(--deep)}"
    "label{display:block;margin:0 0 .25rem;font-weight:600}"
    "input:not([type=hidden]){display:block;width:100%;min-height:2.75rem;padding:.5rem .75rem;"
    "border:1px solid var(--edge);border-radius:.5rem;background:var(--card);color:var(--text);"
    "font:inherit}"
    ".password{margin-top:1.5rem;padding-top:1.25rem;border-top:1px solid var(--line)}"
    ".password p:last-child{margin-bottom:0}"
    ".other,.password .button{border:1px solid var(--edge);background:none;color:var(--text)}"
    ".other:hover,.password .button:hover{background:var(--back)}"
    ".alert,.error{padding:.625rem .875rem;border-left:4px solid var(--bad);"
    "background:var(--back);overflow-wrap:anywhere}.error{font-size:.875rem}"
    ":focus-visible{outline:3px solid var(--deep);outline-offset:3px}"
    ".logo{display:block;max-width:100%;max-height:4rem;margin:0 0 1.25rem}"
    "footer{margin-top:1rem;color:var(--soft);font-size:.8125rem;overflow-wrap:anywhere}"
    ".id{padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.8125rem}"
    "@media(max-width:24rem){main{padding:1.5rem 1.25rem}}";

inline constexpr std::string_view page_style_source =
    "'sha256-wUXbVKPX06uktjBx4p+MIilOzbkd5jWCx00nSMZFfGs='";

}  // namespace gatelet::policy
