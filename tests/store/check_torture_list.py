#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""torture_list.txt names every function of the store's headers that returns a code, and tests that
are there. Exit code 1 and a line for each that is missing."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADERS = [*ROOT.glob("kernel/store/*.h"), *ROOT.glob("plugins/store-sqlite/*.h")]


def declared():
    names = set()
    for header in HEADERS:
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        names |= set(re.findall(r"^nc_code (?:ss_printf\([^)]*\) )?((?:nc|ss)_\w+)\(", text, re.M))
    return names


def main():
    faults, listed = [], set()
    for line in (ROOT / "tests/store/torture_list.txt").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            listed |= set(line.split())
            continue
        path, test = line.split()
        if path != "none" and f"void {test}(void)" not in (ROOT / path).read_text():
            faults.append(f"{path} has no test {test}")
    there = declared()
    faults += [f"{name} can fail and is not listed" for name in sorted(there - listed)]
    faults += [f"{name} is listed and not declared" for name in sorted(listed - there)]
    for fault in faults:
        print(f"tests/store/torture_list.txt: {fault}")
    return 1 if faults or not there else 0


if __name__ == "__main__":
    sys.exit(main())
