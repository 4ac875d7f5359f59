#!/bin/sh
# session_hooks_test.sh PROGRAM: README's example of a session hook does what README says.
program=$1
users=$(mktemp)
trap 'rm -f "$users"' EXIT
for name in zoe mallory; do echo "$name:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="; done >"$users"
passed=0
failed=0
expect() {
  if [ "$2" = "$3" ]; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "not ok $1: $2"
  fi
}
expect 'whom the hook does not mind is signed in' "$("$program" "$users" zoe secret)" '302 signed-in '
expect 'whom it refuses is not, and the log says why' "$("$program" "$users" mallory secret)" '403 vetoed mallory has left the company'
expect 'a wrong password does not get that far' "$("$program" "$users" zoe wrong)" '401 password-wrong '
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
