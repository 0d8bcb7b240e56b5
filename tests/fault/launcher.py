#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""novacrond started as root with --user: the daemon lives without root's rights, its launcher starts
plugin hosts under those that a root-owned file gives them, and nothing outlives a kill -9.

Needs root; exits with 77 without it. Everything lies in a folder of its own below /tmp.
"""
import collections
import json
import os
import pwd
import shutil
import signal
import stat
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon  # noqa: E402

DAEMON, HOST = pwd.getpwnam("nobody"), pwd.getpwnam("daemon")
SIM = "novacron.sim"


def status_of(pid):
    """Fields of /proc/PID/status; {} when it is gone or a zombie."""
    try:
        with open(f"/proc/{pid}/status") as f:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    except OSError:
        return {}
    return {} if fields.get("State", "").startswith("Z") else fields


def ids(pid, what):
    return {int(x) for x in status_of(pid)[what].split()}


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(x) for x in f.read().split()]


def until(what, fn, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = fn()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s in vain: {what}")


def check(holds, what):
    if not holds:
        raise AssertionError(what)


class Installed(Daemon):
    """Programs and plugins copied to where root alone may write; the state is the user's."""

    def __init__(self, build, folder):
        self.programs = f"{folder}/programs"
        os.makedirs(f"{self.programs}/bin")
        for name in ("novacrond", "nc-plugin-host"):
            shutil.copy(f"{build}/bin/{name}", f"{self.programs}/bin/{name}")
        shutil.copytree(f"{build}/plugins", f"{self.programs}/plugins")
        shutil.copytree(f"{build}/plugins/sim", f"{self.programs}/other")
        for top, folders, files in os.walk(self.programs):
            for name in folders + files:
                path = os.path.join(top, name)
                mode = os.stat(path).st_mode
                may = 0o555 if mode & 0o111 else 0o444  # a manifest refuses a file that may more
                os.chmod(path, mode & ~0o022 & 0o7777 | may)
        state = f"{folder}/state"
        super().__init__(self.programs, state, allow="process")
        os.chown(state, DAEMON.pw_uid, DAEMON.pw_gid)
        os.chmod(f"{state}/config.yaml", 0o644)
        self.rights = f"{folder}/rights.json"
        self.write_rights({})

    def write_rights(self, plugins, mode=0o644):
        with open(self.rights, "w") as f:
            json.dump({"plugins": plugins}, f)
        os.chmod(self.rights, mode)

    def arguments(self):
        return super().arguments() + ["--user", DAEMON.pw_name, "--rights", self.rights]

    def plugin(self):
        return self.call("GET", f"/api/v1/plugins/{SIM}")[1]

    def host(self):
        """The pid of its host process, once that is ready and its instance open."""
        doc = self.plugin()
        up = doc["state"] == "loaded" and any(i["state"] == "active" for i in doc["instances"])
        return doc.get("pid") if up else None

    def events(self, name):
        with open(self.log, errors="replace") as f:
            lines = [json.loads(line) for line in f if line.endswith("}\n")]
        return [e for e in lines if e["event"] == name]


GOOD = {"user": HOST.pw_name, "groups": ["games"]}


def nothing_starts_without_rights(d):
    """Each in turn is refused, says why, and is not held against the plugin."""
    folder = f"{d.programs}/plugins/sim"
    good = {SIM: dict(GOOD, folder=folder)}
    tampered = f"{d.programs}/other/lib/plugin.so"
    mode = os.stat(tampered).st_mode
    os.chmod(tampered, mode | stat.S_IWUSR)
    with open(tampered, "ab") as f:
        f.write(b"x")
    os.chmod(tampered, mode)
    # what, rights, mode and owner of the file, what the refusal says
    cases = [
        ("no entry", {}, 0o644, 0, "the launcher has no rights for plugin"),
        ("a file others may write", good, 0o666, 0, "not safe"),
        ("a file of somebody else", good, 0o644, DAEMON.pw_uid, "not safe"),
        ("no such user", {SIM: dict(GOOD, folder=folder, user="nobody-at-all")}, 0o644, 0,
         "there is no user"),
        ("another plugin's folder", {SIM: dict(GOOD, folder=f"{d.programs}/plugins/store-sqlite")},
         0o644, 0, "not novacron.sim"),
        ("code that was changed", {SIM: dict(GOOD, folder=f"{d.programs}/other")}, 0o644, 0,
         "its manifest says"),
    ]
    for what, rights, mode, owner, says in cases:
        d.write_rights(rights, mode)
        os.chown(d.rights, owner, 0)
        status, doc = d.call("POST", f"/api/v1/plugins/{SIM}/load", {})
        check(status >= 400 and says in doc["detail"], f"{what}: {status} {doc}")
        check(d.plugin()["state"] not in ("quarantined", "loaded"), f"{what}: {d.plugin()}")
    os.chown(d.rights, 0, 0)
    d.write_rights(good)


