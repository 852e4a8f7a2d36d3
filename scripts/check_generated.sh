#!/usr/bin/env bash
# Fails when generated/ is not what buf makes of protos/ today.
# usage: check_generated.sh BUF
set -euo pipefail
buf=$1

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$buf" generate --output "$fresh"
touch "$fresh/generated/waypost/v1/py.typed"
if ! diff -r --exclude=__pycache__ "$fresh/generated" generated; then
    echo "generated/ is stale: run 'make generate' and commit the result" >&2
    exit 1
fi
