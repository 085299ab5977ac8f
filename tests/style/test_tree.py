#!/usr/bin/env python3
"""The source tests itself: names, sizes, walls, banned calls, dead files, docs that point nowhere.

Runs on the bare interpreter (Debian's python3-minimal), reads the tree as it lies there, and prints each finding as
file:line: text. What is allowed against a rule is listed here, with its reason.
"""
import collections
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARIES = ("engine", "io", "stages", "pipelines")
FOLDERS = LIBRARIES + ("cli", "examples", "tests")

# --- the rules ------------------------------------------------------------------------------------

LINES_MAX = 600
LINES_LOOK = 400  # from here on a file is named in the output, which is no fault
TEST_LINES_MAX = 1000  # a test is a list of cases
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 120
SCREEN_LINES_MAX = 64  # an example without comments and empty lines

# Whose public headers a folder may include.
SEES = {
    "engine": {"engine"},
    "io": {"io", "engine"},
    "stages": {"stages"},  # and weir/base.h
    "pipelines": {"pipelines", "stages", "io", "engine"},
    "cli": {"cli", "pipelines", "stages", "io", "engine"},
}
STAGES_SEE_OF_ENGINE = {"base.h", "library.h"}

# "..." includes of another folder's private headers.
THROUGH_THE_WALL = {}

# Who may include what of others.
LIBRARY_HEADERS = {
    "liburing": re.compile(r"io/(ring_uring|uring_)"),
    "openssl/": re.compile(r"stages/|io/tls/"),
    "xxhash.h": re.compile(r"stages/"),
    "zlib.h": re.compile(r"stages/"),
    "zstd": re.compile(r"stages/"),
    "lz4": re.compile(r"stages/"),
    "isa-l": re.compile(r"stages/"),
    "pcre2": re.compile(r"pipelines/expr/"),
}

BANNED = {
    "strcpy": "it knows no bound", "strcat": "it knows no bound", "strncpy": "it may leave no NUL",
    "sprintf": "it knows no bound", "vsprintf": "it knows no bound",
    "system": "a shell between us and the names", "popen": "a shell between us and the names",
    "setjmp": "it asks the kernel for the signal mask: see engine/task/panic.h",
}
BANNED_IN_TESTS_TOO = {
    "gets": "it knows no bound", "strtok": "its state is the whole process's", "alloca": "a stack has an end",
    "sleep": "a test doesn't wait for time to pass", "usleep": "a test doesn't wait for time to pass",
}
ALLOWED_CALLS = {
    ("tests/io/test_ring_pool_lane.c", "usleep"): "lets a wait begin, mostly; the other order passes, too",
}

# A library doesn't print and doesn't end the process.
PRINTING = ("printf", "fprintf", "vfprintf", "vprintf", "puts", "fputs", "putchar", "perror", "exit", "_exit",
            "abort", "assert", "err", "errx", "warn", "warnx")
MAY_PRINT = {
    "engine/task/panic.c": "the last words of a process that nobody can be told about",
    "engine/task/future.c": "a debug build ends what polls a future that was moved",
    "engine/task/lock_held.c": "a debug build ends what awaits with a lock held",
    "engine/time/timers.c": "a debug build ends what drops a timer in another thread's poll",
    "engine/blocking/crew.c": "a job that failed where no hook is told",
}

# Declared in a public header, and called by nobody in this tree.
FOR_OTHERS = {
    "weir_task_id": "what a log says of a handle; the runtime asks for weir_task_id_current()",
    "weir_walk_depth": "for whoever prints a tree",
    "weir_cost_ns_per_kib": "for whoever hosts stages",
    "weir_join_set_reserve": "room before the future exists",
    "weir_join_set_unreserve": "and gives it back",
}

