#!/bin/sh
# test_stats.sh - count and stats beside what awk makes of the same records; many groups, and little memory.
. "$(dirname "$0")/pipeline_rig.sh"
gives() { # stages, then the lines that must come out
    want 0 run "read \"odd.json\" | lines | json | $1 | print"
    shift
    printf '%s\n' "$@" >wanted
    same wanted out "$*"
}

# --- fields that are missing, types that are mixed ---
cat >odd.json <<'END'
{"a":1,"b":2.5,"s":"x","n":{"k":[1,2]}}
{"a":1.0,"b":3,"n":{"k":[1,2]}}
{"b":7,"a":null}
{"a":"z","s":"y","b":"q"}
{"a":"1","b":-9007199254740993}
END
gives 'count' '{"count":5}'
gives 'count by .a' '{"a":1,"count":2}' '{"a":null,"count":1}' '{"a":"z","count":1}' '{"a":"1","count":1}'
gives 'count by .n.k' '{"k":[1,2],"count":2}' '{"k":null,"count":3}'
gives 'count by .a,.s' '{"a":1,"s":"x","count":1}' '{"a":1,"s":null,"count":1}' '{"a":null,"s":null,"count":1}' \
    '{"a":"z","s":"y","count":1}' '{"a":"1","s":null,"count":1}'
gives 'stats count, sum(.b), avg(.b), min(.b), max(.b) as .most, p0(.b), p50(.b), p100(.b) by .a' \
    '{"a":1,"count":2,"sum":5.5,"avg":2.75,"min":2.5,"most":3,"p0":2.5,"p50":3,"p100":3}' \
    '{"a":null,"count":1,"sum":7,"avg":7,"min":7,"most":7,"p0":7,"p50":7,"p100":7}' \
    '{"a":"z","count":1,"sum":0,"avg":null,"min":"q","most":"q","p0":null,"p50":null,"p100":null}' \
    '{"a":"1","count":1,"sum":-9007199254740993,"avg":-9007199254740992,"min":-9007199254740993,"most":-9007199254740993,"p0":-9007199254740993,"p50":-9007199254740993,"p100":-9007199254740993}'
gives 'stats sum(.a), sum(.b), max(.s), max(.gone)' \
    '{"sum_a":2,"sum_b":-9.00719925474098e+15,"max_s":"y","max_gone":null}'
gives 'stats p50(.b) approx by .s | where .p50 != null && .p50 > 2.4 && .p50 < 2.6 | count' '{"count":1}'
gives 'where false | count' '{"count":0}'
gives 'where false | stats count, sum(.b), max(.b), p50(.b)' '{"count":0,"sum":0,"max":null,"p50":null}'
want 0 run 'read "odd.json" | lines | json | where false | count by .a | print'
[ ! -s out ] || fail "groups of nothing"
gives 'count by .a | stats sum(.count), max(.count)' '{"sum":5,"max":2}'

# --- what can't be right is said with its place ---
bad() { want 2 run "stdin | lines | json | $1 | print" </dev/null; shift; for word; do says "$word"; done; }
bad 'stats cont' "can't find 'cont' (did you mean 'count'?)"
bad 'stats median(.a)' "can't find 'median'" 'known are count, sum(.f)'
bad 'stats' 'what is missing'
bad 'stats sum' 'sum wants a field: sum(.name)'
bad 'stats count(.a)' 'count has no field'
bad 'stats sum(a)' "a field such as .name is missing before 'a'"
bad 'stats sum(.a' "')' is missing"
bad 'stats count by .count' "two results would be called 'count'" 'name one of them'
bad 'count by .count' "two results would be called 'count'"
bad 'stats sum(.b) as .a by .a' "two results would be called 'a'"
bad 'stats sum(.b) as .a.c' 'behind `as` stands a name'
bad 'stats count max(.b)' "stats takes no 'max' here"
bad 'count by' 'by wants a field such as .name'

