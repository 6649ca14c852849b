#!/usr/bin/env bash
# Requests a second: GET / as a browser asks for it, and durable signatures, each by a
# visitor of its own whose cookie came from a real GET, for two seconds. Needs wrk (Debian: wrk) and a
# release build. `sign.sh [database url]`; without one, SQLite in a scratch folder.
set -euo pipefail
cd "$(dirname "$0")/.."
visitors=${VISITORS:-40000}
folder=$(mktemp -d)
LEPTOS_SITE_ADDR=127.0.0.1:0 CHUANGQUAN_DATABASE_URL="${1:-sqlite://$folder/chuangquan.db}" \
  CHUANGQUAN_SECRET_FILE="$folder/secret" RUST_LOG=warn target/release/chuangquan serve >"$folder/out" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' EXIT
until url=$(grep -o 'http://[0-9.:]*' "$folder/out"); do sleep 0.1; done

echo "== GET /, brotli"
wrk -t1 -c64 -d8s -H 'Accept-Encoding: br' -H "Cookie: $(curl -si "$url/" | sed -n 's/^set-cookie: \([^;]*\).*/\1/p')" "$url/" | grep -E 'Requests/sec|Latency|Non-2xx' || true

echo "== cookies of $visitors visitors"
node benches/visitors.mjs "$url" "$visitors" >"$folder/cookies"

echo "== POST /sign, 256 connections"
COOKIES="$folder/cookies" wrk -t1 -c256 -d2s -s benches/sign.lua "$url" | grep -E 'Requests/sec|Latency|signed|Non-2xx' || true
curl -s "$url/counts.json" | grep -o '"signatures":[0-9]*'
