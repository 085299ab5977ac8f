#!/bin/sh
# test_explain.sh - the plan in words, to the letter; it fits 80 columns and shows no secret.
. "$(dirname "$0")/rig.sh"
# All but the sandbox, which test_confine.sh looks at.
gives() { checks=$((checks + 1)); awk '/^Sandbox/ { exit } /^$/ { gap = 1; next } { if (gap) print ""; gap = 0; print }' out >words; diff wanted words >&2 || fail "not the words that were expected"; }
says() { checks=$((checks + 1)); grep -qF -e "$1" out || { cat out >&2; fail "it doesn't say '$1'"; }; }

# --- to the letter ----------------------------------------------------------------------------------
cat >wanted <<'END'
-e: 1 pipeline, 6 stages. Nothing runs now.

Pipeline: files | each
  1. files: source of files
      path = "logs"
      match = "**/*.log"
      hidden = true (default)
      not given: exclude gitignore xdev follow min max newer depth from null
      walks on a thread of the io lane, a batch of files a job
      -> files to each: at most 8 batches of up to 256
  2. each: files -> files
      starts its block for a file and waits for it: the stages of the block run
        as said there
      parallel: 3 at once; what is ready first goes on first (@order=any)
      the block, for each file:
        2.1. read: files -> bytes
            block = 256KiB (default)
            not given: path direct as_files
            waits for the kernel; no thread is held meanwhile
            one at a time, in order
            -> bytes to gunzip: at most 1 MiB (4 chunks of 256 KiB)
        2.2. gunzip: bytes -> bytes
            not given: max max_ratio
            steps run inline, cut to what is predicted to cost 100 us; until it
              is measured, 800 ns a KiB are assumed (125 KiB at once)
            one at a time, in order
            -> bytes to digest: at most 512 KiB (2 chunks of 256 KiB)
        2.3. hash: bytes -> bytes (called digest)
            algo = sha256, xxh3
            not given: as head
            runs inline, whatever a step costs (@pool=inline)
            one at a time, in order
            -> bytes to write: at most 512 KiB (2 chunks of 256 KiB)
        2.4. write: takes bytes, a sink
            path = "{.path}.json"
            format = gnu (default)
            not given: rotate time atomic append fsync verify sparse keep mode
            copies to the page cache inline while that takes it at once, else
              waits for the kernel; the file gets its name on a thread of the io
              lane
            one at a time, in order

Memory: it needs 8.2 MiB at least, and may use 256 MiB (--mem).
It can't deadlock: edges lead forward only, so there is no cycle; a stage holds
  at most the chunk it reads and the one it fills; and what all stages and edges
  hold at once fits the memory. So whoever waits, for room in an edge or for a
  chunk, waits for a stage further on, and the last one waits for nobody.
END
want 0 "$weir" explain --mem 256MiB 'files "logs" match="**/*.log" | each { read | gunzip @queue=1MiB | hash sha256, xxh3 @name=digest @pool=inline | write "{.path}.json" } @par=3 @order=any'
gives

# --- what is cut down, parallel, one job ---------------------------------------------------------------
want 0 "$weir" explain --mem 6MiB 'read "a" | zstd seekable=1MiB @par=2 @pool=io | write "b"'
says "-> bytes to zstd: at most 512 KiB (2 chunks of 256 KiB), cut down to fit"
says "each step runs on the io lane (@pool=io)"
says "cut into pieces, on 2 lanes; the order of the input"
says "it needs 4 MiB at least, and may use 6 MiB"
want 2 "$weir" explain --mem 1MiB 'read "a" | zstd | write "b"'
grep -qF 'needs at least --mem' err || fail "why it is rejected: $(cat err)"
mkdir data
want 0 "$weir" explain 'files "data" | hash xxh128 as .h | write "m"'
grep -q "one job" out && fail "this is no job of its own"
want 0 "$weir" explain 'files "data" | hash xxh128 | write "m" format=gnu'
says "These stages run as one job"
want 0 "$weir" explain 'files "data" | each { read | hash xxh128 } | write "m"'
says "The first 2 of these stages run as one job"; says "-> bytes to write: at most"
: >data/m
want 0 "$weir" explain 'manifest "data/m" | check | print'
says "The first 2 of these stages run as one job"; says "the files in the order of the list"; says "-> files to print: at most"
want 0 "$weir" explain 'manifest "-" | check | print'
grep -q "one job" out && fail "a list that somebody may still write is no job"
want 0 "$weir" explain 'a: read x | null b: read y | null'
says "Pipeline a: read | null"; says "Pipeline b: read | null"

