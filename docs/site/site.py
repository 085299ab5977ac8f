#!/usr/bin/env python3
"""The documentation as a folder of pages: site.py WEIR MAN3DIR OUTDIR

Everything comes from what is there already: the pages of docs/, README, the manual that `weir COMMAND --man` prints and
that of libweir, the catalogue by `weir stages`. The pages need nothing else, neither network nor script; a script of
our own searches them.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import manpage  # noqa: E402
import markdown  # noqa: E402
from markdown import escape  # noqa: E402

# (heading, its pages: (page, what the menu calls it)). What docs/ has besides comes under "Mechanisms".
MENU = [
    ("Begin", [("index", "What weir is"), ("guide", "The language"), ("cookbook", "Cookbook"),
               ("coming-from", "Coming from …"), ("stages", "All stages")]),
    ("Reference", [("man/index", "Manual"), ("formats", "Formats"), ("reliability", "Reliability"), ("bench", "Measuring"),
                   ("observability", "Looking inside"), ("changelog", "Changes")]),
]
SUFFIXES = (".c", ".h", ".weir", ".md", ".json", ".log", ".csv", ".txt", ".service", ".py", ".sh")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Site:
    def __init__(self, weir, man3, out):
        self.weir, self.man3, self.out = weir, man3, out
        self.pages = {}  # name without .html: (title, HTML, heads)
        self.sources = {}  # path of a Markdown file: name of its page
        self.files = set()  # paths of the repository that pages link to and that are no pages
        self.assets = set()

    def ask(self, *words):
        done = subprocess.run([self.weir, *words], stdout=subprocess.PIPE, check=True, env={"LC_ALL": "C.UTF-8"})
        return done.stdout.decode("utf-8")

    # --- what becomes a page ------------------------------------------------------------------------------

    def find_markdown(self):
        self.sources = {"README.md": "index", "CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing"}
        for folder in ("docs", "docs/decisions"):
            for name in sorted(os.listdir(os.path.join(ROOT, folder))):
                if name.endswith(".md"):
                    path = f"{folder}/{name}"
                    self.sources[path] = path[len("docs/"):-len(".md")]

    def link_from(self, source, page):
        """What turns a link in the file `source` into one in `page`."""
        def link(target):
            if re.match(r"[a-z]+:", target) or target.startswith("#"):
                return target
            path, _, name = target.partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(source), path))
            if path in self.sources:
                to = self.sources[path] + ".html"
            elif path == "docs/decisions":
                to = "decisions/index.html"
            elif path.endswith((".svg", ".png")):
                self.assets.add(path)
                to = os.path.basename(path)
            elif os.path.exists(os.path.join(ROOT, path)):
                self.files.add(path)
                to = f"files/{path}.html"
            else:
                raise SystemExit(f"{source}: nothing is at {target}")
            return os.path.relpath(to, os.path.dirname(page) or ".") + (f"#{name}" if name else "")
        return link

    def add(self, page, html, heads, title=None):
        first = next((one[1] for one in heads if one[0] == 1), None)
        self.pages[page] = (title or re.sub(r"[`*]", "", first or page), html, heads)

    def add_markdown(self):
        for source, page in self.sources.items():
            self.add(page, *markdown.convert(read(os.path.join(ROOT, source)), self.link_from(source, page)))
        items = [(os.path.basename(page), self.pages[page][0]) for page in self.pages if page.startswith("decisions/")]
        self.add_list("decisions/index", "Decisions", "What was measured before it was decided.", items)

    def add_list(self, page, title, summary, items):
        rows = "\n".join(f'<li><a href="{name}.html">{escape(text)}</a></li>' for name, text in items)
        self.add(page, f"<h1>{escape(title)}</h1>\n<p>{summary}</p>\n<ul>{rows}</ul>", [(1, title, "")])

    def add_files(self):
        """What the pages point to in the repository, to be read there."""
        for path in sorted(self.files):
            place = os.path.join(ROOT, path)
            names = [""]
            if os.path.isdir(place):
                names = sorted(name for name in os.listdir(place) if name.endswith(SUFFIXES))
            parts, heads = [f"<h1><code>{escape(path)}</code></h1>"], [(1, path, "")]
            for name in names:
                if name:
                    heads.append((2, name, name))
                    parts.append(f'<h2 id="{escape(name)}">{escape(name)}</h2>')
                parts.append(f'<pre tabindex="0"><code>{escape(read(os.path.join(place, name) if name else place))}</code></pre>')
            self.add(f"files/{path}", "\n".join(parts), heads)

    def add_manual(self):
        commands = re.findall(r"^  ([a-z]+) ", self.ask("--help"), re.M)
        sources = {f"weir-{name}.1": self.ask(name, "--man") for name in commands}
        sources["weir.1"] = self.ask("--man")
        aliases = {}
        for name in sorted(os.listdir(self.man3)):
            text = read(os.path.join(self.man3, name))
            match = re.match(r"\.so man3/(.*)\n", text)
            if match:
                aliases[name] = match[1]
            else:
                sources[name] = text
        leads = {name: f"{name}.html" for name in sources}
        leads.update({name: leads[to] for name, to in aliases.items()})
        items = {"1": [], "3": []}
        for name, text in sorted(sources.items()):
            html, heads = manpage.convert(text, leads)
            title = name[:-2] + f"({name[-1]})"
            purpose = re.search(r"^\.SH NAME\n(.*)$", text, re.M)[1].replace("\\-", "-")
            self.add(f"man/{name}", f"<h1>{title}</h1>\n{html}", [(1, title, "")] + heads)
            items[name[-1]].append((f"man/{name}", title, purpose.partition(" - ")[2]))
        rows = ["<h1>Manual</h1>"]
        for section, what in (("1", "Commands"), ("3", "libweir")):
            rows.append(f'<h2 id="section-{section}">{what}</h2>\n<div class="wide" tabindex="0"><table><tbody>')
            rows += [f'<tr><td><a href="{os.path.basename(page)}.html">{title}</a></td><td>{escape(text)}</td></tr>'
                     for page, title, text in items[section]]
            rows.append("</tbody></table></div>")
        self.add("man/index", "\n".join(rows), [(1, "Manual", ""), (2, "Commands", "section-1"), (2, "libweir", "section-3")])

    def add_stages(self):
        names = re.findall(r"^(\S+) ", self.ask("stages").partition("\n\n")[0], re.M)
        rows, parts, heads = [], [], [(1, "All stages", "")]
        for name in names:
            head, options = self.stage(name)
            ports, summary = head
            rows.append(f'<tr><td><a href="#{name}"><code>{name}</code></a></td><td>{escape(ports)}</td>'
                        f"<td>{escape(summary)}</td></tr>")
            heads.append((2, name, name))
            parts.append(f'<h2 id="{name}"><code>{name}</code></h2>\n<p>{escape(summary)}<br><em>{escape(ports)}</em></p>')
            if options:
                parts.append("<dl>" + "\n".join(f"<dt><code>{escape(option)}</code></dt><dd>{escape(text)}</dd>"
                                                for option, text in options) + "</dl>")
        link = self.link_from("docs/guide.md", "stages")
        intro = ("<h1>All stages</h1>\n<p>As <code>weir stages</code> and <code>weir stages NAME</code> tell it. Every stage "
                 f'takes the <a href="{link("guide.md#what-the-engine-is-told")}">@ options of the engine</a>, too.</p>')
        table = ('<div class="wide" tabindex="0"><table><thead><tr><th>stage</th><th>takes and gives</th><th>what it does</th>'
                 "</tr></thead><tbody>" + "\n".join(rows) + "</tbody></table></div>")
        self.add("stages", "\n".join([intro, table] + parts), heads)

    def stage(self, name):
        """((ports, summary), [(option, text)]) out of what `weir stages NAME` prints."""
        lines = self.ask("stages", name).rstrip("\n").split("\n")
        ports = next(index for index, line in enumerate(lines) if index > 0 and not line.startswith("  "))
        summary = " ".join(line.strip() for line in lines[:ports]).partition(" - ")[2]
        options = []
        for line in lines[ports + 1:]:
            match = re.match(r"  (\S+(?: \.\.\.| \[\S+\])?)(?:  +(.*))?$", line)
            if match and not line.startswith("     "):
                options.append([match[1], match[2] or ""])
            elif options:
                options[-1][1] += " " + line.strip()
        return (lines[ports].replace("->", "→"), summary), options

    # --- how a page looks ---------------------------------------------------------------------------------

    def menu(self, page):
        others = [(name, self.pages[name][0]) for name in sorted(self.sources.values())
                  if "/" not in name and not any(name == one for _, entries in MENU for one, _ in entries)]
        html = []
        for heading, entries in MENU + [("Mechanisms", others + [("decisions/index", "Decisions")])]:
            html.append(f"<h2>{heading}</h2><ul>")
            for name, text in entries:
                current = ' aria-current="page"' if name == page else ""
                html.append(f'<li><a href="{self.way(page, name + ".html")}"{current}>{escape(text)}</a></li>')
            html.append("</ul>")
        return "\n".join(html)

    @staticmethod
    def way(page, to):
        return os.path.relpath(to, os.path.dirname(page) or ".")

    def contents(self, heads):
        entries = [(title, name) for level, title, name in heads if level == 2 and name]
        if not 3 <= len(entries) <= 30:
            return ""
        links = "\n".join(f'<li><a href="#{escape(name)}">{escape(re.sub("[`*]", "", title))}</a></li>' for title, name in entries)
        return f'<nav class="contents" aria-label="On this page"><ul>{links}</ul></nav>'

    def frame(self, page):
        title, html, heads = self.pages[page]
        head, end, rest = html.partition("</h1>")
        body = head + end + "\n" + self.contents(heads) + rest
        return read(os.path.join(HERE, "frame.html")).format(
            title=escape(title if page == "index" else f"{title} · weir"), root=self.way(page, "."), menu=self.menu(page),
            home=self.way(page, "index.html"), body=body, style=self.way(page, "page.css"),
            index=self.way(page, "search-index.js"), script=self.way(page, "search.js"))

    # --- to disk ------------------------------------------------------------------------------------------

    def put(self, name, text):
        path = os.path.join(self.out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def search_index(self):
        rows, entries = [], []
        for page, (title, html, _) in sorted(self.pages.items()):
            entries.append((page + ".html", title, html))
            if page == "stages":  # each of them can be found by its name
                entries += [(f"stages.html#{name}", name, part) for name, part in
                            re.findall(r'<h2 id="([^"]*)">(.*?)(?=<h2|$)', html, re.S)]
        for href, title, html in entries:
            text = re.sub(r"<[^>]+>", " ", html)
            for name, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
                text = text.replace(name, char)
            words = " ".join(text.split())
            rows.append("[" + ",".join(json_text(one) for one in (href, title, words)) + "]")
        return "const weirPages = [\n" + ",\n".join(rows) + "\n];\n"

    def write(self):
        for page in self.pages:
            self.put(page + ".html", self.frame(page))
        self.put("search-index.js", self.search_index())
        for name in ("page.css", "search.js"):
            self.put(name, read(os.path.join(HERE, name)))
        for path in self.assets:
            self.put(os.path.basename(path), read(os.path.join(ROOT, path)))


def json_text(text):
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("</", "<\\/")
    return '"' + re.sub(r"[\x00-\x1f\u2028\u2029]", lambda m: f"\\u{ord(m[0]):04x}", text) + '"'


def clear(folder):
    """Only what an earlier run may have left."""
    for path, _, names in os.walk(folder):
        for name in names:
            if name.endswith((".html", ".css", ".js", ".svg")):
                os.unlink(os.path.join(path, name))


def main():
    weir, man3, out = sys.argv[1:]
    clear(out)
    site = Site(os.path.abspath(weir), man3, out)
    site.find_markdown()
    site.add_markdown()
    site.add_manual()
    site.add_stages()
    site.add_files()
    site.write()
    print(f"{len(site.pages)} pages in {out}")


main()
