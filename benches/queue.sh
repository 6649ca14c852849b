#!/usr/bin/env bash
# How fast the console is with 100,000 reports: median and 99th percentile of each page,
# one connection, then requests a second of the queue with 32. Needs wrk; give it a
# database URL, or it makes a SQLite file. `tools/with-postgres.sh bash -c 'benches/queue.sh
# "$DATABASE_URL_POSTGRES"'` measures PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/.."
reports=${REPORTS:-100000}
folder=$(mktemp -d)
export CHUANGQUAN_DATABASE_URL=${1:-sqlite://$folder/chuangquan.db}
export CHUANGQUAN_SECRET_FILE="$folder/secret" CHUANGQUAN_PHOTO_STORE="$folder/photos"
export LEPTOS_SITE_ADDR=127.0.0.1:0 RUST_LOG=warn
program=target/release/chuangquan
password="correct horse battery"

start=$(date +%s%N)
"$program" seed --signatures 1000 --reports "$reports" >/dev/null
echo "seeding $reports reports: $((($(date +%s%N) - start) / 1000000)) ms"
add() { "$program" staff add "$@" --password-stdin <<<"$password" >/dev/null; }
add manager --name 王测试 --role manager
add lead --name 陈测试 --role branch-lead --branch residential
add worker --name 李测试 --role grid-worker --grid grid-01,grid-02

"$program" serve >"$folder/out" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' EXIT
until url=$(grep -o 'http://[0-9.:]*' "$folder/out"); do sleep 0.1; done

for login in manager lead worker; do
  jar="$folder/$login"
  curl -s -o /dev/null -c "$jar" "$url/"
  curl -s -o /dev/null -b "$jar" -c "$jar" --data-urlencode "login=$login" \
    --data-urlencode "password=$password" "$url/console/login"
  cookie=$(awk '!/^# /&&NF>=7{sub(/^#HttpOnly_/,"");printf "%s%s=%s",s,$6,$7;s="; "}' "$jar")
  for page in /console "/console?state=all&sort=new" "/console?state=closed&page=200" \
    "/console?deadline=overdue" "/console?q=%E6%B5%8B%E8%AF%95%E8%B7%AF77" \
    "/console?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E4%B8%AA" "/console?grid=grid-01&state=all" \
    /console/check /console/duty /console/stats; do
    status=$(curl -s -o /dev/null -w '%{http_code}' -H "Cookie: $cookie" "$url$page")
    wrk -t1 -c1 -d2 --latency -H "Cookie: $cookie" -H 'Accept-Encoding: br' "$url$page" |
      awk -v what="$login $page ($status)" '/50%/{m=$2} /99%/{n=$2} END{print what ": median " m ", 99th " n}'
  done
  wrk -t2 -c32 -d5 --latency -H "Cookie: $cookie" -H 'Accept-Encoding: br' "$url/console" |
    awk -v what="$login /console, 32 connections" '/Requests.sec/{r=$2} /99%/{n=$2} END{print what ": " r " requests a second, 99th " n}'
done