# --- stages that run as one; the same stages where each runs for itself --------------------------------
cat >wanted <<'END'
  3. to 5. run as one: a batch goes through all of these stages inline, on one
    core, and 3 do so beside each other; before each lane wait at most 4
    batches. The order in which they get to count is all one to it.
  3. json: records -> records
      depth = 512 (default)
  4. where: records -> records
      expr = .status >= 500
  5. count: records -> records
      by = .path
      not given: every time late
      -> records to to: at most 8 batches of up to 256
END
want 0 "$weir" explain 'read "a" | lines | json | where .status >= 500 | count by .path @par=3 | to json | write "b"'
sed -n '/run as one/,/records to to/p' out >part && mv part out; gives
want 0 "$weir" explain 'read "a" | lines | stats count, avg(.n) @par=2 | to json | write "b"'
says "3. runs in lanes: a batch goes through it inline, on one core, and 2 do so"
want 0 "$weir" explain 'read "a" | tee { lines | json | count by .p @par=2 | to json | write "b" } { null }'
says "2.a.2. to 2.a.3. run as one:"
for text in 'read "a" | lines | json | count by .path | to json | write "b"' \
    'read "a" | lines | json @queue=1MiB | count by .path @par=2 every 10s | to json | write "b"' \
    'files "data" | each { read | lines | json | count by .path @par=2 | to json | write "{.name}" }'; do
    want 0 "$weir" explain "$(printf %s "$text" | sed 's/by .path |/by .path @par=1 |/')"
    grep -q "run as one\|in lanes" out && { cat out >&2; fail "it is no bundle: $text"; }
done

# --- 80 columns, whatever stands there; no secret ---------------------------------------------------------
mkdir credentials; printf 'hush-hush' >credentials/key
long=$(head -c 300 /dev/zero | tr '\0' x)
want 0 env CREDENTIALS_DIRECTORY="$dir/credentials" FROM_ENV=whispered "$weir" explain --set name=murmured \
    "let folder = \"\${env.FROM_ENV}\" read \"$long\" | write \"\${secret.key}\${name}\${folder}\" # all of it"
says 'path = "${secret.key}${name}${folder}"'
says 'xxx...'
grep -qE 'hush|whispered|murmured' out && fail "a secret is shown"
for file in "$ready"/*.weir; do
    want 0 "$weir" explain "$file" --set dir="$dir/data" --set manifest=m
    says "It can't deadlock"
    [ "$(awk 'length > 80' out | wc -l)" = 0 ] || fail "$file: wider than 80 columns"
done

# --- the mistakes of a new user ------------------------------------------------------------------------------
want 2 "$weir" explain; grep -qF "wants one pipeline" err || fail "$(cat err)"
want 2 "$weir" explain 'read a | zsdt | null'; grep -qF "did you mean 'zstd'?" err || fail "$(cat err)"
want 0 "$weir" explain 'stdin | lines | tee { print } | to raw | write "x"'
for words in 'at most once: what a killed run' 'at least once: what came since' 'exactly once: at a start it is cut'; do
    grep -qF "with --state: $words" out || fail "no '$words': $(cat out)"
done
want 2 "$weir" explain nothere.weir; grep -qF "nothere.weir: No such file" err || fail "$(cat err)"
want 2 "$weir" explain read a; grep -qF "in quotes" err || fail "$(cat err)"
want 2 "$weir" explian; grep -qF "did you mean 'explain'?" err || fail "$(cat err)"
echo "$checks checks"
