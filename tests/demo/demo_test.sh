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
expect 'an unknown key in a file is refused with the nearest name' fails_with 1 'client_id' \
  "$build/examples/forward_auth/forward_auth" --config "$work/wrong.toml"
expect 'an unknown variable is refused with the nearest name' fails_with 1 'client_id' \
  env GATELET_CLIENT_IDD=x "$build/examples/forward_auth/forward_auth"
flags=(--provider=oidc --client-id=c --client-secret=s --cookie-secret=0123456789abcdef --oidc-issuer-url=https://idp.example)
expect 'oauth2-proxy'"'"'s flags are taken, lists by one flag each' fails_with 0 'the configuration is fine' \
  "$build/examples/forward_auth/forward_auth" "${flags[@]}" --email-domain=a.example --email-domain b.example,c.example \
  --skip-auth-route='GET=^/public' --cookie-secure=false --reverse-proxy --trusted-proxy-ip=10.0.0.0/8 --config-test
expect 'of a flag given twice the last counts' fails_with 1 'cookie_path: "second"' \
  "$build/examples/forward_auth/forward_auth" "${flags[@]}" --cookie-path=first --cookie-path=second --config-test
expect 'flags of its proxy are taken, and the log says who forwards' fails_with 0 'gatelet forwards no requests' \
  "$build/examples/forward_auth/forward_auth" "${flags[@]}" --upstream=http://127.0.0.1:8080 --config-test
expect 'a flag that is not there yet says so' fails_with 2 'not available in this version' \
  "$build/examples/forward_auth/forward_auth" "${flags[@]}" --github-org=x --config-test
expect 'a wrong flag names the nearest' fails_with 2 'did you mean client_id' \
  "$build/examples/forward_auth/forward_auth" "${flags[@]}" --client-idd=x --config-test
expect 'a wrong value names its option' fails_with 1 'email_domains' \
  "$build/examples/forward_auth/forward_auth" "${flags[@]}" --email-domain=http://x --config-test
expect '--version' fails_with 0 'gatelet 0.' "$build/examples/forward_auth/forward_auth" --version
expect '--help has every option' fails_with 0 '--bearer-token-login-fallback' "$build/examples/forward_auth/forward_auth" --help
expect 'the environment is taken, --set wins over it' fails_with 1 'cookie_path: "from-set"' \
  env GATELET_COOKIE_PATH=from-environment "$build/examples/forward_auth/forward_auth" --set cookie_path=from-set
printf '%s\n' 'server: {bindAddress: "127.0.0.1:1"}' 'providers: [{id: a, clientID: c, clientSecret: "${SECRET:-s}", oidcConfig: {issuerURL: "https://idp.example"}}]' >"$work/alpha.yaml"
expect '--alpha-config is taken' fails_with 0 'the configuration is fine' \
  "$build/examples/forward_auth/forward_auth" --alpha-config "$work/alpha.yaml" --cookie-secret=0123456789abcdef --config-test
sed 's/127.0.0.1:1"/nowhere"/' "$work/alpha.yaml" >"$work/nowhere.yaml"
expect '--alpha-config: its addresses are those of the server' fails_with 1 'http_address: "nowhere"' \
  "$build/examples/forward_auth/forward_auth" --alpha-config "$work/nowhere.yaml" --cookie-secret=0123456789abcdef --config-test
printf key >"$work/api-key"
expect 'the alpha configuration of the guide is fine' fails_with 0 'the configuration is fine' \
  env -C "$work" CLIENT_SECRET=s "$build/examples/forward_auth/forward_auth" --alpha-config "$source/examples/guide/alpha.yaml" --cookie-secret=0123456789abcdef --config-test
expect '--alpha-config: what it says cannot be a flag as well' fails_with 1 'client_id: does not go with an alpha configuration' \
  "$build/examples/forward_auth/forward_auth" --alpha-config "$work/alpha.yaml" --cookie-secret=0123456789abcdef --client-id=x --config-test
printf '{"client_idd":"x"}' >"$work/wrong.json"
expect 'a file named .json is read as JSON' fails_with 1 'did you mean client_id' "$build/examples/forward_auth/forward_auth" --config "$work/wrong.json"
printf 'cookie_secret = "canary-secret"\noidc_issuer_url = "ftp://x"\n' >"$work/broken.toml"
expect 'all problems of a configuration are listed' fails_with 1 'oidc_issuer_url' \
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
"$build/examples/forward_auth/forward_auth" "${flags[@]}" --http-address=127.0.0.1:0 --metrics-address=127.0.0.1:0 >"$work/served" 2>&1 &
server=$!
for _ in $(seq 50); do grep -q '^listening on ' "$work/served" && break; sleep 0.1; done
metrics=$(sed -n 's/^metrics on //p' "$work/served")
expect '--metrics-address serves Prometheus text' bash -c 'curl -sf "$0" | grep -q "^gatelet_"' "$metrics"
kill -TERM "$server"
expect 'SIGTERM ends the server well' wait "$server"

printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
