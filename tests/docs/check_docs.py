#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hold the documents to the code.

usage: check_docs.py [--novacron PROGRAM] [--write]

Without a program only what can be read is checked: links, files that are named, routes, locks, the
page of each module, width. With one: the table of configuration.md, and that each command that is
shown exists with the flags it is shown with: in the pages, and in what the programs themselves say.
--write puts the table there instead.
"""
import argparse
import functools
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH = 128
BEGIN = "<!-- made by `novacron config docs`; put here by `tests/docs/check_docs.py --write` -->\n"
END = "<!-- end -->\n"
faults = []


def fault(path, what):
    faults.append(f"{path.relative_to(ROOT)}: {what}")


def pages():
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def sources(*folders):
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.[ch]"))


def blocks(text):
    """Lines of code blocks, fenced and indented, as (line number, text)."""
    is_fenced = False
    for n, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            is_fenced = not is_fenced
        elif is_fenced:
            yield n, line
        elif line.startswith("    "):
            yield n, line[4:]


# ---- what can be read ----

def check_links(path, text):
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        file, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = path if not file else (path.parent / file)
        if not there.exists():
            fault(path, f"links to {target}, which is not there")
        elif anchor and there.suffix == ".md":
            heads = re.findall(r"^#+ (.*)$", there.read_text(), flags=re.M)
            slugs = [re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads]
            if anchor not in slugs:
                fault(path, f"links to {target}, which has no such heading")


def check_files(path, text):
    """Paths in backticks that begin like a folder of the tree."""
    tops = "kernel|plugin-api|plugins|sdk|host|cli|tests|scripts|deploy|cmake|docs"
    for name in re.findall(rf"`((?:{tops})/[\w./-]*\w)/?`", text):
        if not (ROOT / name).exists():
            fault(path, f"names {name}, which is not there")


def check_width(path, text):
    is_fenced = False
    for n, line in enumerate(text.split("\n"), 1):
        is_fenced ^= line.startswith("```")
        if len(line) > WIDTH and not is_fenced and not line.startswith(("|", "    ", "<!--")):
            fault(path, f"line {n} has {len(line)} columns")


def routes():
    """Method and pattern of each route, with the few macros of the tables put in."""
    for path in sources("kernel/api"):
        text = path.read_text()
        macros = dict(re.findall(r'#define (\w+) "([^"]+)"', text))
        families = re.findall(r'FAMILY\("([^"]+)"\)', text)
        for pattern in re.findall(r"\.pattern = ((?:\w+|\"[^\"]*\"|\s)+),", text):
            for prefix in families if pattern.startswith("prefix") else [""]:
                known = {**macros, "prefix": prefix}
                parts = re.findall(r'"([^"]*)"|(\w+)', pattern)
                yield path, "".join(a or known.get(b, "") for a, b in parts)


def check_routes():
    page = (ROOT / "docs/api.md").read_text()
    for path, pattern in routes():
        told = pattern.replace("/api/v1/tasks", "/api/v1/operations")
        if f"{told}`" not in page and f"{told}?" not in page:
            fault(path, f"serves {pattern}, which docs/api.md does not tell of")


def check_locks():
    page = (ROOT / "docs/internals/locks.md").read_text()
    for path in sources("kernel", "host", "plugins", "sdk"):
        for name in re.findall(r"pthread_mutex_t (\w+)( =|;|\[)", path.read_text()):
            if f"`{name[0]}`" not in page:
                fault(path, f"has {name[0]}, which docs/internals/locks.md does not name")


def check_modules():
    index = (ROOT / "docs/internals/README.md").read_text()
    folders = [*(ROOT / "kernel").iterdir(), *(ROOT / "plugins").iterdir(),
               ROOT / "host", ROOT / "sdk", ROOT / "cli"]
    for folder in sorted(folders):
        if folder.is_dir() and not re.search(rf"\b{folder.name}\b", index):
            fault(folder, "has no page in docs/internals/README.md")


# ---- what a program says ----

def run(program, *args):
    return subprocess.run([program, *args], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=60)


def check_table(program, is_writing):
    path = ROOT / "docs/configuration.md"
    head, rest = path.read_text().split(BEGIN)
    old, tail = rest.split(END)
    new = "\n" + run(program, "config", "docs").stdout.strip() + "\n\n"
    # The one default that depends on where it was built for.
    new = re.sub(r"\[/[^\]]*/novacron/plugins\]", "[LIBDIR/novacron/plugins]", new)
    if is_writing:
        path.write_text(head + BEGIN + new + END + tail)
    elif old.strip() != new.strip():
        fault(path, "is not what `novacron config docs` says: tests/docs/check_docs.py --write")
    keys = set(re.findall(r"^\| `([\w.]+)`", new, flags=re.M))
    for key in re.findall(r"^\| `([\w.]+)`", tail, flags=re.M):
        if key not in keys:
            fault(path, f"names {key}, which is no key")


def shown_commands(text):
    """Each call of novacron in a code block, as words; what a shell would do is cut off."""
    for n, line in blocks(text):
        line = re.sub(r"\s#.*$", "", line).strip()
        line = re.sub(r"^\$ |^sudo (-u \w+ )?", "", line)
        if not re.match(r"novacron ", line):
            continue
        line = re.split(r" [|;>&]| && |<\(", line)[0]
        try:
            yield n, shlex.split(line)[1:]
        except ValueError:
            yield n, line.split()[1:]


@functools.cache
def command_help(program, names):
    """What --help says of exactly these words, or None: they are no command."""
    got = run(program, *names, "--help")
    head = "usage: novacron " + " ".join(names)
    return got.stdout if got.returncode == 0 and got.stdout.startswith(head) else None


def check_command(program, path, where, words):
    """Words as they follow `novacron`: the longest beginning that is a command, and its flags."""
    names = []
    for w in words:
        if not re.fullmatch(r"[a-z][a-z-]*", w):
            break
        names.append(w)
    while names and command_help(program, tuple(names)) is None:
        names.pop()
    help_text = names and command_help(program, tuple(names))
    # A family ("vm ...") is no command, and a word after it that it does not have is a wrong one.
    rest = words[len(names):]
    if not help_text or help_text.split("\n")[0].endswith(" ...") and rest and rest[0][0].isalpha():
        fault(path, f"{where} shows `novacron {' '.join(words)}`, which is no command")
        return
    for flag in (w.split("=")[0] for w in words if w.startswith("-") and len(w) > 1):
        if not re.search(rf"(^|\s){re.escape(flag)}\b", help_text):
            fault(path, f"{where} shows {flag} of `novacron {' '.join(names)}`, which it lacks")


def check_commands(program, path, text):
    for n, words in shown_commands(text):
        if words and not words[0].startswith("-") and words[0] != "COMMAND":
            check_command(program, path, f"line {n}", words)
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    for said in re.findall(r"`novacron ([a-z][^`]*)`", prose):
        check_command(program, path, "a sentence", said.split())


# Names of keys, which are no commands.
NO_COMMANDS = {"novacron secret seal 1", "novacron secret digest 1"}


def literals(text):
    """String literals, as the compiler joins them; comments are left out."""
    pieces = r'"(?:\\.|[^"\\\n])*"'
    others = r"/\*.*?\*/|//[^\n]*|'(?:\\.|[^'\\\n])+'"
    for m in re.finditer(rf"{others}|{pieces}(?:\s*{pieces})*", text, flags=re.S):
        if m.group().startswith('"'):
            joined = "".join(p[1:-1] for p in re.findall(pieces, m.group()))
            joined = joined.replace("\\n", "\n").replace('\\"', '"')
            yield text.count("\n", 0, m.start()) + 1, joined


def check_said(program):
    """Hints, errors and help: each `novacron …` in a literal of the code, and what scripts/up advises."""
    up = ROOT / "scripts/up"
    for n, line in enumerate(up.read_text().split("\n"), 1):
        if said := re.match(r"\s+novacron (.*)", line):
            check_command(program, up, f"line {n}", said.group(1).split())
    for path in sources("kernel", "cli", "plugins", "host", "sdk"):
        if path.name == "completion.c": # scripts for shells
            continue
        for n, literal in literals(path.read_text()):
            if literal in NO_COMMANDS:
                continue
            for said in re.findall(r"\bnovacron ([a-z][^\n;:,.`()]*)", literal):
                said = re.split(r" (?:and|or|says|shows|tells|with) |\bnovacron ", said)[0]
                check_command(program, path, f"line {n}", said.split())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--novacron")
    p.add_argument("--write", action="store_true")
    args = p.parse_args()
    if args.write and not args.novacron:
        p.error("--write needs --novacron")
    if args.novacron:
        check_table(args.novacron, args.write)
    for path in pages():
        text = path.read_text()
        check_links(path, text)
        check_files(path, text)
        check_width(path, text)
        if args.novacron:
            check_commands(args.novacron, path, text)
    if args.novacron:
        check_said(args.novacron)
    check_routes()
    check_locks()
    check_modules()
    for f in faults:
        print(f)
    sys.exit(f"{len(faults)} faults" if faults else 0)


main()
