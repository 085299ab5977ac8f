#!/bin/sh
# test_read.sh - files one after the other: named ones, and those of patterns, beside cat.
. "$(dirname "$0")/pipeline_rig.sh"

mkdir -p t/sub/deep t/.hid
for name in a b c; do seq 1 "$(wc -c </etc/passwd)" | sed "s/^/$name/" >t/$name.log; done
printf 'no newline' >t/sub/d.log; : >t/sub/empty.log; printf 'deep\n' >t/sub/deep/e.log
printf 'hidden\n' >t/.hid/h.log; printf 'dot\n' >t/.dot.log; printf 'odd\n' >'t/x[1].log'

# pattern or path, and what a shell would make of it
reads() {
    what=$1; shift
    cat "$@" >wanted
    want 0 run "read $what | write \"got\""
    same wanted got "read $what"
}
reads 't/a.log' t/a.log
reads 't/b.log t/a.log t/b.log' t/b.log t/a.log t/b.log
reads '"t/?.log"' t/a.log t/b.log t/c.log
reads '"t/[bc].log" t/a.log' t/b.log t/c.log t/a.log
reads '"t/*/*.log"' t/sub/d.log t/sub/empty.log
reads '"t/**/*.log"' t/a.log t/b.log t/c.log t/sub/d.log t/sub/deep/e.log t/sub/empty.log 't/x[1].log'
reads '"t/.*.log"' t/.dot.log
reads '"t/x[1].log"' 't/x[1].log' # there is a file of that very name
reads "\"$dir/t/s*/d.log\"" t/sub/d.log
(cd t && "$weir" run --io="$io" 'read "*.log" | write "../got"') || fail "a pattern without a directory"
cat t/a.log t/b.log t/c.log 't/x[1].log' >wanted; same wanted got "a pattern without a directory"

want 1 run 'read "t/nothing*.log" | write "none"'; says 't/nothing*.log: no file is called like this'
want 1 run 'read "nowhere/*.log" | write "none"'; says 'nowhere'
want 1 run 'read t/a.log t/missing t/b.log | write "none"'; says 't/missing: No such file or directory'
[ ! -e none ] || fail "an input was missing, and there is an output"
want 1 run 'read t/a.log direct block=1000 | null'; says 'a multiple of 4KiB'
want 0 run 'read t/a.log direct | write "got"'; same t/a.log got "direct"

# A batch of names ends at 256: more files than one holds, and none twice.
mkdir many; i=0; while [ $i -lt 700 ]; do echo $i >many/$((1000 + i)).txt; i=$((i + 1)); done
want 0 run 'read "many/*.txt" | write "got"'; seq 0 699 >wanted; same wanted got "700 files"
want 0 run 'read "many/*.txt" | lines | null'
# In a block it may read other files beside the block's.
want 0 run 'files t/a.log t/b.log | each { read t/c.log } @order=in | write "got"'; cat t/c.log t/c.log >wanted; same wanted got "a block"
# --- as files -------------------------------------------------------------------------------------------------------
want 0 run 'read "t/[bc].log" t/sub/d.log t/a.log as_files | hash md5 | write sums'
md5sum t/b.log t/c.log t/sub/d.log t/a.log >wanted; same wanted sums "files in their order"
want 0 run 'read "many/*.txt" as_files | print "{.size} {.name}"'
(cd many && stat -c '%s %n' *) >wanted; same wanted out "700 files with their sizes"
want 0 run 'read t/a.log as_files | each { read | lines | head 1 } | to raw | write got'
head -n 1 t/a.log >wanted; same wanted got "a block for a file that is read"
want 0 run 'files t/a.log | each { read as_files | print "{.path} {.size}" } | null'
stat -c '%n %s' t/a.log >wanted; same wanted out "the block's own file"
want 1 run 'read t/missing as_files | print'; says 't/missing: No such file or directory'
want 1 run 'read "t/nothing*.log" as_files | print'; says 't/nothing*.log: no file is called like this'
want 1 run 'read t/a.log as_files direct | print'; says 'direct is for bytes, and this gives files'
want 2 run 'read t/a.log as_files | gunzip | null'; says 'gunzip takes bytes, but read gives files'
echo "$checks checks"
