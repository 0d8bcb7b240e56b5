# SPDX-License-Identifier: Apache-2.0
"""From a scenario's text to statements. tests/scenario/README.md says what the language is."""
import re
import shlex

VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


class Wrong(Exception):
    """The scenario can't be read, or what it expects did not come about."""

    def __init__(self, place, text):
        super().__init__(f"{place}: {text}")


class Line:
    """One line with its place; `block` is a here-document that belongs to it."""

    def __init__(self, place, text):
        self.place = place
        self.text = text
        self.block = None


class Statement(Line):
    """A line at the left margin and the lines set in under it."""

    def __init__(self, place, text):
        super().__init__(place, text)
        self.details = []


def expand(text, variables, place):
    def value(match):
        name = match.group(1) or match.group(2)
        if name not in variables:
            raise Wrong(place, f"there is no variable {name}")
        return variables[name]

    return VARIABLE.sub(value, text)


def words(line, variables):
    """Split as a shell would, then expand: a value with spaces stays one word."""
    try:
        return [expand(w, variables, line.place) for w in shlex.split(line.text, comments=True)]
    except ValueError as e:
        raise Wrong(line.place, str(e)) from e


def strip_comment(text):
    return "" if text.lstrip().startswith("#") else text.rstrip()


def take_block(line, numbered, place_of):
    """`… <<END` takes the lines up to END, without the indentation of the first."""
    match = re.search(r"\s<<(\w+)$", line.text)
    if not match:
        return
    line.text = line.text[:match.start()]
    taken = []
    for number, text in numbered:
        if text.strip() == match.group(1):
            margin = len(taken[0]) - len(taken[0].lstrip()) if taken else 0
            line.block = "".join(t[margin:] + "\n" for t in taken)
            return
        taken.append(text)
    raise Wrong(line.place, f"<<{match.group(1)} has no end")


def parse(path):
    """All statements of a file, in order."""
    with open(path, encoding="utf-8") as f:
        numbered = iter(list(enumerate(f.read().split("\n"), 1)))

    def place_of(number):
        return f"{path}:{number}"

    statements = []
    for number, raw in numbered:
        text = strip_comment(raw)
        if not text:
            continue
        if text[0] in " \t":
            if not statements:
                raise Wrong(place_of(number), "is set in under nothing")
            line = Line(place_of(number), text.strip())
            statements[-1].details.append(line)
        else:
            line = Statement(place_of(number), text)
            statements.append(line)
        take_block(line, numbered, place_of)
    return statements
