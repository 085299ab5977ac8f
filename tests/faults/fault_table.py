"""The table of docs/reliability.md: a row for what fails, three columns for the commands; written, and read again."""
import re

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
COMMANDS = ("hash", "run", "tail")
WORDS = {"right": "right", "said": "said", "ended": "ended"}


class Table:
    def __init__(self):
        self.rows, self.sites = {}, {command: set() for command in COMMANDS}

    def add(self, command, trial, column, site):
        row = self.rows.setdefault(trial.row, {"errnos": [], "kind": trial.kind})
        if trial.kind in ("call", "ring") and trial.how_name not in row["errnos"]:
            row["errnos"].append(trial.how_name)
        cell = row.setdefault(command, {})
        cell[column] = cell.get(column, 0) + 1
        if site:
            self.sites[command].add(site)

    def has(self, command, trial):
        return bool(self.rows.get(trial.row, {}).get(command))

    def text(self):
        order = ["call", "ring", "alloc", "await", "clock"]
        lines = ["| what fails, in turn | with | `hash` | `run` | `tail` |", "|---|---|---|---|---|"]
        for name, row in sorted(self.rows.items(), key=lambda item: (order.index(item[1]["kind"]), item[0])):
            cells = [", ".join(f"{row[command][column]} {column}" for column in WORDS if column in row.get(command, {}))
                     for command in COMMANDS]
            lines.append(f"| {name} | {' '.join(row['errnos'])} | {' | '.join(cells)} |")
        total = sum(number for row in self.rows.values() for command in COMMANDS for number in row.get(command, {}).values())
        awaits = ", ".join(f"{len(self.sites[command])} of `{command}`" for command in COMMANDS)
        lines += ["", f"{total:,} faults in all, none with a lost, doubled or half-written result, a crash or a hang. "
                  f"Awaits that a signal came at: {awaits}."]
        return "\n".join(lines)

    def write(self, path):
        with open(path, encoding="utf-8") as file:
            page = file.read()
        before, rest = page.split(BEGIN)
        after = rest.split(END)[1]
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{before}{BEGIN}\n{self.text()}\n{END}{after}")

    @staticmethod
    def read(path):
        table = Table()
        with open(path, encoding="utf-8") as file:
            part = file.read().split(BEGIN)[1].split(END)[0]
        for line in part.splitlines():
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if len(cells) != 5 or cells[0].startswith(("what", "-")):
                continue
            row = table.rows[cells[0]] = {"errnos": cells[1].split(), "kind": ""}
            for command, cell in zip(COMMANDS, cells[2:]):
                row[command] = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", cell)}
        return table