def rights_are_those_of_the_file(d, launcher):
    pid = until("a host", d.host)
    check(int(status_of(pid)["PPid"]) == launcher, "the launcher is not the host's parent")
    for what, want in (("Uid", HOST.pw_uid), ("Gid", HOST.pw_gid)):
        check(ids(pid, what) == {want}, f"host: {what} {ids(pid, what)}")
    check(len(ids(pid, "Groups")) == 1, f"host: groups {ids(pid, 'Groups')}")
    check(status_of(pid)["NoNewPrivs"] == "1", "host: it may gain rights by exec")
    check(int(status_of(pid)["CapEff"], 16) == 0, "host: it has capabilities")
    ignored = int(status_of(pid)["SigIgn"], 16)
    check(not ignored >> (signal.SIGTERM - 1) & 1, "host: SIGTERM is ignored")
    fds = {os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}
    check(not any("state" in name or "rights" in name for name in fds), f"host: {fds}")
    return pid


def events_after(d, cursor):
    doc = d.call("GET", f"/api/v1/events?topics=plugin&limit=1000&after={cursor}")[1]
    check(all(e["key"] == SIM for e in doc["items"]), f"events {doc}")
    return collections.Counter(e["type"] for e in doc["items"])


def five_crashes_are_quarantine(d):
    """After 1, 2, 4 and 8 s it is back; the fifth is one too many until it is released."""
    cursor = d.call("GET", "/api/v1/events")[1]["cursor"]
    for _ in range(5):
        pid = until("a host", d.host)
        os.kill(pid, signal.SIGKILL)
        until("its loss", lambda: d.plugin().get("pid") != pid)
    until("the quarantine", lambda: d.plugin()["state"] == "quarantined")
    check("five times in ten minutes" in d.plugin()["reason"], d.plugin()["reason"])
    died = [e for e in d.events("plugin.host.died") if "restart_ms" in e]
    pauses = [e["restart_ms"] for e in died]
    check(pauses == [1000, 2000, 4000, 8000, -1], f"pauses {pauses}")
    hows = {e["how"] for e in died}
    check(hows == {"signal 9 (Killed)"}, f"they died of {hows}")
    until("its event", lambda: events_after(d, cursor)["plugin.quarantined"] == 1)
    check(events_after(d, cursor)["plugin.host.died"] == 5, f"{events_after(d, cursor)}")
    status, doc = d.call("POST", f"/api/v1/plugins/{SIM}/release", {})
    check(status == 200, f"release: {status} {doc}")
    return until("the host after its release", d.host)


def run(build):
    folder = tempfile.mkdtemp(prefix="launcher-", dir="/tmp")
    os.chmod(folder, 0o755)
    d = Installed(os.path.abspath(build), folder)
    try:
        d.start()
        check(ids(d.proc.pid, "Uid") == {DAEMON.pw_uid}, "the daemon has kept a right of root's")
        check(ids(d.proc.pid, "Gid") == {DAEMON.pw_gid}, "the daemon has kept a group of root's")
        check(int(status_of(d.proc.pid)["CapEff"], 16) == 0, "the daemon has capabilities")
        check(os.stat(d.log).st_uid == DAEMON.pw_uid, "the log is not the daemon's to open again")
        launcher = [c for c in children(d.proc.pid) if status_of(c)["Name"] == "nc-launcher"]
        check(len(launcher) == 1 and ids(launcher[0], "Uid") == {0}, f"launcher {launcher}")
        nothing_starts_without_rights(d)
        status, doc = d.call("POST", "/api/v1/providers", {"name": "sim", "plugin": SIM})
        check(status in (201, 202), f"provider: {status} {doc}")
        rights_are_those_of_the_file(d, launcher[0])
        pid = five_crashes_are_quarantine(d)
        d.kill()
        until("the end of all", lambda: not status_of(pid) and not status_of(launcher[0]), 20)
        # Without its launcher the daemon loses its hosts, says so, and blames no plugin for it.
        d.start()
        pid = until("a host", d.host)
        launcher = [c for c in children(d.proc.pid) if status_of(c).get("Name") == "nc-launcher"]
        os.kill(launcher[0], signal.SIGKILL)
        until("the end of the host", lambda: not status_of(pid))
        until("a start without a launcher", lambda: len(d.events("plugin.host.start_failed")) >= 3)
        check(d.plugin()["state"] == "lost", f"{d.plugin()}")
        check(d.stop() == 0, "the daemon did not end well")
        # An orderly end takes them along as well.
        d.start()
        pid = until("a host", d.host)
        launcher = [c for c in children(d.proc.pid) if status_of(c)["Name"] == "nc-launcher"]
        check(d.stop() == 0, "the daemon did not end well")
        check(not status_of(pid) and not status_of(launcher[0]), "something was left running")
    except BaseException:
        print(d.tail(6000))
        raise
    finally:
        if d.proc and d.proc.poll() is None:
            d.kill()
        shutil.rmtree(folder)
    print("the launcher keeps its word")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(77)
    run(sys.argv[1])
