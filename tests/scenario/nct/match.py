# SPDX-License-Identifier: Apache-2.0
"""Whether JSON holds what is expected of it: a subset match that names the first difference."""
import json
import re

ABSENT = "!absent"


def differ(want, got, at="$"):
    """None, or one line about where they differ.

    Objects may have more members; "*" is anything; "~…" is a regular expression; "!absent" is a
    member that must not be there; a list that begins with "..." needs each of the others somewhere.
    """
    if want == "*":
        return None
    if isinstance(want, str) and want.startswith("~"):
        if isinstance(got, str) and re.search(want[1:], got):
            return None
        return f"{at}: {show(got)} does not match {want[1:]!r}"
    if isinstance(want, dict):
        return differ_object(want, got, at)
    if isinstance(want, list):
        return differ_list(want, got, at)
    if type(want) is not type(got) or want != got:
        return f"{at}: {show(got)}, not {show(want)}"
    return None


def differ_object(want, got, at):
    if not isinstance(got, dict):
        return f"{at}: {show(got)} is no object"
    for key, value in want.items():
        if value == ABSENT:
            if key in got:
                return f"{at}.{key}: is there: {show(got[key])}"
            continue
        if key not in got:
            return f"{at}.{key}: is not there; there are {', '.join(got) or 'no members'}"
        why = differ(value, got[key], f"{at}.{key}")
        if why:
            return why
    return None


def differ_list(want, got, at):
    if not isinstance(got, list):
        return f"{at}: {show(got)} is no list"
    if want[:1] == ["..."]:
        for value in want[1:]:
            if all(differ(value, g, at) for g in got):
                return f"{at}: nothing in it is like {show(value)}; it is {show(got)}"
        return None
    if len(want) != len(got):
        return f"{at}: {len(got)} elements, not {len(want)}: {show(got)}"
    for i, (w, g) in enumerate(zip(want, got)):
        why = differ(w, g, f"{at}[{i}]")
        if why:
            return why
    return None


def show(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + "…"


def find(document, path):
    """`operation.id`, `items.0.name` in a document; KeyError when it is not there."""
    for word in path.split("."):
        document = document[int(word)] if isinstance(document, list) else document[word]
    return document
