# SPDX-License-Identifier: Apache-2.0
"""The lines set in under a statement: what its result must be, and what to keep of it."""
import json
import re

from nct.match import differ, find
from nct.parse import Wrong, expand, words


def split(lines):
    """Details that say how to do a thing, and those that say what must come of it."""
    how = [d for d in lines if d.text.split()[0] in ("header", "body", "stdin", "within", "as")]
    return how, [d for d in lines if d not in how]


def parse_json(line, text, variables):
    text = expand(line.block if line.block is not None else text, variables, line.place)
    try:
        return json.loads(text)
    except ValueError as e:
        raise Wrong(line.place, f"is not JSON: {e}") from e


def document_of(line, result):
    try:
        return json.loads(result.out)
    except ValueError as e:
        raise Wrong(line.place, f"the answer is not JSON ({e}): {result.out[:400]!r}") from e


def check_text(line, what, text, variables):
    """`out has "…"`, `out lacks "…"`, `out is "…"`, `out matches "…"`"""
    rest = words(line, variables)[1:]
    if len(rest) != 2:
        raise Wrong(line.place, f'{what} has|lacks|is|matches "text"')
    verb, want = rest
    holds = {"has": lambda: want in text, "lacks": lambda: want not in text,
             "is": lambda: text.strip() == want.strip(),
             "matches": lambda: re.search(want, text, re.M) is not None}
    if verb not in holds:
        raise Wrong(line.place, f"{what} {verb}: not a way to compare")
    if not holds[verb]():
        shown = text if len(text) < 2000 else text[:1000] + "\n…\n" + text[-1000:]
        raise Wrong(line.place, f"{what} {verb} {want!r} does not hold; it is:\n{shown}")


def check_count(line, result, variables):
    """`count items 3`: how many elements a list has."""
    _, path, n = words(line, variables)
    got = find(document_of(line, result), path)
    if len(got) != int(n):
        raise Wrong(line.place, f"{path} has {len(got)} elements, not {n}: {json.dumps(got)[:600]}")


def check_none(line, result, rest, variables):
    """`none items {"name": "x"}`: no element of a list is like that."""
    path, _, text = rest.partition(" ")
    unlike = parse_json(line, text, variables)
    for element in find(document_of(line, result), path):
        if differ(unlike, element) is None:
            raise Wrong(line.place, f"in {path} is {json.dumps(element)[:600]}")


def check_header(line, result, variables):
    _, name, want = words(line, variables)
    got = result.headers.get(name.lower())
    if got is None or not re.search(want, got):
        raise Wrong(line.place, f"header {name} is {got!r}")


def save(line, result, variables):
    """`save NAME path`: keep a member; `save NAME` keeps the whole output."""
    parts = words(line, variables)
    if len(parts) == 2:
        variables[parts[1]] = result.out.strip()
        return
    try:
        value = find(document_of(line, result), parts[2])
    except (KeyError, IndexError, TypeError, ValueError) as e:
        raise Wrong(line.place, f"{parts[2]} is not in {result.out[:600]}") from e
    variables[parts[1]] = value if isinstance(value, str) else json.dumps(value)


def check_code(line, result, variables):
    want = words(line, variables)[1]
    if str(result.code) not in want.split("|"):
        said = (result.err or result.out).strip()
        raise Wrong(line.place, f"{line.text.split()[0]} is {result.code}, not {want}: {said[:1500]}")


def check(line, result, variables):
    """One expectation."""
    kind, _, rest = line.text.partition(" ")
    if kind in ("exit", "status"):
        check_code(line, result, variables)
    elif kind == "out":
        check_text(line, "out", result.out, variables)
    elif kind == "err":
        check_text(line, "err", result.err, variables)
    elif kind == "json":
        why = differ(parse_json(line, rest, variables), document_of(line, result))
        if why:
            raise Wrong(line.place, why)
    elif kind == "count":
        check_count(line, result, variables)
    elif kind == "none":
        check_none(line, result, rest, variables)
    elif kind == "answers":
        check_header(line, result, variables)
    elif kind == "save":
        save(line, result, variables)
    else:
        raise Wrong(line.place, f"what is {kind!r}?")


def check_all(statement, lines, result, variables, code_word, default):
    """Every expectation; the code must be `default` where none names it."""
    if not any(d.text.split()[0] == code_word for d in lines):
        if result.code != default:
            said = (result.err or result.out).strip()
            raise Wrong(statement.place,
                        f"{code_word} is {result.code}, not {default}: {said[:1500]}")
    for line in lines:
        check(line, result, variables)