# Tests whose name is no file of the folder they mirror, and what they test.
SUBJECTS = {
    "tests/io/test_sim_mixed.c": "engine/sim and everything above it, with a ring of io",
    "tests/fuzz/fuzz_runtime.c": "programs of runtime calls",
    "tests/fuzz/fuzz_encoder.c": "the encoders of stages/, and stages/zstd_frames.c",
    "tests/fuzz/fuzz_framing.c": "pipelines/listen/record_framing.c and pipelines/line/csv_quotes.c",
    "tests/io/test_uring_kernel.c": "the kernel, and io/uring_create.c by what it asks of it",
    "tests/io/test_stuck.c": "engine/sched/watch.c, with io",
    "tests/engine/test_watchdog.c": "engine/trace/watch_polls.c and engine/sync/futurelock.c",
    "tests/engine/test_wanted.c": "weir_worker_is_wanted() of engine/sched/metrics.c",
    "tests/model/model_task.c": "engine/task/task_state.h",
    "tests/model/model_timer.c": "engine/time/timers.c, and the wheel under it",
    "tests/model/model_tso.c": "the explorer's own memory model, by litmus tests",
    "tests/pipelines/test_graphs.c": "pipelines/run, bounds and edges above all, by graphs out of seeds",
    "tests/pipelines/test_power_cut.c": "pipelines/journal, run/checkpointer.c and nodes/write_kept.c: the order on the disk",
    "tests/pipelines/test_every_node_memory.c": "pipelines/nodes, each that has no step()",
    "tests/pipelines/test_write_errors.c": "the same three, where the disk says no",
    "tests/stages/test_every_stage.c": "all of stages.def",
    "tests/stages/test_every_stage_memory.c": "all of stages.def, without the memory they ask for",
}

# Programs and libraries of tests/, by their CMakeLists.txt: everything else there is built by nobody.
BUILT_TESTS = re.compile(r"tests/(\w+/test_\w+\.c|model/\w+\.c|fuzz/(fuzz_\w+|replay_main)\.c|bench/(bench_\w+|pb/\w+|yardstick/\w+)\.c"
                         r"|support/\w+\.c|(engine|io)/refused/\w+\.c|faults/fault_\w+\.c"
                         r"|cli/(test_\w+\.sh|(deny_main|plugin_(shout|probe))\.c))$")

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
A_MACHINE = re.compile(r"(?<![\w.])/(work|root)/")

# --- what is looked at ------------------------------------------------------------------------------

problems = []
notes = []


def say(path, line, what):
    problems.append(f"{path}:{line}: {what}")


def walk(endings):
    """Paths relative to the root, sorted; nothing of build trees, of git, and of corpora."""
    found = []
    for path, dirs, names in os.walk(ROOT):
        top = os.path.relpath(path, ROOT)
        dirs[:] = [d for d in dirs if not (top == "." and d in (".git", "build")) and d != "corpus"]
        for name in names:
            if name.endswith(endings):
                found.append(os.path.normpath(os.path.join(top, name)))
    return sorted(found)


class Source:
    """A C file, with and without its comments and strings."""

    TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)

    def __init__(self, path):
        self.path = path
        self.folder = path.split("/")[0]
        self.name = os.path.basename(path)
        self.stem = os.path.splitext(self.name)[0]
        self.is_public = "/include/weir/" in path
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")[:-1] if self.text.endswith("\n") else self.text.split("\n")
        self.code = self.TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), self.text)

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            found = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
            if found:
                yield number, found.group(1), found.group(2)


# --- one file -----------------------------------------------------------------------------------------


def check_text(path, lines, text):
    """Holds for everything that is text."""
    if text and not text.endswith("\n"):
        say(path, len(lines), "no newline at the end")
    if text.endswith("\n\n"):
        say(path, len(lines), "empty lines at the end")
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            say(path, number, "blanks at the end")
        if "\t" in line:
            say(path, number, "a tab")
        if path != "tests/style/test_tree.py" and UNFINISHED.search(line):
            say(path, number, "unfinished")
        if path != "tests/style/test_tree.py" and A_MACHINE.search(line):
            say(path, number, "a path of one machine")


def check_size(source):
    limit = TEST_LINES_MAX if source.folder == "tests" else LINES_MAX
    count = len(source.lines)
    if count > limit:
        say(source.path, count, f"{count} lines, {limit} is where a file must be split")
    elif count > LINES_LOOK and source.folder != "tests":
        notes.append(f"{source.path}: {count} lines")
    if source.folder == "examples":
        program = re.sub(r"(?s)^/\*.*?\*/|^/\* (prints|run with|exits with|refused).*?\*/", "", source.text, flags=re.M)
        shown = sum(1 for line in program.split("\n") if line)
        if shown > SCREEN_LINES_MAX:
            say(source.path, count, f"{shown} lines of program, {SCREEN_LINES_MAX} are a screen")
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS_MAX:
            say(source.path, number, f"{len(line)} columns, {COLUMNS_MAX} are allowed")
    opened = 0
    for number, line in enumerate(source.code.split("\n"), 1):
        if line.rstrip() == "{":
            opened = number
        elif line.startswith("}") and opened != 0:
            if number - opened - 1 > FUNCTION_LINES_MAX:
                say(source.path, opened, f"a function of {number - opened - 1} lines, {FUNCTION_LINES_MAX} are allowed")
            opened = 0


