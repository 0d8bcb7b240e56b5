#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each list here names every function of its module that can fail, under a test that makes it fail.

A list has groups of a head line and, indented, the functions the head speaks for. A head is

    tests/unit/test_x.c name_of_a_test     the n-th allocation (in store and plugin the n-th system
                                           call too) fails in turn until nothing does, on a way that
                                           leads through these functions
    none <why>                             there is nothing to fail in turn: why, in a line; "none
                                           allocates nothing" is checked

A function of a module's headers can fail if it
  - answers nc_code, or
  - answers anything but void and leads to an allocation. The sources say so: its body, or that of a
    function called there, and so on, holds the name of an allocator.
What answers nothing keeps its failure for who asks, like nc_buf_failed, and is not looked at.

Exit code 1 and a line for each function that is not listed, or listed without being such a one, and
for each test that is not there."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "base": ["kernel/base"],
    "config": ["kernel/config"],
    "store": ["kernel/store", "plugins/store-sqlite"],
    "op": ["kernel/op"],
    "plugin": ["kernel/plugin"],
}
ALLOCATOR = re.compile(
    r"(?:nc_)?(?:malloc|calloc|realloc|strn?dup|memdup|asprintf)"
    r"|json_(?:object|array|stringn?|integer|real|pack|copy|deep_copy|load\w+|dump\w+"
    r"|(?:object|array)_(?:set|append|insert|update)\w*)"
    r"|yaml_parser_\w+|sqlite3_(?:malloc|mprintf|open|prepare|exec|step|backup)\w*")
TYPE = r"^((?:const |struct |unsigned )*\w+ \**)(?:ss_printf\([^)]*\) )?"
DECLARED = re.compile(TYPE + r"((?:nc|ss)_\w+)\(", re.M)
DEFINED = re.compile(
    r"^(static )?(?:\w+(?:\([^)]*\))? )*?\w+ \**(\w+)\([^;{]*?\)\n\{\n(.*?)^\}", re.M | re.S)


def text_of(path):
    return re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)


def sources(pattern):
    folders = [folder for module in MODULES.values() for folder in module]
    return [path for folder in folders for path in sorted((ROOT / folder).glob(pattern))]


def bodies():
    """Where a function is seen (its file, or None: everywhere) and its name → what it calls there."""
    found = {}
    for path in sources("*.c"):
        for static, name, body in DEFINED.findall(text_of(path)):
            called = re.findall(r"\b(\w+)\(", body)
            found[path if static else None, name] = [(path, callee) for callee in called]
    return found


def allocating():
    """Names of functions with external linkage that lead to an allocation."""
    found, leads, more = bodies(), set(), True
    while more:
        more = {
            seen for seen, calls in found.items() if seen not in leads and any(
                ALLOCATOR.fullmatch(name) or (call if call in found else (None, name)) in leads
                for call in calls for name in call[1:])}
        leads |= more
    return {name for path, name in leads if path is None}


def fallible(folders, leads):
    names = set()
    for folder in folders:
        for header in sorted((ROOT / folder).glob("*.h")):
            for answer, name in DECLARED.findall(text_of(header)):
                answer = answer.strip()
                if answer == "nc_code" or (answer != "void" and name in leads):
                    names.add(name)
    return names


def read_list(module, leads, faults):
    """The functions that a list names; what is wrong with it by itself."""
    tested, excused, group, head, rest = set(), set(), set(), "", ""
    for line in (ROOT / f"tests/torture/{module}.txt").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            group |= set(line.split())
            if head == "none" and rest.startswith("allocates nothing"):
                faults += [f"{name} allocates" for name in line.split() if name in leads]
            continue
        head, _, rest = line.partition(" ")
        group = excused if head == "none" else tested
        path = ROOT / head
        if not rest.strip():
            faults.append(f"\"{line}\" says no more")
        elif head != "none" and (not path.is_file() or
                                 f"void {rest}(void)" not in path.read_text()):
            faults.append(f"{head} has no test {rest}")
    faults += [f"{name} is listed with a test and without" for name in sorted(tested & excused)]
    return tested | excused


def main():
    leads = allocating()
    n_faults = 0
    for module, folders in MODULES.items():
        faults = []
        there, listed = fallible(folders, leads), read_list(module, leads, faults)
        faults += [f"{name} can fail and is not listed" for name in sorted(there - listed)]
        faults += [f"{name} is listed and cannot fail" for name in sorted(listed - there)]
        if not there:
            faults.append(f"nothing found in {', '.join(folders)}")
        for fault in faults:
            print(f"tests/torture/{module}.txt: {fault}")
        n_faults += len(faults)
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
