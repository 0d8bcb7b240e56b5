#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lock must bite: headers changed in every way that breaks plugins are refused by name, and the
one way that doesn't, an append, passes. With gcc and clang.

mutate.py INCLUDE_DIR LOCK_C [CC...]
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

# name, header, pattern, replacement, what the refusal must name (None: it must pass)
CASES = [
    ("an append at the end of a table", "plugin.h",
     r"(void \(\*op_complete\)\([^;]*;[^\n]*\n)", r"\1\tvoid (*appended)(nc_host_ctx *);\n", None),
    ("an insertion in the middle", "plugin.h",
     r"(\tuint64_t \(\*op_deadline_ns\))", r"\tvoid (*inserted)(nc_host_ctx *);\n\1",
     "nc_host.op_deadline_ns"),
    ("a changed parameter", "plugin.h",
     r"nc_op, uint32_t permille, const char \*phase", "nc_op, int32_t permille, const char *phase",
     "nc_host.op_progress"),
    ("a lost const", "abi.h", r"const void \*ptr;", "void *ptr;", "nc_bytes.ptr"),
    ("a renumbered constant", "abi.h", r"NC_E_QUOTA = -6", "NC_E_QUOTA = -60", "NC_E_QUOTA"),
    ("a renumbered anonymous constant", "abi.h", r"NC_DETACHED = 4", "NC_DETACHED = 6",
     "NC_DETACHED"),
    ("a changed scalar", "abi.h", r"typedef int32_t nc_code;", "typedef uint32_t nc_code;",
     "nc_code"),
    ("another extension id", "compute.h", r'"nc.compute/1"', '"nc.compute/2"', "NC_EXT_COMPUTE"),
    ("another signature of a verb", "plugin.h",
     r"typedef nc_code \(\*nc_verb_fn\)\(nc_inst \*, nc_op, nc_bytes target",
     "typedef nc_code (*nc_verb_fn)(nc_inst *, nc_op, const nc_bytes *target", "nc_verb_fn"),
]


def compiles(cc, include, lock):
    r = subprocess.run([cc, "-std=gnu17", f"-I{include}", "-fsyntax-only", lock],
                       capture_output=True, text=True)
    return r.returncode == 0, r.stderr


def one(case, include, lock, cc):
    name, header, pattern, replacement, named = case
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(f"{include}/novacron", f"{folder}/novacron")
        path = f"{folder}/novacron/{header}"
        with open(path, encoding="utf-8") as f:
            text = f.read()
        changed, n = re.subn(pattern, replacement, text, count=1)
        if n != 1:
            return f"{name}: nothing in {header} matches any more"
        with open(path, "w", encoding="utf-8") as f:
            f.write(changed)
        ok, errors = compiles(cc, folder, lock)
    if named is None:
        return None if ok else f"{name}: refused by {cc}:\n{errors[:500]}"
    if ok:
        return f"{name}: {cc} let it pass"
    return None if named in errors else f"{name}: {cc} does not name {named}:\n{errors[:500]}"


def main():
    include, lock, ccs = sys.argv[1], sys.argv[2], sys.argv[3:] or ["gcc", "clang"]
    bad = 0
    for cc in ccs:
        ok, errors = compiles(cc, include, lock)
        print(f"{'ok  ' if ok else 'FAIL'} {cc}: the headers keep {os.path.basename(lock)}")
        if not ok:
            print(errors)
            bad += 1
        for case in CASES:
            why = one(case, include, lock, cc)
            print(f"{'FAIL' if why else 'ok  '} {cc}: {why or case[0]}")
            bad += why is not None
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
