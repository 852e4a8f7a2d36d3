#!/usr/bin/env bash
# buf breaking against main, beside the same third_party/ (git knows nothing of that folder).
# usage: check_breaking.sh BUF
set -euo pipefail
buf=$1

for ref in origin/main main; do
    if git rev-parse --quiet --verify "$ref^{commit}" >/dev/null; then
        base=$ref
        break
    fi
done
if [ -z "${base:-}" ]; then
    echo "buf breaking: no main to compare with yet, nothing to break"
    exit 0
fi
if ! git cat-file -e "$base:protos" 2>/dev/null; then
    echo "buf breaking: $base has no protos yet, nothing to break"
    exit 0
fi

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
git archive "$base" protos buf.yaml | tar -x -C "$before"
cp -r third_party "$before/third_party"
"$buf" breaking --against "$before"
echo "buf breaking: nothing breaks clients of $base"
