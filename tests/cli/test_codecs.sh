#!/bin/sh
# test_codecs.sh - what our codecs write the stock tools read, and the other way round; what isn't whole is an error.
. "$(dirname "$0")/pipeline_rig.sh"
says() { checks=$((checks + 1)); printf '%s\n' "$1" >wanted; diff wanted err >&2 || fail "not the words that were expected"; }

{ seq 1 200000; head -c 30000 /dev/urandom; seq 1 200000; } >large; printf x >small; : >empty
head -c 8000000 /dev/zero >zeros

# codec TOOL STAGE DECODER: both ways, and two ways to be damaged.
codec() {
    tool=$1 stage=$2 decoder=$3
    if ! "$weir" stages "${stage%% *}" >/dev/null 2>&1; then
        echo "skipped: this weir has no $stage"
        return
    fi
    command -v "$tool" >/dev/null 2>&1 || { echo "skipped: no $tool to compare $stage with"; tool=; }
    for file in large small empty; do
        want 0 run "read $file | $stage | write packed"
        [ -z "$tool" ] || { $tool -dc <packed >copy || fail "$tool can't read our $file"; same $file copy "by $tool"; }
        want 0 run "read packed | $decoder | write copy"; same $file copy "by $decoder"
        want 0 run "read packed | decompress | write copy"; same $file copy "by decompress"
        [ -n "$tool" ] || continue
        $tool -c <$file >packed
        want 0 run "read packed | $decoder | write copy"; same $file copy "what $tool packed"
        cat packed packed >twice; cat $file $file >wanted
        want 0 run "read twice | decompress | write copy"; same wanted copy "what $tool packed, twice"
    done
    want 0 run "read large | $stage | write packed"
    size=$(wc -c <packed)
    head -c $((size - 9)) packed >short
    want 1 run "read short | $decoder | write new"; [ ! -e new ] || fail "half an output was left"
    grep -q "^weir: $decoder: failed at byte $((size - 9)): the input ends within" err || fail "words: $(cat err)"
    { cat packed; echo rubbish; } >more
    want 1 run "read more | $decoder | write new"; [ ! -e new ] || fail "an output with rubbish was left"
    grep -q "^weir: $decoder: failed at byte $size: " err || fail "words: $(cat err)"
    want 1 run "read packed | $decoder max=1MiB | write new"; [ ! -e new ] || fail "an output above its bound was left"
    grep -q "larger than max=1048576 allows" err || fail "words: $(cat err)"
    want 1 run "read zeros | $stage | decompress max_ratio=3 | null"
    grep -q "more than 3 times the input" err || fail "words: $(cat err)"
    want 1 run "read small | $decoder | null"
    want 1 run "read empty | $decoder | null"
    want 0 run "read small | decompress | write copy"; same small copy "plain data"
}

codec zstd "zstd" unzstd
codec zstd "zstd level=19 checksum=false" unzstd
codec zstd "zstd seekable=64KiB" unzstd
codec zstd "zstd frames" unzstd
codec gzip "gzip" gunzip
codec gzip "gzip level=1" gunzip
codec lz4 "lz4" unlz4
codec lz4 "lz4 level=9" unlz4

# --- @par: the same bytes for any number above one, and what comes back is what went in -------------------------
{ cat large; seq 1 1500000; cat large; } >longer
par() {
    "$weir" stages "${1%% *}" >/dev/null 2>&1 || return
    for n in 2 3 7 cores; do
        want 0 run "read longer | $1 @par=$n | write packed$n"
        same packed2 packed$n "$1 @par=$n"
        want 0 run "read packed$n | $2 | write copy"; same longer copy "$1 @par=$n, back"
    done
    want 0 run "read longer block=4KiB | $1 @par=2 @order=any | $2 | hash sha256 | write digest"
    want 0 run "read empty | $1 @par=2 | $2 | write copy"; same empty copy "nothing, @par"
    want 0 run --mem 8MiB "read longer | $1 @par=2 | write copy"; same packed2 copy "with little memory"
}
par "zstd level=1" unzstd
par "zstd seekable=100KiB" unzstd
par "gzip level=1" gunzip
par "lz4" unlz4
if "$weir" stages unzstd >/dev/null 2>&1; then
    for size in 1000 100KiB 3MiB; do
        want 0 run "read longer | zstd level=1 seekable=$size | write packed"
        want 0 run "read packed | unzstd @par=3 | write copy"; same longer copy "unzstd @par of frames of $size"
    done
    # One frame, by threads of libzstd's: as many as there are cores, and the same bytes.
    for workers in 1 2 5; do
        want 0 run --workers $workers "read longer block=${workers}000 | zstd | write packed$workers"
        same packed1 packed$workers "zstd, $workers workers"
    done
    want 0 run "read packed1 | unzstd | write copy"; same longer copy "zstd by threads, back"
    want 0 run "read longer | zstd @pool=inline | unzstd | write copy"; same longer copy "zstd without threads, back"
    want 0 run "read longer | zstd level=1 @par=2 | write packed2"
    want 0 run "read longer block=3000 | zstd level=1 frames | write packed"; same packed2 packed "frames, without @par"
    want 0 run "read longer | zstd level=1 seekable=3MiB | write packed"
    size=$(wc -c <packed)
    head -c $((size / 2)) packed >short
    want 1 run "read short | unzstd @par=2 | write new"; [ ! -e new ] || fail "half an output was left"
    grep -q "failed at byte $((size / 2)): " err || grep -q "failed at byte $(wc -c <short): " err || fail "words: $(cat err)"
    { cat packed; echo rubbish; } >more
    want 1 run "read more | unzstd @par=2 | write new"; [ ! -e new ] || fail "an output with rubbish was left"
    grep -q "failed at byte $(wc -c <packed): not a zstd frame" err || fail "words: $(cat err)"
    want 1 run "read packed | unzstd @par=2 max=1MiB | write new"; [ ! -e new ] || fail "above its bound"
fi
want 2 "$weir" check -e 'read a | gunzip @par=2 | null'
says "-e:1:17: gunzip can't do @par=2: its input can't be cut into pieces
    read a | gunzip @par=2 | null
                    ^~~~~~"
want 2 "$weir" check -e 'read a | zstd level=20 | null'
printf 'plain text\n' >plain
want 1 run "read plain | gunzip | null"
says "weir: gunzip: not in gzip format"
echo "$checks checks"
