#!/usr/bin/env bash
# Installs missing tools only: `install.sh build` for `make serve`; in addition `test`, `supply` and
# `browsers` for the make targets of these names.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '· %s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
timed() { "$PWD/tools/timed.sh" "$@"; }

# Installs Debian packages, as root or with sudo; on other systems prints them and stops.
packages() {
  local names="$*" sudo=()
  has apt-get || stop "Please install what these Debian packages hold, then try again: $names"
  if [ "$(id -u)" != 0 ]; then
    has sudo || stop "Please install as root, then try again: apt-get install $names"
    sudo=(sudo)
  fi
  say "installing $names (up to 1 minute)"
  "${sudo[@]}" apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends \
    "$@" >/dev/null
}

# npm packages of a folder, without their install scripts; again if the lock file changed.
modules() {
  local folder=$1 mark="$1/node_modules/.installed"
  if ! cmp -s "$folder/package-lock.json" "$mark"; then
    timed "npm packages of $folder" npm ci --prefix "$folder" --ignore-scripts --no-audit \
      --no-fund --loglevel=error >/dev/null
    cp "$folder/package-lock.json" "$mark"
  fi
}

locked_version() {
  sed -n "/^name = \"$1\"\$/{n;s/version = \"\(.*\)\"/\1/p;}" Cargo.lock
}

build() {
  has rustup || has cargo || stop "Please install Rust by rustup (https://rustup.rs), then try again."
  has npm || stop "Please install Node 20 or newer with npm, then try again."
  has cc || packages gcc libc6-dev
  if has rustup; then
    local channel
    channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    rustup run "$channel" rustc --version >/dev/null 2>&1 ||
      timed "Rust $channel" rustup toolchain install "$channel" --profile minimal \
        --component clippy --component rustfmt
    rustup target list --installed | grep -qx wasm32-unknown-unknown ||
      timed "the wasm target" rustup target add wasm32-unknown-unknown
  fi
  local version
  version=$(locked_version wasm-bindgen)
  if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
    # Without --locked: its lock file names a version that is not always available.
    timed "wasm-bindgen $version (about 1 minute)" cargo install wasm-bindgen-cli \
      --version "$version" --bin wasm-bindgen --root .tools --debug --quiet \
      --config profile.dev.debug=0
  fi
  modules tools
}

test_tools() {
  local missing=()
  [ -n "${CHROMIUM:-}" ] || [ -x /usr/bin/chromium ] || missing+=(chromium)
  fc-list 2>/dev/null | grep -i 'cjk' >/dev/null || missing+=(fontconfig fonts-noto-cjk)
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has initdb || missing+=(postgresql)
  has strace || missing+=(strace)
  has wrk || missing+=(wrk)
  has nginx || missing+=(nginx-light)
  has openssl || missing+=(openssl)
  has systemd-analyze || missing+=(systemd)
  [ ${#missing[@]} = 0 ] || packages "${missing[@]}"
  modules end2end
}

# Compiles a tool, by its own lock file.
crate() {
  has "$1" || timed "$1 ($3)" cargo install "$1" --version "$2" --locked --root .tools --debug \
    --quiet --config profile.dev.debug=0
}

supply() {
  crate cargo-machete 0.9.2 "about 1 minute"
  crate cargo-deny 0.20.2 "about 5 minutes"
}

browsers() {
  local missing=()
  has firefox-esr || missing+=(firefox-esr)
  has WebKitWebDriver || missing+=(webkit2gtk-driver)
  has Xvfb || missing+=(xvfb)
  [ ${#missing[@]} = 0 ] || packages "${missing[@]}"
  # Debian has no geckodriver; it is built from Mozilla's crate.
  crate geckodriver 0.37.1 "about 1 minute"
}

case ${1:-} in
  build) build ;;
  test) test_tools ;;
  supply) supply ;;
  browsers) browsers ;;
  *) stop "usage: install.sh build|test|supply|browsers" ;;
esac
