#!/usr/bin/env bash
# Runs a command; prints its name before and its duration after.
set -euo pipefail
what=$1
shift
printf '· %s\n' "$what"
start=$SECONDS
"$@"
took=$((SECONDS - start))
if [ "$took" -gt 1 ]; then printf '  %s: %d s\n' "${what%% (*}" "$took"; fi
