#!/usr/bin/env bash
# Asks for known vulnerabilities of what is used, where the databases can be had. A finding fails.
# Where none can be had, that is said; with ADVISORIES=required it fails, too.
set -euo pipefail
cd "$(dirname "$0")/.."
RUSTSEC=https://github.com/rustsec/advisory-db
copies=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs
asked=0

unasked() {
  printf 'advisories of %s were NOT asked: %s\n' "$1" "$2"
  [ "${ADVISORIES:-}" != required ] || exit 1
}

if timeout 15 git ls-remote --quiet "$RUSTSEC" HEAD >/dev/null 2>&1; then
  cargo deny --locked check advisories
  asked=1
else
  # A copy older than a month says nothing of what was found since.
  newest=$(find "$copies" -name FETCH_HEAD -mtime -30 2>/dev/null | head -n 1 || true)
  if [ -n "$newest" ]; then
    printf 'the database of advisories is that of %s\n' "$(date -r "$newest" +%F)"
    cargo deny --locked check --disable-fetch advisories
    asked=1
  fi
fi
[ "$asked" = 1 ] || unasked crates "$RUSTSEC cannot be reached, and there is no copy of the last 30 days"

registry=$(npm config get registry)
if curl --silent --fail --max-time 15 --output /dev/null --header 'Content-Type: application/json' \
  --data '{}' "${registry%/}/-/npm/v1/security/advisories/bulk"; then
  for folder in tools end2end; do npm audit --prefix "$folder" --audit-level=high; done
else
  unasked 'npm packages' 'the registry does not answer such questions'
fi