# --- beside awk: a thousand groups, in one table and in many, with and without room for them ---
awk 'BEGIN { srand(5); for (i = 0; i < 60000; i++) printf "{\"g\":\"g%d\",\"v\":%d,\"id\":%d}\n", rand() * 1000, rand() * 100000, i }' >many.json
sed 's/.*"g":"\([^"]*\)","v":\([0-9]*\),.*/\1 \2/' many.json | sort -k1,1 -k2,2n |
    awk 'function done() { if (n) printf "%s %d %d %d %d %d %d\n", g, n, s, v[0], v[n-1], v[int(n/2)], v[int(n*99/100)] }
         $1 != g { done(); g = $1; n = s = 0 } { v[n++] = $2; s += $2 } END { done() }' >by_awk
all='stats count, sum(.v), min(.v), max(.v), p50(.v), p99(.v) by .g | sort .g | print "{.g} {.count} {.sum} {.min} {.max} {.p50} {.p99}"'
for par in "" " @par=1" " @par=3"; do
    want 0 run "read \"many.json\" | lines | json | $(echo "$all" | sed "s/by .g/by .g$par/")"
    same by_awk out "stats$par"
done
want 0 run --mem 30MiB "read \"many.json\" | lines | json | $all"
same by_awk out "little memory"
# 60000 groups are more than 30 MiB hold: they go through the disk, each once
want 0 run --mem 30MiB 'read "many.json" | lines | json | stats count, p50(.v), max(.g) as .m by .id, .g | stats count, sum(.count) as .sum, sum(.p50) as .v | print "{.count} {.sum} {.v}"'
awk '{ s += $2 } END { printf "60000 60000 %.0f\n", s }' FS='"v":' many.json >wanted
same wanted out "more groups than memory"
want 1 env TMPDIR=/nowhere/at/all "$weir" run --io="$io" --mem 30MiB 'read "many.json" | lines | json | stats max(.g) as .m by .id, .g | count | print'
says 'groups to disk ($TMPDIR or /tmp)'

# --- the first sighting is the order, whoever counted ---
want 0 run 'read "many.json" | lines | json | count by .g | print "{.g}"'
sed 's/.*"g":"\([^"]*\)".*/\1/' many.json | awk '!seen[$0]++' >wanted
same wanted out "order of groups"

# --- top: exact while the values are few, else never too small, and too large by .error at most ---
gives 'top 2 .a' '{"a":1,"count":2,"error":0}' '{"a":null,"count":1,"error":0}'
gives 'top 9 .n.k,.s' '{"k":null,"s":null,"count":2,"error":0}' '{"k":[1,2],"s":"x","count":1,"error":0}' \
    '{"k":[1,2],"s":null,"count":1,"error":0}' '{"k":null,"s":"y","count":1,"error":0}'
gives 'where false | top 3 .a | count' '{"count":0}'
want 0 run 'read "many.json" | lines | json | top 20 .g | print "{.g} {.count} {.error}"'
sed 's/.*"g":"\([^"]*\)".*/\1/' many.json | awk '!n[$0]++ { first[$0] = NR } END { for (g in n) print g, n[g], 0, first[g] }' |
    sort -k2,2nr -k4,4n | head -20 | cut -d' ' -f1-3 >wanted
same wanted out "the most frequent"
awk 'BEGIN { srand(4); for (i = 0; i < 60000; i++) print rand() < .2 ? "hot" int(rand() * 5) : "cold" i }' >skewed
want 0 run 'read "skewed" | lines | top 5 .line | print "{.line} {.count} {.error}"'
sort skewed | uniq -c | awk '{ print $2, $1 }' >exact
awk 'NR == FNR { n[$1] = $2; next } $1 !~ /^hot/ || $2 < n[$1] || $2 - $3 > n[$1] || $3 > 60000 / 4096 { exit 1 } { rows++ } END { exit rows != 5 }' exact out ||
    fail "bounds of top: $(cat out)"
bad 'top .a' 'many is missing'
bad 'top 3' 'by is missing'
bad 'top 0 .a' 'many must be 1'
bad 'top 3 .x.count' 'its results have fields .count and .error'

