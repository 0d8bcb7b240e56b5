# SPDX-License-Identifier: Apache-2.0
"""The statements: one function each, found by its first word. A statement may be tried again and
again by `until`, so each is complete in itself."""
import os
import re
import shutil
import signal
import subprocess
import time

from nct.expect import check_all, check_text, split
from nct.parse import Wrong, expand, words

READY_S = 60  # generous: sanitizers, and a machine that does other things
END_S = 60


class Skip(Exception):
    """This can't be shown here."""


def seconds(text, place):
    match = re.fullmatch(r"(\d+)(ms|s|m)", text)
    if not match:
        raise Wrong(place, f"{text!r} is no time like 10s")
    return int(match.group(1)) * {"ms": 0.001, "s": 1, "m": 60}[match.group(2)]


def detail(how, name, world):
    """The text of a `body`, `stdin` … line: in place, or a here-document."""
    for line in how:
        if line.text.split()[0] == name:
            text = line.block if line.block is not None else line.text[len(name):].strip()
            return expand(text, world.variables, line.place)
    return None


# ---- programs and requests ----

def act_run(world, statement):
    command = words(statement, world.variables)[1:]
    finish_run(world, statement, command)


def act_novacron(world, statement):
    finish_run(world, statement, words(statement, world.variables))


def finish_run(world, statement, command):
    how, expected = split(statement.details)
    limit = detail(how, "within", world)
    limit_s = seconds(limit, statement.place) if limit else 60
    try:
        result = world.run(command, detail(how, "stdin", world) or "", limit_s,
                           detail(how, "as", world))
    except subprocess.TimeoutExpired:
        raise Wrong(statement.place, f"has not ended within {limit_s:g} s") from None
    except OSError as e:
        raise Wrong(statement.place, str(e)) from e
    check_all(statement, expected, result, world.variables, "exit", 0)


def act_http(world, statement):
    """http METHOD PATH, with `header Name: value` and `body {…}` under it."""
    parts = words(statement, world.variables)
    if len(parts) != 3:
        raise Wrong(statement.place, "http METHOD PATH")
    how, expected = split(statement.details)
    headers = {}
    for line in how:
        if line.text.startswith("header "):
            name, _, value = expand(line.text[7:], world.variables, line.place).partition(":")
            headers[name.strip()] = value.strip()
    try:
        result = world.request(parts[1], parts[2], detail(how, "body", world), headers)
    except OSError as e:
        raise Wrong(statement.place, f"no answer: {e}") from e
    check_all(statement, expected, result, world.variables, "status", 200)


def act_background(world, statement):
    """background NAME COMMAND…: `join NAME` waits for it."""
    parts = words(statement, world.variables)
    world.start(parts[1], parts[2:])


def act_join(world, statement):
    how, expected = split(statement.details)
    limit = detail(how, "within", world)
    result = world.join(words(statement, world.variables)[1],
                        seconds(limit, statement.place) if limit else 60)
    check_all(statement, expected, result, world.variables, "exit", 0)


def act_signal(world, statement):
    """signal NAME TERM: to a background program, by its own process id."""
    _, name, which = words(statement, world.variables)
    world.background[name].send_signal(getattr(signal, "SIG" + which))


# ---- the daemon ----

def act_daemon(world, statement):
    parts = words(statement, world.variables)[1:]
    verbs = {"start": daemon_start, "fails": daemon_fails, "stop": daemon_stop,
             "kill": daemon_kill, "restart": daemon_restart, "signal": daemon_signal,
             "runs": daemon_runs, "ends": daemon_ends}
    if not parts or parts[0] not in verbs:
        raise Wrong(statement.place, f"daemon {'|'.join(verbs)}")
    verbs[parts[0]](world, statement, parts[1:])


def daemon_start(world, statement, arguments):
    world.start_daemon(arguments)
    until = time.monotonic() + READY_S
    while not world.daemon_is_ready():
        code = world.wait_daemon(0.02)
        if code is not None:
            raise Wrong(statement.place, f"the daemon ended with {code}:\n{tail(world)}")
        if time.monotonic() > until:
            raise Wrong(statement.place, f"not ready after {READY_S} s:\n{tail(world)}")


def daemon_fails(world, statement, arguments):
    """It must end by itself; `exit N` and `err has "…"` say how."""
    if os.path.exists(world.path("daemon.err")):
        os.unlink(world.path("daemon.err"))
    world.start_daemon(arguments)
    code = world.wait_daemon(READY_S)
    if code is None:
        raise Wrong(statement.place, "it runs, but should have failed")
    with open(world.path("daemon.err"), encoding="utf-8", errors="replace") as f:
        said = f.read()
    for line in statement.details:
        if line.text.startswith("exit "):
            if str(code) not in line.text.split()[1].split("|"):
                raise Wrong(line.place, f"exit is {code}: {said}")
        else:
            check_text(line, "err", said, world.variables)


