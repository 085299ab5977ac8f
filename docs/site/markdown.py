"""Markdown as our pages write it, to HTML: headings, paragraphs, lists, tables, code, links, emphasis. No library."""
import re


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def anchor(title):
    """As GitHub makes them."""
    plain = re.sub(r"[`*\\]|\[([^]]*)\]\([^)]*\)", r"\1", title)
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def inline(text, link):
    """`link(target)` says where a link of the page leads."""
    held = []

    def hold(html):
        held.append(html)
        return f"\0{len(held) - 1}\0"

    text = re.sub(r"(`+)(.+?)\1", lambda m: hold(f"<code>{escape(m[2].strip())}</code>"), text)
    text = re.sub(r"!\[([^]]*)\]\(([^)\s]+)\)",
                  lambda m: hold(f'<img src="{escape(link(m[2]))}" alt="{escape(m[1])}">'), text)
    text = escape(text)
    text = re.sub(r"\[([^]]+)\]\(([^)\s]+)\)", lambda m: f'<a href="{link(m[2].replace("&amp;", "&"))}">{m[1]}</a>', text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*(?!\w)", r"<em>\1</em>", text)
    text = re.sub(r"\\([\\|*`_])", r"\1", text)
    return re.sub("\0(\\d+)\0", lambda m: held[int(m[1])], text)


def cells(line):
    found = re.split(r"(?<!\\)\|", line.strip().strip("|") if not line.rstrip().endswith("\\|") else line.strip()[1:])
    return [cell.replace("\\|", "|").strip() for cell in found]


def code_block(kind, lines):
    html = []
    for line in lines:
        text = escape(line)
        if kind == "console" and line.startswith(("$ ", "> ")):
            text = f'<b><i>{line[0].replace(">", "&gt;")}</i>{escape(line[1:])}</b>'
        html.append(text)
    return f'<pre tabindex="0"><code>{chr(10).join(html)}</code></pre>'


def table(rows, link):
    # A row of dashes is what makes a head of the row before it.
    head, body = cells(rows[0]), [cells(row) for row in rows[2:]]
    html = ['<div class="wide" tabindex="0"><table>']
    if any(head):
        html.append("<thead><tr>" + "".join(f"<th>{inline(cell, link)}</th>" for cell in head) + "</tr></thead>")
    html.append("<tbody>")
    for row in body:
        html.append("<tr>" + "".join(f"<td>{inline(cell, link)}</td>" for cell in row) + "</tr>")
    return "\n".join(html + ["</tbody></table></div>"])


def list_items(lines):
    """(indent, ordered, text) of each item, its continuations in it."""
    items = []
    for line in lines:
        match = re.match(r"(\s*)([-*]|\d+\.) +(.*)", line)
        if match:
            items.append([len(match[1]), match[2][0].isdigit(), match[3]])
        else:
            items[-1][2] += " " + line.strip()
    return items


def listing(lines, link):
    html, open_lists = [], []
    for indent, ordered, text in list_items(lines):
        while open_lists and indent < open_lists[-1][0]:
            html.append(f"</li></{open_lists.pop()[1]}>")
        if not open_lists or indent > open_lists[-1][0]:
            open_lists.append((indent, "ol" if ordered else "ul"))
            html.append(f"<{open_lists[-1][1]}>")
        else:
            html.append("</li>")
        html.append(f"<li>{inline(text, link)}")
    while open_lists:
        html.append(f"</li></{open_lists.pop()[1]}>")
    return "\n".join(html)


def convert(text, link):
    """(HTML, [(level, title, anchor)])"""
    lines, html, heads, taken = text.split("\n"), [], [], {}
    at = 0

    def until(stops):
        nonlocal at
        begin = at
        while at < len(lines) and not stops(lines[at]):
            at += 1
        return lines[begin:at]

    while at < len(lines):
        line = lines[at]
        fence = re.match(r"\s*```(\S*)", line)
        if not line.strip():
            at += 1
        elif line.startswith("<!--"):
            until(lambda one: "-->" in one)
            at += 1
        elif fence:
            at += 1
            html.append(code_block(fence[1], until(lambda one: one.strip() == "```")))
            at += 1
        elif line.startswith("#"):
            level, title = len(line) - len(line.lstrip("#")), line.lstrip("#").strip()
            name = anchor(title)
            taken[name] = taken.get(name, -1) + 1
            name += f"-{taken[name]}" if taken[name] else ""
            heads.append((level, title, name))
            html.append(f'<h{level} id="{name}">{inline(title, link)}</h{level}>')
            at += 1
        elif line.startswith("|") and at + 1 < len(lines) and re.match(r"\|[\s|:-]+\|?$", lines[at + 1]):
            html.append(table(until(lambda one: not one.startswith("|")), link))
        elif line.startswith("    "):
            block = until(lambda one: one.strip() and not one.startswith("    "))
            while not block[-1].strip():
                block.pop()
            html.append(code_block("", [one[4:] for one in block]))
        elif re.match(r"\s*([-*]|\d+\.) ", line):
            html.append(listing(until(lambda one: not one.strip() or one.startswith(("#", "```", "|"))), link))
        else:
            at += 1  # its first line may begin as something else does, such as a "|" that begins no table
            paragraph = [line] + until(lambda one: not one.strip() or one.startswith(("#", "```", "|", "<!--")) or
                                       re.match(r"([-*]|\d+\.) ", one))
            html.append(f"<p>{inline(' '.join(one.strip() for one in paragraph), link)}</p>")
    return "\n".join(html), heads