def check_head(source):
    """/* name.c - what it is for, or the same over several lines."""
    if re.match(r"tests/(engine|io)/refused/", source.path):  # they begin with the message they want
        return
    if not re.match(r"/\*\s*(\*\s*)?" + re.escape(source.name) + r"\s+-\s+\S", source.text):
        say(source.path, 1, f"begins with a comment: {source.name} - what it is for")
    if source.name.endswith(".h") and not source.name.endswith("_template.h"):
        guard = re.search(r"^#ifndef (\w+)\n#define \1$", source.text, re.M)
        if guard is None or not source.text.endswith("#endif\n"):
            say(source.path, 1, "a header without a guard")


def check_calls(source):
    for number, line in enumerate(source.code.split("\n"), 1):
        for call in re.findall(r"(?<![\w.>])(\w+)\s*\(", line):
            why = BANNED_IN_TESTS_TOO.get(call) or (source.folder != "tests" and BANNED.get(call))
            if why and (source.path, call) not in ALLOWED_CALLS:
                say(source.path, number, f"banned: {call}(): {why}")
            if call in PRINTING and source.folder in LIBRARIES and source.path not in MAY_PRINT:
                say(source.path, number, f"a library doesn't print and doesn't exit: {call}()")


# --- the tree -------------------------------------------------------------------------------------------


def check_names(sources):
    by_name = collections.defaultdict(list)
    for source in sources:
        if not re.match(r"tests/(engine|io)/refused/", source.path):
            by_name[source.name].append(source.path)
    for name, paths in by_name.items():
        if len(paths) > 1:
            say(paths[1], 1, f"file names are unique in the tree: {name} is also {paths[0]}")
        if not re.fullmatch(r"[a-z][a-z0-9_]*\.[ch]", name):
            say(paths[0], 1, "a file name is of lower case, digits and _")


def check_walls(sources):
    """Arrows point down. Returns what is included by somebody."""
    public = {s.name: s.folder for s in sources if s.is_public}
    paths = {s.path for s in sources}
    included = set()
    for source in sources:
        for number, kind, header in source.includes():
            for library, who in LIBRARY_HEADERS.items():
                if header.startswith(library) and not who.match(source.path) and source.folder != "tests":
                    say(source.path, number, f"the wall: <{header}> is for {who.pattern} only")
            if header.startswith("weir/"):
                name = header[len("weir/"):]
                if name not in public:
                    say(source.path, number, f"no such header: {header}")
                    continue
                included.add(f"{public[name]}/include/weir/{name}")
                if kind != "<":
                    say(source.path, number, f"public headers are <{header}>")
                stage_may = source.folder == "stages" and public[name] == "engine" and name in STAGES_SEE_OF_ENGINE
                if source.folder in SEES and public[name] not in SEES[source.folder] and not stage_may:
                    say(source.path, number, f"the wall: {source.folder}/ may not see {header} of {public[name]}/")
            elif kind == '"':
                check_private(source, number, header, paths, included)
    return included


def check_private(source, number, header, paths, included):
    """An include in quotes is of the own folder: beside the file, or from the folder's root."""
    if source.is_public:
        say(source.path, number, f"a public header includes a private one: {header}")
    beside = os.path.normpath(os.path.join(os.path.dirname(source.path), header))
    roots = (source.folder,)
    if source.folder == "tests":  # they know the insides of what they test
        roots = ("tests/support", "tests/model") + LIBRARIES + ("cli",)
    for path in [beside] + [f"{root}/{header}" for root in roots]:
        if path in paths or path.endswith(".def") and os.path.exists(os.path.join(ROOT, path)):
            included.add(path)
            return
    if source.path.startswith("tests/") or (source.path, header) not in THROUGH_THE_WALL:
        say(source.path, number, f'the wall: "{header}" is no header of {source.folder}/')


def named_by_tests(sources):
    """What a line "WITH: disk_log.c" of a test has built with it."""
    return {f"{os.path.dirname(source.path)}/{name}" for source in sources if source.folder == "tests"
            for line in re.findall(r"^ \* WITH: (.*)", source.text, re.M) for name in line.split()}


