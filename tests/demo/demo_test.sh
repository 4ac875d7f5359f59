#!/usr/bin/env bash
# demo_test.sh SOURCE BUILD: the demo's own round, its bad arguments, and the three sample programs against the development
# provider.
set -u
source=$1 build=$2
export DEMO_BUILD=$build
passed=0 failed=0
work=$(mktemp -d)
trap 'kill "${provider:-}" 2>/dev/null; rm -rf "$work"' EXIT

expect() {
  local what=$1
  shift
  if "$@" >"$work/out" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'not ok %s\n' "$what"
    tail -n 30 "$work/out"
  fi
}
fails_with() { # STATUS TEXT COMMAND...
  local status=$1 text=$2 code=0
  shift 2
  "$@" >"$work/said" 2>&1 || code=$?
  cat "$work/said"
  [[ $code == "$status" ]] && grep -qF -- "$text" "$work/said"
}

expect 'run-demo --check does the whole round' "$source/examples/run-demo" --check
expect 'nothing is left running' bash -c '! pgrep -af "^'"$build"'/examples/(dev_idp|forward_auth)/"'
expect 'an unknown argument is refused' fails_with 2 '--nonsense' "$source/examples/run-demo" --nonsense
expect 'a missing configuration file is refused' fails_with 2 'cannot be read' "$source/examples/run-demo" --config "$work/none.toml"
printf 'client_idd = "x"\n' >"$work/wrong.toml"
expect 'an unknown key in a file is refused with the nearest name' fails_with 2 'client_id' \
  "$build/examples/forward_auth/forward_auth" --config "$work/wrong.toml"
expect 'an unknown variable is refused with the nearest name' fails_with 2 'client_id' \
  env GATELET_CLIENT_IDD=x "$build/examples/forward_auth/forward_auth"
expect 'the environment is taken, --set wins over it' fails_with 2 'cookie_path: "from-set"' \
  env GATELET_COOKIE_PATH=from-environment "$build/examples/forward_auth/forward_auth" --set cookie_path=from-set
printf 'cookie_secret = "canary-secret"\noidc_issuer_url = "ftp://x"\n' >"$work/broken.toml"
expect 'all problems of a configuration are listed' fails_with 2 'oidc_issuer_url' \
  "$build/examples/forward_auth/forward_auth" --config "$work/broken.toml"
expect 'and none shows a secret' bash -c '! grep -q canary "$0"' "$work/said"

: >"$work/provider"
"$build/examples/dev_idp/dev_idp" --port 0 >"$work/provider" 2>&1 &
provider=$!
for _ in $(seq 50); do grep -q '^issuer ' "$work/provider" && break; sleep 0.1; done
issuer=$(sed -n 's/^issuer //p' "$work/provider")
for sample in decide_cpp decide_blocking decide_poll; do
  expect "$sample is sent to the provider" bash -c '"$0" "$1" | tee /dev/stderr | grep -q "^302 login-started"' "$build/examples/$sample" "$issuer"
  expect "$sample tells of a provider that is not there" bash -c '"$0" http://127.0.0.1:1 | tee /dev/stderr | grep -q "^50[0-9] "' "$build/examples/$sample"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
