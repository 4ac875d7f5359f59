// The one script of gatelet's own pages, and the hash by which their Content-Security-Policy allows
// it. Whoever changes the text changes the hash: tests/policy/page_frame_test.cpp compares them.
//
// A server never sees a URL's fragment ("#/inbox"): only a script can carry it on to where a
// sign-in leads. Without it the pages work as well, and the fragment is lost.
#pragma once

#include <string_view>

namespace gatelet::policy {

inline constexpr std::string_view fragment_script =
    "{const f=location.hash.replace(/\\\\/g,'%5C');"
    "if(f.length>1&&f.length<513){"
    "for(const a of document.querySelectorAll('a.button')){const u=new "
    "URL(a.href),p=u.searchParams;"
    "p.set('rd',(p.get('rd')||'/')+f);a.href=u.href}"
    "for(const i of document.querySelectorAll('input[name=rd]'))i.value=(i.value||'/')+f}}";

inline constexpr std::string_view fragment_script_source =
    "'sha256-sM4H2T9cZwJo1CGmingipwyQluu9HRy0CKmjXRW9SYU='";

}  // namespace gatelet::policy