def check_dead(sources, included):
    named = named_by_tests(sources)
    for source in sources:
        if source.name.endswith(".h") and source.path not in included:
            say(source.path, 1, "nobody includes it")
        if source.folder == "tests" and source.name.endswith(".c") and not (
                BUILT_TESTS.match(source.path) or source.path in named):
            say(source.path, 1, "nobody builds it (or test_tree.py must learn who does)")


def check_unused(sources):
    """A function that a header declares and nobody calls."""
    declared = re.compile(r"^(?!static|typedef|#|extern const)[A-Za-z_][\w \*]*?\b((?:weir|wi|wp)_\w+)\(", re.M)
    words = collections.Counter()
    for source in sources:
        words.update(re.findall(r"\b(?:weir|wi|wp)_\w+", source.code))
    for source in sources:
        if source.name.endswith(".h") and source.folder in LIBRARIES:
            for found in declared.finditer(source.code):
                if words[found.group(1)] <= 2 and found.group(1) not in FOR_OTHERS:  # its declaration and its definition
                    line = source.code.count("\n", 0, found.start()) + 1
                    say(source.path, line, f"nobody calls {found.group(1)}()")


def check_subjects(sources):
    stems = collections.defaultdict(set)
    for source in sources:
        stems[source.folder].add(source.stem)
    for source in sources:
        found = re.fullmatch(r"tests/(\w+)/(?:test|model|bench|fuzz)_(\w+)\.c", source.path)
        if found is None or source.path in SUBJECTS:
            continue
        folder, name = found.groups()
        folders = (folder,) if folder in FOLDERS else FOLDERS
        if not any(name == stem or name.startswith(stem + "_") or stem.startswith(name + "_")
                   for f in folders for stem in stems[f]):
            say(source.path, 1, f"tests what? There is no {folder}/.../{name}.c; SUBJECTS may say")


def check_links(path, text):
    """What a text names in docs/, or links to, is there."""
    for number, line in enumerate(text.split("\n"), 1):
        targets = re.findall(r"(?<![\w/])docs/[\w/.-]*\w", line)
        if path.endswith(".md"):
            base = os.path.dirname(path)
            targets += [os.path.join(base, t) for t in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line)]
        for target in targets:
            if not os.path.exists(os.path.join(ROOT, target)):
                say(path, number, f"{target} isn't there")


def check_map():
    """Each room of the product is on the map, and what the map calls a file is one."""
    page = "docs/architecture.md"
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        text = file.read()
    for library in LIBRARIES:
        for room in sorted(os.listdir(os.path.join(ROOT, library))):
            if room != "include" and os.path.isdir(os.path.join(ROOT, library, room)) and f"`{room}/`" not in text:
                say(page, 1, f"{library}/{room}/ isn't on the map")
    for number, line in enumerate(text.split("\n"), 1):
        for name in re.findall(r"`([\w/]+\.[ch])`", line):
            if not any(os.path.exists(os.path.join(ROOT, folder, room, name)) for folder in (*FOLDERS, ".")
                       for room in [".", "include/weir", *os.listdir(os.path.join(ROOT, folder))]):
                say(page, number, f"there is no {name}")


def main():
    sources = []
    for path in walk((".c", ".h")):
        if path.split("/")[0] not in FOLDERS:
            say(path, 1, "C lives in " + ", ".join(FOLDERS))
            continue
        source = Source(path)
        sources.append(source)
        check_text(path, source.lines, source.text)
        check_size(source)
        check_head(source)
        check_calls(source)
        check_links(path, source.text)
    for path in walk((".py", ".sh", ".md", ".txt", ".cmake", ".def", ".json", ".1", ".yml", ".weir")) + ["dev", ".ci/run"]:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        check_text(path, text.split("\n")[:-1], text)
        if path != "tests/style/test_tree.py":
            check_links(path, text)
    check_names(sources)
    check_dead(sources, check_walls(sources))
    check_unused(sources)
    check_subjects(sources)
    check_map()

    if notes:
        print(f"over {LINES_LOOK} lines, worth a look: {'; '.join(notes)}")
    print(f"{len(sources)} C files looked at, {len(problems)} findings")
    if problems or len(sources) < 100:
        print("\n".join(sorted(problems)))
        sys.exit(1)


main()
