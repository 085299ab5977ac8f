#!/bin/sh
# test_csv.sh - lines | csv on random documents, with quotes, newlines and delimiters anywhere, beside Python's csv.
. "$(dirname "$0")/pipeline_rig.sh"
command -v python3 >/dev/null || { echo "skipped: no python3 here"; exit 77; }

cat >make.py <<'END'
import csv, json, random, sys
seed, delimiter, end = int(sys.argv[1]), sys.argv[2], sys.argv[3].encode().decode("unicode_escape")
any = random.Random(seed)
parts = ["a", "bc", "word ", '"', '""', "\n", "\r\n", "\n\n", delimiter, ",", " ", "", "x" * 50, "\u00e9", "'"]
def field():
    return "".join(any.choice(parts) for _ in range(any.choice([0, 1, 1, 2, 3, 8])))
rows = [["n", "b,\n1", 'c"2"', "d"]] + [[str(i), field(), field(), field()] for i in range(any.choice([1, 5, 400]))]
with open("in.csv", "w", newline="", encoding="utf-8") as out:
    any_quotes = any.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=any_quotes)
    writer.writerows(rows)
text = open("in.csv", newline="", encoding="utf-8").read()
if any.random() < 0.5:  # the last newline is no must
    text = text[: -len(end)]
    open("in.csv", "w", newline="", encoding="utf-8").write(text)
names = None
with open("wanted", "w", encoding="utf-8") as out:
    for row in csv.reader(open("in.csv", newline="", encoding="utf-8"), delimiter=delimiter):
        if names is None:
            names = row
        else:
            out.write(json.dumps(dict(zip(names, row)), ensure_ascii=False, separators=(",", ":")) + "\n")
END
cat >norm.py <<'END'
import json, sys
for line in sys.stdin:
    print(json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")))
END
seed=0
while [ $seed -lt 12 ]; do
    case $((seed % 3)) in 0) delimiter=, ;; 1) delimiter=';' ;; *) delimiter='|' ;; esac
    case $((seed % 2)) in 0) end='\n' ;; *) end='\r\n' ;; esac
    python3 make.py $seed "$delimiter" "$end" || fail "make.py $seed"
    for block in 512 256KiB; do
        want 0 run "read in.csv block=$block | lines | csv delimiter=\"$delimiter\" | to json | write got"
        PYTHONIOENCODING=utf-8 python3 norm.py <got >ours
        same wanted ours "seed $seed, blocks of $block"
    done
    want 0 run "read in.csv | lines | csv delimiter=\"$delimiter\" | to csv delimiter=\"$delimiter\" | write back.csv"
    want 0 run "read back.csv | lines | csv delimiter=\"$delimiter\" | to json | write again"; same got again "there and back"
    seed=$((seed + 1))
done

# --- where it can't be, and what is no quote ------------------------------------------------------------------------
printf 'a,b\n1,"x\ny"\n2,z\n' >in.csv
want 0 run 'read in.csv | lines | head 2 | csv | print "{.a}"'; echo 1 >wanted; same wanted out "the header and one record"
want 1 run 'read in.csv | lines | where .line != "" | csv | print'; says "a quoted field isn't closed"
want 0 run 'read in.csv | lines | csv @onerror=drop | count | print "{.count}"'; echo 2 >wanted; same wanted out "two records"
want 0 run 'read in.csv | lines | count | print "{.count}"'; echo 4 >wanted; same wanted out "without csv a line is a line"
printf 'a,b\n1,5" disk\n2,6" disk\n' >in.csv
want 0 run 'read in.csv | lines | csv | print "{.b}"'; printf '5" disk\n6" disk\n' >wanted; same wanted out "a quote within a field"
printf 'a,b\n1,"open\n' >in.csv; seq 1 1000 | sed 's/$/,x/' >>in.csv
want 1 run 'read in.csv | lines max=1KiB | csv | null'; says 'line 2'; says 'longer than max=1024'
want 0 run 'read in.csv | lines max=1KiB @onerror=drop | csv @onerror=drop | count | print "{.count}"'
checks=$((checks + 1)); [ "$(cut -d: -f2 out)" -gt 700 ] || fail "what comes behind an open quote is lost: $(cat out)"
want 1 run 'read in.csv | lines | csv | null'; says "a quoted field isn't closed"
want 0 "$weir" explain 'read in.csv | lines | csv | null'
checks=$((checks + 1)); grep -q 'a newline within quotes ends no line' out || fail "not explained"
echo "$checks checks"