def daemon_stop(world, statement, _):
    if not world.daemon_runs():
        raise Wrong(statement.place, f"the daemon does not run:\n{tail(world)}")
    world.daemon.send_signal(signal.SIGTERM)
    code = world.wait_daemon(END_S)
    if code != 0:
        raise Wrong(statement.place, f"exit is {code} (None: it still runs):\n{tail(world)}")


def daemon_kill(world, statement, _):
    if not world.daemon_runs():
        raise Wrong(statement.place, f"the daemon does not run:\n{tail(world)}")
    world.daemon.kill()
    world.daemon.wait()


def daemon_restart(world, statement, arguments):
    daemon_stop(world, statement, [])
    daemon_start(world, statement, arguments)


def daemon_signal(world, statement, arguments):
    world.daemon.send_signal(getattr(signal, "SIG" + arguments[0]))


def daemon_runs(world, statement, _):
    if not world.daemon_runs():
        raise Wrong(statement.place, f"the daemon is gone:\n{tail(world)}")


def daemon_ends(world, statement, _):
    """By itself, and not well: a plugin has crashed in it."""
    code = world.wait_daemon(END_S)
    if not code:
        raise Wrong(statement.place, f"exit is {code} (None: it still runs):\n{tail(world)}")


def tail(world):
    lines = world.daemon_log().splitlines()[-25:]
    if os.path.exists(world.path("daemon.err")):    # what a sanitizer has found
        with open(world.path("daemon.err"), encoding="utf-8", errors="replace") as f:
            lines += ["--- stderr", *f.read().splitlines()[-60:]]
    return "\n".join(lines)


def act_log(world, statement):
    """log has "…": of the daemon, all of its lives."""
    check_text(statement, "log", world.daemon_log(), world.variables)


# ---- files, variables, conditions ----

def act_config(world, statement):
    """config NAME <<END: put over the base; again with the same NAME: replaced."""
    name = words(statement, world.variables)[1] + ".yaml"
    world.write(name, expand(statement.block or "", world.variables, statement.place))
    if name not in world.extra_config:
        world.extra_config.append(name)


def act_file(world, statement):
    world.write(words(statement, world.variables)[1],
                expand(statement.block or "", world.variables, statement.place))


def act_edit(world, statement):
    """edit FILE "old" "new": old must be there once."""
    _, name, old, new = words(statement, world.variables)
    with open(world.path(name), encoding="utf-8") as f:
        text = f.read()
    if text.count(old) != 1:
        raise Wrong(statement.place, f"{old!r} is in {name} {text.count(old)} times")
    world.write(name, text.replace(old, new))


def act_set(world, statement):
    _, name, value = words(statement, world.variables)
    world.variables[name] = value


def act_env(world, statement):
    _, name, value = words(statement, world.variables)
    world.env[name] = value


def act_sleep(world, statement):
    time.sleep(seconds(words(statement, world.variables)[1], statement.place))


def act_needs(world, statement):
    """needs root, needs program NAME, needs path PATH: else it is skipped."""
    parts = words(statement, world.variables)[1:]
    if parts == ["root"]:
        if os.geteuid() != 0:
            raise Skip("needs root")
    elif parts[0] == "program":
        if not shutil.which(parts[1], path=world.env["PATH"]):
            raise Skip(f"needs {parts[1]}")
    elif parts[0] == "path":
        if not os.path.exists(parts[1]):
            raise Skip(f"needs {parts[1]}")
    else:
        raise Wrong(statement.place, "needs root|program NAME|path PATH")


def act_tmpfs(world, statement):
    _, name, size = words(statement, world.variables)
    try:
        world.mount_tmpfs(name, size)
    except (subprocess.CalledProcessError, OSError) as e:
        raise Skip(f"can't mount a tmpfs: {e}") from e


def act_fill(world, statement):
    world.fill(words(statement, world.variables)[1])


def act_remove(world, statement):
    os.unlink(world.path(words(statement, world.variables)[1]))


def act_until(world, statement):
    """until 10s STATEMENT: again and again until it holds."""
    _, limit, rest = statement.text.split(None, 2)
    until = time.monotonic() + seconds(limit, statement.place)
    inner = type(statement)(statement.place, rest)
    inner.details, inner.block = statement.details, statement.block
    pause = 0.02
    while True:
        try:
            act(world, inner)
            return
        except Wrong:
            if time.monotonic() > until:
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


ACTS = {name[4:]: fn for name, fn in list(globals().items()) if name.startswith("act_")}


def act(world, statement):
    fn = ACTS.get(statement.text.split()[0])
    if not fn:
        raise Wrong(statement.place, f"what is {statement.text.split()[0]!r}?")
    fn(world, statement)
