#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a service manager hears of a daemon: ready, reloading, stopping; and that TERM is heard while
it is still starting. usage: notify.py BUILD"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon  # noqa: E402


def told_before_it_began():
    """A signal that is blocked stays over an exec, so it comes before the first component."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.kill(os.getpid(), signal.SIGTERM)


def begin(daemon, **more):
    return subprocess.Popen(daemon.arguments(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, env=dict(os.environ, **daemon.env), **more)


def want(what, seen, wanted):
    if seen != wanted:
        raise AssertionError(f"{what}: {seen}, not {wanted}")


def whole_life(daemon, manager):
    proc = begin(daemon)
    try:
        want("when it starts", manager.recv(100), b"READY=1")
        want("/ready then", daemon.call("GET", "/ready")[0], 200)
        proc.send_signal(signal.SIGHUP)
        want("at HUP", manager.recv(100), b"RELOADING=1")
        want("after it", manager.recv(100), b"READY=1")
        proc.send_signal(signal.SIGTERM)
        want("at TERM", manager.recv(100), b"STOPPING=1")
        want("its end", proc.wait(120), 0)
    finally:
        proc.kill()


def stopped_while_starting(daemon, manager):
    proc = begin(daemon, preexec_fn=told_before_it_began)
    try:
        want("its end", proc.wait(120), 0)
    finally:
        proc.kill()
    manager.setblocking(False)
    try:
        raise AssertionError(f"it was told to stop and says {manager.recv(100)}")
    except BlockingIOError:
        pass


def main():
    folder = tempfile.mkdtemp(prefix="nc-notify-")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(f"{folder}/notify")
    manager.settimeout(120)
    daemon = Daemon(sys.argv[1], folder, env={"NOTIFY_SOCKET": f"{folder}/notify"})
    try:
        whole_life(daemon, manager)
        stopped_while_starting(daemon, manager)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
        print(f"{e}\n{daemon.tail()}")
        return 1
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