# --- windows by the time in records: late ones find theirs, later ones and those without a time are told ---
cat >times.json <<'END'
{"t":"2026-01-01T00:00:01Z","r":"a"}
{"t":"2026-01-01T00:00:09Z","r":"b"}
{"t":"2026-01-01T00:00:12Z","r":"a"}
{"t":"2026-01-01T00:00:08Z","r":"a"}
{"t":"2026-01-01T00:00:15Z","r":"a"}
{"t":"2026-01-01T00:00:09.5Z","r":"a"}
{"t":"2026-01-01T00:00:41Z","r":"c"}
{"r":"a"}
END
want 1 run 'read "times.json" | lines | json | count by .r every 10s time=.t late=5s | print "{.window} {.r} {.count}"'
printf '2026-01-01T00:00:%s\n' '00Z a 2' '00Z b 1' '10Z a 2' '40Z c 1' >wanted
same wanted out "windows"
says '1 records came too late for their window'
says '1 records have no time that can be read in .t'
want 0 run 'read "times.json" | lines | json | where .t != null | stats p50(.gone), max(.r) every 1m time=.t late=1m | print "{.window} {.max}"'
printf '2026-01-01T00:00:00Z c\n' >wanted
same wanted out "one window"
bad 'top 3 .r time=.t' 'time is for windows'
bad 'top 3 .window every 5s' "two results would be called 'window'"
want 0 run 'read "times.json" | lines | json | where .t != null | top 1 .r every 1m time=.t late=1m | to json | write "new"'
echo '{"window":"2026-01-01T00:00:00Z","r":"a","count":5,"error":0}' >wanted
same wanted new "the most frequent of a window"
want 0 run 'read "times.json" | lines | json | top 9 .r every 1h | print "{.r} {.count}"'
printf 'a 6\nb 1\nc 1\n' >wanted
same wanted out "the most frequent by arrival"

# --- windows with more groups than memory has room for: the same, in another order ---
awk 'BEGIN {
    for (i = 0; i < 90000; i++) {
        k = (i * 7919) % 40009 % (i % 3 == 0 ? 50 : 40009)
        printf "{\"t\":%d,\"k\":\"key %060d\",\"v\":%d}\n", 1700000000 + i / 1000 - i % 7, k, i % 1000
    }
}' >events
for what in 'count by .k every 40s time=.t late=7s' 'count by .k every 1s time=.t late=1h' 'count by .k every 1h' \
    'stats count, sum(.v), p50(.v), min(.k), max(.v) by .k every 40s time=.t late=7s'; do
    want 0 run "read events | lines | json | $what | to json | write big"
    want 0 run --mem 12MiB "read events | lines | json | $what | to json | write small"
    ! cmp -s big small || fail "nothing went to disk: $what"
    case $what in *time=*) : ;; *) sed -i 's/^{"window":"[^"]*"/{/' big small ;; esac
    sort big >wanted
    sort small >sorted
    same wanted sorted "windows on disk: $what"
done
# Of the most frequent the order is the same, too.
for many in 1 700; do
    want 0 run "read events | lines | json | top $many .k every 40s time=.t late=7s | to json | write big"
    want 0 run --mem 12MiB "read events | lines | json | top $many .k every 40s time=.t late=7s | to json | write small"
    same big small "the $many most frequent of windows on disk"
done
want 1 env TMPDIR=/nowhere/at/all "$weir" run --io="$io" --mem 12MiB 'read events | lines | json | count by .k every 1h | null'
says 'windows to disk ($TMPDIR or /tmp): No such file or directory'
bad 'count late=5s' 'late is for windows by the time in records'
bad 'count every 5s late=1s' 'late is for windows'
bad 'count time=.t' 'time is for windows'
bad 'count by .window every 5s' "two results would be called 'window'"
bad 'count every 0s' 'every must be'

# --- tsv: a column for each field of the first record ---
want 0 run 'read "odd.json" | lines | json | stats count, max(.b) by .a | to tsv | write "new"'
printf 'a\tcount\tmax\n1\t2\t3\n\t1\t7\nz\t1\tq\n1\t1\t-9007199254740993\n' >wanted
same wanted new "tsv"
want 0 sh -c "printf '{\"a\":\"x\\\\ty\\\\\\\\\",\"b\":1.50,\"c\":[1, 2]}\n{\"c\":true,\"a\":null}\n' | $weir run --io=$io 'stdin | lines | json | to tsv header=false | write \"new\"'"
printf 'x\\ty\\\\\t1.50\t[1,2]\n\t\ttrue\n' >wanted
same wanted new "tsv of odd values"
want 1 run 'read "odd.json" | lines | json | where .a != 1 | to tsv | write "no"'
says "record 2: its field .s has no column"
echo "$checks checks"
