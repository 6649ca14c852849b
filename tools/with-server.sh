#!/usr/bin/env bash
# Runs a command with the address of a server of its own as its last argument.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
LEPTOS_SITE_ADDR=127.0.0.1:0 CHUANGQUAN_DATABASE_URL="sqlite://$folder/chuangquan.db" \
  CHUANGQUAN_SECRET_FILE="$folder/secret" RUST_LOG=warn target/release/chuangquan serve \
  >"$folder/out" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' EXIT
until url=$(grep -o 'http://[0-9.:]*' "$folder/out"); do sleep 0.1; done
"$@" "$url"
