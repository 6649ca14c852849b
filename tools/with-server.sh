#!/usr/bin/env bash
# Runs a command with the address of a temporary server as its last argument.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
export LEPTOS_SITE_ADDR=127.0.0.1:0 CHUANGQUAN_DATABASE_URL="sqlite://$folder/chuangquan.db" \
  CHUANGQUAN_SECRET_FILE="$folder/secret" CHUANGQUAN_PHOTO_STORE="$folder/photos" RUST_LOG=warn
# Browser tests sign too fast for the rules; src/tests/fraud.rs tests with the rules on.
export CHUANGQUAN_LIMITS=off
program=${PROGRAM:-target/release/chuangquan}
# Two managers, for commands that use the console.
export MANAGER=manager CHECKER=checker PASSWORD="correct horse battery"
for login in "$MANAGER" "$CHECKER"; do
  "$program" staff add "$login" --name 王测试 --role manager --password-stdin \
    <<<"$PASSWORD" >/dev/null
done
"$program" serve >"$folder/out" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' EXIT
until url=$(grep -o "http://[0-9.:]*" "$folder/out"); do kill -0 "$server"; sleep 0.1; done
"$@" "$url"
