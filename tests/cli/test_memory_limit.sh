#!/bin/sh
# test_memory_limit.sh - weir run with --mem and 64 MiB beside it, weir hash with 64 MiB, in a control group that has no
# more: right. With less: right, or said, or killed by the kernel; nothing half-written, and the next run makes the whole.
. "${0%/*}/pipeline_rig.sh"
group=
trap 'cd /; [ -z "$group" ] || rmdir "$group"; rm -rf "$dir"' EXIT
for stage in zstd gunzip; do
    "$weir" stages $stage >/dev/null 2>&1 || { echo "skipped: no $stage in weir"; exit 77; }
done
(ulimit -v 600000; "$weir" --version) >out 2>&1 || { echo "skipped: this weir wants more from the start: $(head -n1 out)"; exit 77; }

# make_group: a group below our own, where this user may make one that limits memory; else `why`.
make_group() {
    mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
    own=$(sed -n 's/^[0-9]*:\(.*,\)*memory\(,.*\)*:\(.*\)/\3/p' /proc/self/cgroup)
    limit=memory.limit_in_bytes
    if [ -z "$mount" ]; then
        mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
        own=$(sed -n 's/^0:://p' /proc/self/cgroup)
        limit=memory.max
        [ -n "$mount" ] || { why='no control groups are mounted'; return 1; }
        grep -qw memory "$mount$own/cgroup.subtree_control" 2>/dev/null || { why="$own hands memory on to no group below it"; return 1; }
    fi
    mkdir "$mount$own/weir-test-$$" 2>err || { why=$(cat err); return 1; }
    group=$mount$own/weir-test-$$
    [ -w "$group/$limit" ] && return 0
    why="there is no $limit in $group"; rmdir "$group"; group=; return 1
}
make_group || echo "not tried: a control group: $why; RLIMIT_DATA in its place"
# within MIB COMMAND...: in so much memory.
within() {
    mib=$1; shift
    if [ -n "$group" ]; then
        echo $((mib << 20)) >"$group/$limit" || fail "$limit"
        sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
    else
        (ulimit -s 512; ulimit -d $((mib * 1024)); exec "$@")
    fi
}

mkdir t t/many dest wanted
seq 1 200000 | sed 's/.*/{"n": &, "s": "some words of line &"}/' >in
"$weir" run 'read "in" | gzip level=1 | write "in.gz"' || fail "gzip"
seq 1 8000 >names; (cd t/many && split -l 1 -a 4 ../../names)
for i in 1 2 3; do head -c 40000000 /dev/zero | tr '\0' $i >t/$i; done
cp t/1 t/copy
"$weir" hash t >listed

runs='recompress sort stats'
hashes='plain cache resume tree duplicates audit check'
# make PREFIX NAME: dest/NAME, by a command behind the words of the prefix.
make() {
    prefix=$1; name=$2
    case $name in
    recompress) what='read "in.gz" | gunzip | lines | json | where .n % 3 == 0 | to json | zstd level=1' ;;
    sort) what='read "in" | lines | json | sort .s | to json' ;;
    stats) what='read "in" | lines | json | set .k = .n % 50000 | stats count by .k | sort .k | to json' ;;
    plain) what=t ;;
    cache) what='--cache known t' ;;
    resume) what='--resume t' ;;
    tree) what='--tree=all t' ;;
    duplicates) what='--duplicates t' ;;
    audit) what='--audit listed t' ;;
    check) what='-c listed' ;;
    esac
    case $name in
    recompress | sort | stats) $prefix "$weir" run --io="$io" --mem 32MiB "$what | write \"dest/$name\" atomic" ;;
    *) $prefix "$weir" hash --io="$io" -o "dest/$name" $what ;;
    esac >said 2>err
}

for name in $runs $hashes; do
    make '' $name || fail "$name: $(cat err)"
    mv dest/$name wanted/
done
rm -f known
for name in $runs $hashes; do
    case $name in recompress | sort | stats) mib=96 ;; *) mib=64 ;; esac
    make "within $mib" $name || fail "$name in $mib MiB: $(cat err)"
    same wanted/$name dest/$name "$name in $mib MiB"
done
rm -rf dest known; mkdir dest

# Too little: what it comes to is said here, and may be one or the other.
for mib in 24 12; do
    [ $mib = 24 ] && names="$runs plain duplicates" || names='recompress resume'
    for name in $names; do
        make "within $mib" $name; got=$?
        checks=$((checks + 1))
        echo "$name in $mib MiB: exit $got: $(head -n1 err)"
        case $got in
        0) same wanted/$name dest/$name "$name in $mib MiB" ;;
        137) [ -n "$group" ] || fail "$name in $mib MiB: it crashed" ;;
        1) [ -s err ] || fail "$name in $mib MiB: no reason given" ;;
        *) fail "$name in $mib MiB: exit $got: $(cat err)" ;;
        esac
        [ $got = 0 ] || [ ! -e dest/$name ] || fail "$name in $mib MiB: something has its name"
        make '' $name || fail "$name, with room again: $(cat err)"
        same wanted/$name dest/$name "$name, with room again"
        rm -f dest/$name
    done
    [ -z "$(ls -A dest)" ] || fail "something stayed: $(ls -A dest)"
done
echo "$checks checks"
