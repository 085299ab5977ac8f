#!/bin/sh
# test_hash_cold.sh - what isn't in the page cache is read on other ways, and hashes to the same.
# From the next read on the disk alone has them, where there is a disk.
. "$(dirname "$0")/io_rig.sh"
chill() { sync; for file in t/*; do dd if="$file" iflag=nocache count=0 status=none || fail "dd $file"; done; }

# Around the sizes where another way begins, and around the blocks that are read.
mkdir t
for size in 1 4096 65535 65536 65537 524287 524288 524289 1048577 2097151 2097152 2097153 3145729 4194303 4194304 \
    8388609 9437184; do
    head -c $size /dev/urandom >"t/$size"
done
for algo in xxh3 sha256 md5,crc32; do
    for file in t/*; do cat "$file"; done >/dev/null
    "$weir" hash --io="$io" -a $algo --report t >warm 2>warm_report || fail "exit $? of a warm run"
    chill
    "$weir" hash --io="$io" -a $algo --report t >cold 2>cold_report || fail "exit $? of a cold run"
    cmp warm cold || fail "$algo: cold files hash to something else"
    echo "$algo: $(grep '^read' cold_report)"
done
sha256sum t/* >wanted; chill
"$weir" hash --io="$io" -c wanted --quiet || fail "sha256sum's digests differ"

# Names that aren't cached either (only root can see to that): directories are read ahead, the order stays.
for a in 1 2 3 4 5; do for b in 1 2 3 4 5; do
    mkdir -p "names/$a/$b"; for c in 1 2 3 4 5 6; do echo "$a$b$c" >"names/$a/$b/$c"; done
done; done
find names -type f | LC_ALL=C sort | xargs sha256sum >wanted
sync; { echo 2 >/proc/sys/vm/drop_caches; } 2>/dev/null || echo "names stay cached: not root here"
"$weir" hash --io="$io" -a sha256 names >cold || fail "exit $? of a cold tree"
cmp cold wanted || fail "a cold tree hashes to something else"
