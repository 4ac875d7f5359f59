# Sourced by examples/run-demo and tests/run: installs the Debian packages that are missing, or says how.

# What building the library, the demo and the examples needs.
build_packages=(
  build-essential ccache meson ninja-build pkg-config python3
  libcurl4-openssl-dev libhiredis-dev libssl-dev rapidjson-dev liblz4-dev libre2-dev libtomlplusplus-dev libyaml-cpp-dev
  libcpp-httplib-dev libcli11-dev libsqlite3-dev nlohmann-json3-dev zlib1g-dev
)

# ensure_packages NAME...   returns 1 when something is missing and cannot be installed; says why.
ensure_packages() {
  local package log missing=() as_root=()
  for package in "$@"; do
    # A node of another origin serves as well.
    case $package in
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
    esac
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      printf 'Packages are missing. Install them, then run this again:\n\n  apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
      return 1
    fi
  fi
  printf 'installing %s Debian packages: %s\n' "${#missing[@]}" "${missing[*]}"
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    printf 'installing packages failed; the whole log is %s\n' "$log" >&2
    return 1
  fi
  rm -f "$log"
}
