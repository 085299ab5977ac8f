#!/bin/sh
# run.sh SOURCE PROGRAM CC - runs an example and compares what it prints with what its source says it prints.
set -u
source=$1 program=$2 cc=$3
out=$(mktemp) || exit 1
trap 'rm -f "$out" "$out.wanted" "$out.refused"' EXIT
arguments=$(sed -n 's|^/\* run with: \(.*\) \*/$|\1|p' "$source")
code=$(sed -n 's|^/\* exits with: \(.*\) \*/$|\1|p' "$source")
sed -n '/^\/\* prints$/,/^\*\/$/p' "$source" | sed '1d;$d' >"$out.wanted"
[ -s "$out.wanted" ] || { echo "$source doesn't say what it prints" >&2; exit 1; }
# shellcheck disable=SC2086 # words
"$program" $arguments >"$out"
got=$?
diff -u "$out.wanted" "$out" || exit 1
[ "$got" = "${code:-0}" ] || { echo "exit code $got, not ${code:-0}" >&2; exit 1; }
# What a source says the compiler refuses, it must refuse, with those words.
broken=$(sed -n 's|^/\* refused with -DBROKEN: \(.*\) \*/$|\1|p' "$source")
[ -n "$broken" ] || exit 0
here=$(dirname "$source")
if "$cc" -std=gnu17 -DBROKEN -fsyntax-only -I "$here/../engine/include" -I "$here/../io/include" "$source" 2>"$out.refused"; then
    echo "with -DBROKEN it compiles" >&2
    exit 1
fi
grep -qF "$broken" "$out.refused" || { cat "$out.refused" >&2; exit 1; }
