#!/usr/bin/env python3
"""Section 3 of the manual from the public headers: man3.py VERSION OUTDIR HEADER...

A page a header, weir_NAME.3: its first comment, then every declaration below the comment that speaks of it. Each
function, macro and type gets a page of its own that leads there. weir.3 lists them all. What has no comment is a fault.
"""
import os
import re
import sys

COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
SKIP = re.compile(r"^(#include|#ifndef|#endif|#if |#else|#pragma)")


def clean(comment):
    lines = []
    for line in comment.split("\n"):
        line = re.sub(r"^\s*\*? ?", "", line).rstrip()
        if not re.fullmatch(r"-{3}.*", line):
            lines.append(line)
    return "\n".join(lines).strip("\n")


def blocks(text):
    """(comment, code) pairs: a comment, and what follows it up to the next comment that begins a line."""
    parts = re.split(r"(?m)^(/\*.*?\*/)[ \t]*$", text, flags=re.S)
    result = []
    for i in range(1, len(parts), 2):
        result.append((clean(COMMENT.match(parts[i], 0).group(1)), parts[i + 1]))
    return result


def shown(code):
    """The declarations of a block as a reader wants them: bodies and the preprocessor's house-keeping left out."""
    lines, depth = [], 0  # depth: in braces of a function's body
    for line in code.strip("\n").split("\n"):
        if depth > 0 or (line.startswith("{") and lines):
            if depth == 0:
                lines[-1] += ";"
            depth += line.count("{") - line.count("}")
        elif not SKIP.match(line):
            lines.append(line)
    text = "\n".join(lines).strip("\n")
    return re.sub(r"\n{3,}", "\n\n", text)


def names(code):
    found = []
    for pattern in (r"^#define (weir_\w+|WEIR_[A-Z0-9_]+|AWAIT\w*|RETURN)\b",
                    r"\b(weir_\w+)\s*\([^;{]*\)\s*[;{\n]", r"^\} (weir_\w+);", r"^typedef [^;{]*\b(weir_\w+);",
                    r"^\s+(WEIR_[A-Z0-9_]+)[,\s=]"):
        for name in re.findall(pattern, code, re.M):
            if not name.endswith("_") and name not in found:
                found.append(name)
    return found


def roff(text):
    out = []
    for line in text.split("\n"):
        line = line.replace("\\", "\\e").replace("-", "\\-")
        out.append("\\&" + line if line[:1] in (".", "'") else line)
    return "\n".join(out)


def prose(text):
    """Paragraphs; what is indented or a table of terms keeps its lines."""
    out = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = paragraph.split("\n")
        if any(line.startswith("  ") for line in lines) or re.match(r"(Ownership|Cancel safe|Errors):", paragraph):
            out.append(".PP\n.nf\n" + roff(paragraph) + "\n.fi")
        else:
            out.append(".PP\n" + roff(paragraph))
    return "\n".join(out)


def page(version, path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    stem = os.path.basename(path)[:-2]
    found = blocks(text)
    if not found:
        raise SystemExit(f"{path}:1: no comment says what this header is for")
    head, purpose = found[0][0], stem
    match = re.match(rf"{stem}\.h - (.*?)(?:\n\s*\n|\Z)", head, re.S)
    if not match:
        raise SystemExit(f"{path}:1: the first comment must begin with '{stem}.h - purpose'")
    purpose = " ".join(match.group(1).split()).rstrip(".")
    out = [f'.TH weir_{stem} 3 "" "weir {version}" "weir manual"', ".SH NAME",
           roff(f"weir_{stem}") + " \\- " + roff(purpose),
           ".SH SYNOPSIS", ".nf", f"\\fB#include <weir/{stem}.h>\\fR", ".fi", ".SH DESCRIPTION",
           prose(head[match.end():].strip("\n"))]
    aliases = []
    for comment, code in found[1:]:
        declarations = shown(code)
        block_names = names(code)
        if not comment or not declarations or comment.startswith("clang-format"):
            continue
        title = next((name for name in block_names if name in comment), block_names[0] if block_names else None)
        if title:
            out.append(f'.SS "{roff(title)}"')
        out += [".nf", roff(declarations), ".fi", prose(comment)]
        aliases += block_names
    out.append('.SH SEE ALSO\n\\fBweir\\fR(3)')
    return stem, purpose, "\n".join(out) + "\n", aliases


def main():
    version, outdir, headers = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(outdir, exist_ok=True)
    for old in os.listdir(outdir):
        os.unlink(os.path.join(outdir, old))
    index = ['.TH weir 3 "" "weir %s" "weir manual"' % version, ".SH NAME", "weir \\- futures, tasks, channels and io for C",
             ".SH SYNOPSIS", ".nf", "cc $(pkg\\-config \\-\\-cflags \\-\\-libs weir) program.c", ".fi", ".SH PAGES"]
    taken = {}
    pages = [page(version, path) for path in sorted(headers, key=os.path.basename)]
    for stem, purpose, text, _ in pages:
        taken[f"weir_{stem}"] = text
        index.append(f".TP\n\\fBweir_{stem}\\fR(3)\n{roff(purpose)}")
    for stem, _, _, aliases in pages:
        for name in aliases:
            taken.setdefault(name, f".so man3/weir_{stem}.3\n")
    taken["weir"] = "\n".join(index) + "\n"
    for name, text in taken.items():
        with open(os.path.join(outdir, name + ".3"), "w", encoding="utf-8") as file:
            file.write(text)


main()
