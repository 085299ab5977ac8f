#!/bin/sh
# instructions.sh WORKERS ROW PROGRAM... - instructions an operation, where time is too noisy to tell.
#
# By callgrind, of programs that follow the peers' protocol (weir_pb, and those of $PB_BUILD/bin): what three repetitions
# take less what one takes. Threads run one after the other there, so use 1 worker. Go's programs don't run under it.
# PB_SCALE (0.05) is the size of a repetition.
set -eu
workers=$1 row=$2
shift 2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# repetitions -> operations and instructions
count() {
    PB_REPS=$1 PB_SCALE=${PB_SCALE:-0.05} valgrind --tool=callgrind --callgrind-out-file="$out/callgrind" \
        "$program" "$workers" "$row" >"$out/line" 2>"$out/log" || return 1
    echo "$(cut -f3 "$out/line") $(awk '/Collected/ { print $NF }' "$out/log")"
}

for program; do
    case " $("$program") " in *" $row "*) ;; *) continue ;; esac
    once=$(count 1) && thrice=$(count 3) || { echo "instructions: $program fails under valgrind: $row" >&2; continue; }
    echo "$once $thrice" | awk -v row="$row" -v name="$(basename "$program")" \
        '{ printf "%-18s %-10s %8.1f\n", row, name, ($4 - $2) / (2 * $1) }'
done
