#!/bin/sh
# test_web.sh - a running pipeline over HTTP: metrics, the live page, who may see it, and a pause.
. "$(dirname "$0")/pipeline_rig.sh"
"$weir" --version | grep -q '^metrics and live page: libmicrohttpd [0-9]' || { echo "skipped: built without libmicrohttpd"; exit 77; }
# what can't be
want 2 run 'generate kind=zero size=1 | null' --metrics nowhere
says "--metrics wants an address such as 127.0.0.1:8080, or a port, not 'nowhere'"
want 2 run 'generate kind=zero size=1 | null' --ui unix:/x
says "--ui wants an address"
python3 -c 'import urllib.request, json, subprocess' 2>/dev/null || { echo "$checks checks; no python3 here to ask"; exit 0; }
cat >ask.py <<'END'
import json, re, shutil, subprocess, sys, urllib.error, urllib.request
weir, io = sys.argv[1:3]
checks = 0

def ok(condition, words):
    global checks
    checks += 1
    assert condition, words

def get(url, method="GET"):
    request = urllib.request.Request(url, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers

run = subprocess.Popen([weir, "run", "--io=" + io, "--metrics", "0", "--ui", "127.0.0.1:0",
                        'stdin | lines | json | where .n >= 5 | to json | write "out.json"'],
                       stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
def feed(first, last):
    run.stdin.write("".join('{"n":%d,"s":"<b>\\"&"}\n' % n for n in range(first, last)))
    run.stdin.flush()
metrics = re.fullmatch(r"weir: metrics: (http://127\.0\.0\.1:\d+/metrics)\n", run.stderr.readline()).group(1)
page = re.fullmatch(r"weir: live page: (http://127\.0\.0\.1:\d+/)\?token=([0-9a-f]{32})\n", run.stderr.readline())
base, token = page.group(1), page.group(2)

feed(0, 10)
while True:
    status, text, headers = get(metrics)
    ok(status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4"), headers)
    rows = re.search(r'^weir_stage_in_rows_total\{stage="where",index="3"\} (\d+)$', text, re.M).group(1)
    if rows == "10":
        break
ok('weir_stage_out_rows_total{stage="where",index="3"} 5\n' in text, text)
ok("process_cpu_seconds_total " in text and "weir_stage_step_seconds_bucket" in text, text)
for name in set(re.findall(r"^([a-z_]+)[{ ]", text, re.M)):
    ok(any("# TYPE %s " % n in text for n in (name, re.sub("_(bucket|sum|count)$", "", name))), name)
if shutil.which("promtool"):
    found = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
    ok(found.returncode == 0, found.stderr)
else:
    print("not checked: no promtool here")

# the page and all that belongs to it want the token, and nobody else's page may read them
for path, method in (("", "GET"), ("live", "GET"), ("tap", "GET"), ("pause", "POST")):
    for wrong in ("", "?token=", "?token=" + "0" * 32, "?token=" + token[:-1]):
        ok(get(base + path + wrong, method)[0] == 403, path + wrong)
status, text, headers = get(base + "?token=" + token)
ok(status == 200 and text.startswith("<!doctype html>") and text.rstrip().endswith("</html>"), text[:200])
ok("default-src 'none'" in headers["Content-Security-Policy"] and headers["X-Frame-Options"] == "DENY", headers)
ok(headers["Access-Control-Allow-Origin"] is None, headers)
ok(not re.search(r'(src|href)\s*=', text) and "http" not in text.replace("http-equiv", ""), "the page wants something from elsewhere")
ok(get(base + "nothing?token=" + token)[0] == 404, "404")
ok(get(base + "metrics?token=" + token)[0] == 404, "metrics are at their own address")
ok(get(base + "pause?token=" + token)[0] == 405, "a pause by GET")

live = json.loads(get(base + "live?token=" + token)[1])
ok([s["name"] for s in live["live"]["stages"]] == ["stdin", "lines", "json", "where", "to", "write"], live)
ok("run" in live["command"] and live["live"]["paused"] is False, live)

# records; held, none comes
def tap(since):
    return json.loads(get(base + "tap?stage=3&since=%d&token=%s" % (since, token))[1])
since = tap(0)["next"]
feed(10, 13)
lines = []
while len(lines) < 3:
    got = tap(since)
    lines += got["lines"]
    since = got["next"]
ok([json.loads(line) for line in lines] == [{"n": n, "s": '<b>"&'} for n in (10, 11, 12)], lines)
ok(json.loads(get(base + "pause?on=1&token=" + token, "POST")[1])["paused"] is True, "it isn't held")
feed(13, 14)
def stage(name):
    stages = json.loads(get(base + "live?token=" + token)[1])["live"]["stages"]
    return next(s for s in stages if s["name"] == name)
while stage("stdin")["out_bytes"] <= stage("lines")["in_bytes"]:
    pass                                          # it has read it, and holds it back
ok(stage("where")["in_rows"] == 13, stage("where"))
ok(json.loads(get(base + "pause?on=0&token=" + token, "POST")[1])["paused"] is False, "it doesn't go on")
while stage("where")["in_rows"] < 14:
    pass
run.stdin.close()
ok(run.wait() == 0, run.stderr.read())
ok(len(open("out.json").readlines()) == 9, "the output")

# a stop ends a pause
run = subprocess.Popen([weir, "run", "--io=" + io, "--ui", "0", "generate kind=json | lines | null"],
                       stderr=subprocess.PIPE, text=True)
url = re.search(r"(http://[^/]*/)\?token=(\w+)", run.stderr.readline())
get(url.group(1) + "pause?on=1&token=" + url.group(2), "POST")
run.terminate()
ok(run.wait() == 0, run.stderr.read())
print(checks, "checks")
END
want 0 python3 ask.py "$weir" "$io"
cat out
# one address for both; an address that is taken
"$weir" run --io="$io" 'stdin | null' --ui 127.0.0.1:0 --metrics 127.0.0.1:0 </dev/null 2>err || fail "both: $(cat err)"
[ "$(grep -c '^weir: \(metrics\|live page\): http' err)" = 2 ] || fail "both: $(cat err)"
echo "$checks checks more"
