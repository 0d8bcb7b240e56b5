#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What changed in the structs of the plugin API, in abidiff's words: for readers. The gate is the lock,
since abidiff tells an append and a break alike, and sees neither constants nor a lost const.

report.py REVISION          these headers against those of a revision; nothing when they are alike
report.py --check INCLUDE   the breaks that mutate.py knows and structs show are told of by name
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from generate import HEADERS, ast, structs  # noqa: E402
from mutate import CASES  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
HERE = os.path.join(ROOT, "plugin-api", "include")
UNSEEN = {"nc_bytes.ptr", "NC_E_QUOTA", "NC_DETACHED", "NC_EXT_COMPUTE"}
SKIPPED = 77


def build(include, folder):
    """A shared object that stands for the headers: a variable of each struct."""
    os.makedirs(folder)
    body = "".join(f'#include "novacron/{h}"\n' for h in HEADERS)
    body += "".join(f"struct {name} show_{name};\n" for name, _ in structs(ast(include)))
    subprocess.run(["gcc", "-std=gnu17", f"-I{include}", "-g", "-shared", "-fPIC", "-x", "c", "-",
                    "-o", f"{folder}/headers.so"], input=body, text=True, check=True)
    return f"{folder}/headers.so"


def report(old, new):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(["abidiff", "--leaf-changes-only", build(old, f"{folder}/old"),
                              build(new, f"{folder}/new")], capture_output=True, text=True)
    if run.returncode & 3:              # bits: it failed, it was called wrongly; 4 is a change
        raise SystemExit(f"abidiff: {run.stderr}{run.stdout}")
    return run.stdout if run.returncode else ""


def check(include):
    """The faults of the report itself."""
    faults = [f"headers that are alike: {said}"] if (said := report(include, include)) else []
    for name, header, pattern, replacement, named in CASES:
        if named in UNSEEN:
            continue
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(f"{include}/novacron", f"{folder}/novacron")
            with open(f"{folder}/novacron/{header}", "r+", encoding="utf-8") as f:
                text = re.sub(pattern, replacement, f.read(), count=1)
                f.seek(0)
                f.truncate()
                f.write(text)
            said = report(include, folder)
        word = (named or "appended").split(".")[-1]
        print(f"{'ok  ' if word in said else 'FAIL'} {name}: {word}")
        if word not in said:
            faults.append(f"{name}: {word} is not named in: {said}")
    return faults


def main():
    if not shutil.which("abidiff"):
        print("skipped: needs abidiff (abigail-tools)")
        return SKIPPED
    if sys.argv[1] == "--check":
        faults = check(sys.argv[2])
        print("\n".join(faults))
        return 1 if faults else 0
    with tempfile.TemporaryDirectory() as folder:
        headers = subprocess.run(["git", "-C", ROOT, "archive", sys.argv[1], "plugin-api/include"],
                                 capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=headers, check=True)
        print(report(f"{folder}/plugin-api/include", HERE), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
