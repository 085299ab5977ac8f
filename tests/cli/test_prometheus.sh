#!/bin/sh
# test_prometheus.sh - a real Prometheus scrapes a running pipeline, and has in its database what the pipeline did.
here=$(dirname "$(realpath "$0")")
. "$here/pipeline_rig.sh"
"$weir" --version | grep -q '^metrics and live page: libmicrohttpd [0-9]' || { echo "skipped: built without libmicrohttpd"; exit 77; }
command -v prometheus >/dev/null 2>&1 || { echo "skipped: no prometheus here (Debian: prometheus)"; exit 77; }
python3 -c 'import json, socket, subprocess, urllib.request' 2>/dev/null || { echo "skipped: no python3 here to ask it"; exit 77; }
python3 "$here/prometheus_ask.py" "$weir" "$io" || fail "what Prometheus has"
