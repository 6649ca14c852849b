#!/usr/bin/env bash
# Runs a command with DATABASE_URL_POSTGRES of a temporary PostgreSQL cluster, deleted afterwards,
# and POSTGRES_RESTART, a command that restarts it. PostgreSQL refuses to run as root: then it runs
# as `postgres`.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
folder=$(mktemp -d)
as=()
if [ "$(id -u)" = 0 ]; then
  as=(runuser -u postgres --)
  chown postgres "$folder"
fi
# A free port, so that several clusters can run at the same time.
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')

finish() {
  "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -s stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap finish EXIT

cd /
"${as[@]}" "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -s -w -l "$folder/log" \
  -o "-p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=300" start
cd "$OLDPWD"
export DATABASE_URL_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
# Command for tests that restart PostgreSQL.
export POSTGRES_RESTART="${as[*]} $bin/pg_ctl -D $folder/data -s -w -m fast restart -l $folder/log"
"$@"
