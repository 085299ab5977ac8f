"""Pages of the manual, in the few macros that our own generators write, to HTML."""
import re

from markdown import escape


def unescape(text):
    """Escapes of roff in one line of text."""
    text = escape(text)
    text = text.replace("\\&amp;", "").replace("\\&", "").replace("\\-", "-").replace("\\e", "\\").replace("\\(dq", "&quot;")
    bold = re.sub(r"\\fB(.*?)\\fR", r"<strong>\1</strong>", text)
    return re.sub(r"\\fI(.*?)\\fR", r"<em>\1</em>", bold).replace("\\fR", "")


def linked(text, pages):
    """name(section) leads to its page, where there is one."""
    def link(match):
        name, section = re.sub(r"<[^>]+>", "", match[1]), match[2]
        page = pages.get(f"{name}.{section}")
        return f'<a href="{page}">{match[1]}({section})</a>' if page else match[0]
    return re.sub(r"((?:<strong>)?[\w-]+(?:</strong>)?)\(([1-8])\)", link, text)


def convert(source, pages):
    """(HTML, [(level, title, anchor)])"""
    html, heads, open_tags, pending_term = [], [], [], None

    def close(*kinds):
        while open_tags and (not kinds or open_tags[-1] in kinds):
            tag = open_tags.pop()
            html.append({"dd": "</dd></dl>", "pre": "</code></pre>", "p": "</p>"}[tag])

    def head(level, title):
        close()
        name = re.sub(r"[^\w-]", "", title.lower().replace(" ", "-"))
        name += f"-{sum(one[2].startswith(name) for one in heads)}" if any(one[2] == name for one in heads) else ""
        heads.append((level, title, name))
        html.append(f'<h{level} id="{name}">{escape(title)}</h{level}>')

    for line in source.split("\n"):
        macro, _, rest = line.partition(" ")
        text = linked(unescape(line), pages)
        if macro == ".TH" or line.startswith('.\\"'):
            continue
        if macro in (".SH", ".SS"):
            title = rest.strip('"').replace("\\-", "-").replace("\\e", "\\")
            head(2 if macro == ".SH" else 3, title.capitalize() if macro == ".SH" else title)
        elif line == ".PP":
            close()
        elif line == ".TP":
            close("p", "pre")
            pending_term = True
        elif line == ".nf":
            close("p")
            html.append('<pre tabindex="0"><code>')
            open_tags.append("pre")
        elif line == ".fi":
            close("pre")
        elif pending_term:
            if "dd" in open_tags:
                html.append("</dd>")
            else:
                html.append("<dl>")
                open_tags.append("dd")
            html.append(f"<dt>{text}</dt><dd>")
            pending_term = None
        elif open_tags and open_tags[-1] == "pre":
            html[-1] += text + "\n"
        elif not line.strip():
            close("p")
        else:
            if not open_tags:
                html.append("<p>")
                open_tags.append("p")
            html.append(text)
    close()
    return "\n".join(html).replace("\n</code></pre>", "</code></pre>"), heads
