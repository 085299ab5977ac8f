#!/bin/sh
# test_sparse.sh - write sparse: zeros are holes, and what is read is the same, beside cp and dd.
. "$(dirname "$0")/pipeline_rig.sh"
blocks() { stat -c %b "$1"; }
holds_holes() { checks=$((checks + 1)); [ "$(($(blocks "$1") * 512))" -le "$2" ] || fail "$1 takes $(blocks "$1") blocks: $3"; }

: >probe; truncate -s 1M probe
[ "$(blocks probe)" = 0 ] || { echo "not looked at: this file system has no holes"; holds_holes() { :; }; }

# Data and zeros in turn, at places that are no blocks, and zeros at the end.
{ head -c 5000 /dev/urandom; head -c 700000 /dev/zero; echo x; head -c 4095 /dev/zero; head -c 12288 /dev/urandom
  head -c 999999 /dev/zero; printf end; head -c 300000 /dev/zero; } >in
want 0 run 'read in | write out1 sparse'; same in out1 "sparse"
holds_holes out1 65536 "data and zeros in turn"
[ "$(blocks out1)" -lt "$(blocks in)" ] || [ "$(blocks in)" -lt 64 ] || fail "no hole: $(blocks out1) of $(blocks in)"
for block in 512 1000 4KiB 5000 64KiB; do
    want 0 run "read in block=$block | write out2 sparse verify atomic"; same in out2 "sparse, of blocks of $block"
    holds_holes out2 65536 "of blocks of $block"
done
for what in in /dev/null; do
    want 0 run "read $what | zstd | unzstd | write out3 sparse"; same "$what" out3 "sparse, of $what"
done
head -c 3000000 /dev/zero >zeros
want 0 run 'read zeros | write out4 sparse'; same zeros out4 "nothing but zeros"
holds_holes out4 0 "nothing but zeros"
printf '\0' >one; want 0 run 'read one | write out5 sparse'; same one out5 "one zero"
touch -d '2020-02-02 02:02:02' in; chmod 640 in
mkdir to
want 0 run 'files in | each { read | write "to/{.name}" sparse keep=mtime,mode verify }'
same in to/in "sparse, in a block"
checks=$((checks + 1)); [ "$(stat -c '%a %Y' in)" = "$(stat -c '%a %Y' to/in)" ] || fail "mode and time: $(stat to/in)"
holds_holes to/in 65536 "in a block"
mkfifo pipe; cat pipe >got & want 0 run 'read in | write pipe sparse'; wait; same in got "a FIFO has no holes"
want 1 run 'read in | write out1 append sparse'; says 'neither atomic nor verify nor sparse'
want 0 run 'generate kind=zero size=100kB | write "zero" sparse'; holds_holes zero 0 "generated"
echo "$checks checks"
