#!/usr/bin/env python3
"""test_site.py WEIR MAN3DIR: every link of the pages leads somewhere, nothing comes from elsewhere, all is in the index."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VOID = {"meta", "link", "input", "img", "br"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_tags(name, html):
    """They close in the order in which they were opened."""
    faults, stack = [], []
    for end, tag in re.findall(r"<(/?)([a-z][a-z0-9]*)\b[^>]*>", re.sub(r"<script.*?</script>|<!.*?>", "", html, flags=re.S)):
        if tag in VOID:
            continue
        if not end:
            stack.append(tag)
        elif not stack or stack.pop() != tag:
            faults.append(f"{name}: </{tag}> closes another one")
            break
    return faults + [f"{name}: {tag} stays open" for tag in stack[:1] if not faults]


def check_page(out, name, html, ids):
    faults = check_tags(name, html)
    if len(ids[name]) != len(set(ids[name])):
        faults.append(f"{name}: an id is there twice: {sorted(one for one in set(ids[name]) if ids[name].count(one) > 1)}")
    for kind, target in re.findall(r'\b(href|src)="([^"]*)"', html):
        if re.match(r"(https?|mailto):", target):
            if kind == "src" or "<link" in html[max(0, html.index(target) - 80):html.index(target)]:
                faults.append(f"{name}: comes from elsewhere: {target}")
            continue
        path, _, anchor = target.partition("#")
        to = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        if not os.path.isfile(os.path.join(out, to)):
            faults.append(f"{name}: nothing is at {target}")
        elif anchor and anchor not in ids.get(to, ()):
            faults.append(f"{name}: {to} has no #{anchor}")
    return faults


def main():
    weir, man3 = sys.argv[1:]
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([sys.executable, os.path.join(ROOT, "docs/site/site.py"), weir, man3, out], check=True)
        names = [os.path.relpath(os.path.join(folder, name), out) for folder, _, files in os.walk(out) for name in files]
        pages = {name: read(os.path.join(out, name)) for name in sorted(names) if name.endswith(".html")}
        ids = {name: re.findall(r'\bid="([^"]*)"', html) for name, html in pages.items()}
        faults = []
        for name, html in pages.items():
            faults += check_page(out, name, html, ids)
        index = read(os.path.join(out, "search-index.js"))
        faults += [f"{name} can't be found by searching" for name in pages if f'["{name}",' not in index]
        faults += [f"stage {name} can't be found by searching" for name in ids["stages.html"]
                   if name not in ("main", "query", "found") and f'["stages.html#{name}",' not in index]
        for name in ("page.css", "search.js"):
            if re.search(r"https?:|@import|url\(", read(os.path.join(out, name))):
                faults.append(f"{name}: comes from elsewhere")
        stages = subprocess.run([weir, "stages"], stdout=subprocess.PIPE, check=True).stdout.decode().partition("\n\n")[0]
        missing = [name for name in re.findall(r"^(\S+) ", stages, re.M) if name not in ids["stages.html"]]
        commands = subprocess.run([weir, "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
        missing += [name for name in re.findall(r"^  ([a-z]+) ", commands, re.M) if f"man/weir-{name}.1.html" not in pages]
        faults += [f"no page tells of {name}" for name in missing]
    print("\n".join(faults + [f"{len(pages)} pages, {len(faults)} faults"]))
    sys.exit(1 if faults else 0)


main()
