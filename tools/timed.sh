#!/usr/bin/env bash
# Runs a step, saying before what it is and after how long it took.
set -euo pipefail
what=$1
shift
printf '· %s\n' "$what"
start=$SECONDS
"$@"
took=$((SECONDS - start))
if [ "$took" -gt 1 ]; then printf '  %s: %d s\n' "${what%% (*}" "$took"; fi
