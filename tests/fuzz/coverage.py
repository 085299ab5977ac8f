#!/usr/bin/env python3
"""How much of each parser the inputs that are kept reach: ./dev fuzz coverage.

  coverage.py BUILD CORPUS... --write PAGE

BUILD has the targets as programs that replay files, built by clang with -fprofile-instr-generate -fcoverage-mapping.
Each runs over tests/fuzz/corpus/TARGET and over CORPUS/TARGET, what fuzzing on this machine has found. The table of
lines and regions (llvm-cov) that were reached, of the file that is the target's, goes into PAGE.
"""
import argparse
import os
import subprocess
import sys
import tempfile

BEGIN, END = "<!-- fuzz coverage: begin -->", "<!-- fuzz coverage: end -->"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What each target is for. fuzz_runtime runs all of engine/; its coverage is that of the simulation.
SUBJECTS = {
    "fuzz_ack_line": ["pipelines/listen/ack_line.c"],
    "fuzz_addr": ["io/net/addr.c", "io/stream/framing.c"],
    "fuzz_cache": ["pipelines/cache/cache_log.c", "pipelines/cache/cache_record.c"],
    "fuzz_cells": ["pipelines/line/csv_line.c", "pipelines/line/kv_line.c", "pipelines/line/syslog_line.c",
                   "pipelines/line/combined_line.c", "pipelines/line/cells.c"],
    "fuzz_decompress": ["stages/decompress.c"],
    "fuzz_document": ["pipelines/document/document_read.c", "pipelines/document/document_yaml.c",
                      "pipelines/document/document_write.c", "pipelines/document/pour_value.c"],
    "fuzz_encoder": ["stages/gzip.c", "stages/zstd.c", "stages/lz4.c", "stages/zstd_seek_table.c", "stages/zstd_frames.c"],
    "fuzz_eval": ["pipelines/expr/eval.c", "pipelines/expr/functions_string.c", "pipelines/expr/functions_time.c",
                  "pipelines/lang/parse_expr.c"],
    "fuzz_framing": ["pipelines/listen/record_framing.c", "pipelines/line/csv_quotes.c"],
    "fuzz_glob": ["io/glob.c", "io/glob_parse.c", "io/glob_bracket.c", "io/gitignore.c"],
    "fuzz_gunzip": ["stages/gunzip.c", "stages/gzip_header.c"],
    "fuzz_journal": ["pipelines/journal/record.c", "pipelines/journal/items.c"],
    "fuzz_json": ["pipelines/json/json_index.c", "pipelines/json/json_value.c", "pipelines/json/json_shape.c"],
    "fuzz_manifest": ["pipelines/manifest/manifest_read.c", "pipelines/manifest/manifest_sums.c",
                      "pipelines/manifest/manifest_json.c", "pipelines/manifest/manifest_csv.c"],
    "fuzz_multiline": ["pipelines/line/event_joiner.c"],
    "fuzz_pipeline": ["pipelines/lang/scan.c", "pipelines/lang/parse_file.c", "pipelines/lang/parse_stage.c",
                      "pipelines/plan/check_chain.c"],
    "fuzz_redact": ["pipelines/redact/redactor.c", "pipelines/redact/finders.c", "pipelines/redact/token_finder.c"],
    "fuzz_regex": ["pipelines/expr/regex_pcre2.c", "pipelines/expr/regex_literal.c", "pipelines/expr/regex_prefix.c"],
    "fuzz_sieve": ["pipelines/nodes/json_glance.c", "pipelines/nodes/json_sieve.c"],
    "fuzz_spool": ["pipelines/send/spool.c"],
    "fuzz_unlz4": ["stages/unlz4.c"],
    "fuzz_unzstd": ["stages/unzstd.c"],
}


def tool(name):
    """Debian has them with a version behind the name, too."""
    for candidate in (name, *(f"{name}-{version}" for version in range(22, 13, -1))):
        if any(os.access(os.path.join(folder, candidate), os.X_OK) for folder in os.get_exec_path()):
            return candidate
    sys.exit(f"coverage: there is no {name} here")


def measure(program, folders, sources, scratch):
    """(inputs, {source: (lines, lines reached, regions, regions reached)})"""
    profile = os.path.join(scratch, "profile")
    done = subprocess.run([program, *folders], env=dict(os.environ, LLVM_PROFILE_FILE=profile + ".raw"),
                          capture_output=True, text=True, check=True)
    subprocess.run([tool("llvm-profdata"), "merge", "-o", profile, profile + ".raw"], check=True)
    report = subprocess.run([tool("llvm-cov"), "report", program, f"-instr-profile={profile}",
                             *(os.path.join(ROOT, source) for source in sources)],
                            capture_output=True, text=True, check=True).stdout
    found = {}
    for line in report.splitlines():
        cells = line.split()
        for source in sources:
            if cells and os.path.join(ROOT, source).endswith(cells[0]) and len(cells) >= 10:
                found[source] = (int(cells[7]), int(cells[7]) - int(cells[8]), int(cells[1]), int(cells[1]) - int(cells[2]))
    return int(done.stdout.split()[0]), found


def main():
    parser = argparse.ArgumentParser(prog="coverage", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("corpora", nargs="*")
    parser.add_argument("--write", metavar="PAGE", required=True)
    options = parser.parse_args()
    rows = ["| target | inputs | file | lines | regions |", "|---|---|---|---|---|"]
    for target, sources in SUBJECTS.items():
        missing = [source for source in sources if not os.path.exists(os.path.join(ROOT, source))]
        if missing:
            sys.exit(f"coverage: {target}: {', '.join(missing)}: isn't there; SUBJECTS of this script may say what is")
        folders = [folder for folder in (os.path.join(corpus, target) for corpus in
                                         (os.path.join(ROOT, "tests/fuzz/corpus"), *options.corpora))
                   if os.path.isdir(folder)]
        with tempfile.TemporaryDirectory() as scratch:
            inputs, found = measure(os.path.join(options.build, "tests", "fuzz", target), folders, sources, scratch)
        for i, source in enumerate(sources):
            lines, lines_hit, regions, regions_hit = found.get(source, (0, 0, 0, 0))
            reached = [f"{100 * hit / of:.0f} % of {of}" if of else "-" for hit, of in
                       ((lines_hit, lines), (regions_hit, regions))]
            rows.append(f"| {target if i == 0 else ''} | {f'{inputs:,}' if i == 0 else ''} | `{source}` | "
                        f"{' | '.join(reached)} |")
    with open(options.write, encoding="utf-8") as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    table = "\n".join(rows)
    with open(options.write, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}")
    print(table)


main()
