# SPDX-License-Identifier: Apache-2.0
"""What a scenario acts on: a folder of its own, daemons, programs, HTTP requests, mounts. All that
was started is ended by its process id when the scenario is over."""
import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

GRACE_S = 20  # for processes that are on their way out


class Result:
    """What a program or a request gave back."""

    def __init__(self, code, out, err="", headers=None):
        self.code, self.out, self.err = code, out, err
        self.headers = headers or {}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class World:
    def __init__(self, binaries, plugins):
        self.dir = tempfile.mkdtemp(prefix="nct-")
        self.mark = os.path.basename(self.dir)
        self.bin = binaries
        self.socket = os.path.join(self.dir, "run", "api.sock")
        self.daemon = None
        self.extra_config = []
        self.background = {}
        self.mounts = []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("NOVACRON_")}
        self.env |= {"NCT_WORLD": self.mark, "NOVACRON_SOCKET": self.socket, "LC_ALL": "C.UTF-8",
                     "PATH": binaries + os.pathsep + os.environ.get("PATH", "")}
        self.variables = {"DIR": self.dir, "BIN": binaries, "PLUGINS": plugins,
                          "SOCKET": self.socket, "ISOLATION": "in_process",
                          "SRC": os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
                              os.path.abspath(__file__)))))}

    # ---- files ----

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def write_base_config(self):
        """What every daemon here has; `config` puts its own over it."""
        v = self.variables
        self.write("base.yaml", f"""
system: {{data_dir: {self.dir}/data, run_dir: {self.dir}/run, node_id: nct}}
server: {{socket_group: ""}}
logging: {{format: json, level: debug, file: {self.dir}/daemon.log}}
plugins:
  path: [{v["PLUGINS"]}]
  allow: ["novacron.sim:{v["ISOLATION"]}"]
""")

    def config_files(self):
        if not os.path.exists(self.path("base.yaml")):
            self.write_base_config()
        return [self.path(n) for n in ["base.yaml"] + self.extra_config]

    # ---- daemons ----

    def start_daemon(self, arguments):
        command = [os.path.join(self.bin, "novacrond")]
        for name in self.config_files():
            command += ["--config", name]
        with open(self.path("daemon.err"), "ab") as err:
            self.daemon = subprocess.Popen(command + arguments, stdin=subprocess.DEVNULL,
                                           stdout=err, stderr=err, env=self.env,
                                           start_new_session=True)

    def daemon_is_ready(self):
        try:
            return self.request("GET", "/ready", timeout=2).code == 200
        except OSError:
            return False

    def wait_daemon(self, limit_s):
        """The exit code, or None when it still runs."""
        try:
            return self.daemon.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None

    def daemon_runs(self):
        return self.daemon is not None and self.daemon.poll() is None

    def daemon_log(self):
        text = ""
        for name in ("daemon.log", "daemon.err"):
            try:
                with open(self.path(name), encoding="utf-8", errors="replace") as f:
                    text += f.read()
            except FileNotFoundError:
                pass
        return text

    # ---- programs and requests ----

    def run(self, command, stdin="", limit_s=60, user=None):
        if user is not None:
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] + command
        done = subprocess.run(command, input=stdin, env=self.env, cwd=self.dir, text=True,
                              capture_output=True, timeout=limit_s, errors="replace", check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, name, command):
        self.background[name] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.env, cwd=self.dir, text=True, errors="replace")

    def join(self, name, limit_s):
        process = self.background.pop(name)
        try:
            out, err = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"\n(killed after {limit_s} s)"
        return Result(process.returncode, out, err)

    def request(self, method, path, body=None, headers=None, timeout=60):
        connection = UnixConnection(self.socket, timeout)
        try:
            headers = dict(headers or {})
            if body is not None:
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body=body and body.encode(), headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return Result(answer.status, text, headers={k.lower(): v for k, v in answer.getheaders()})
        finally:
            connection.close()

    # ---- a disk that can be full ----

    def mount_tmpfs(self, name, size):
        os.makedirs(self.path(name), exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "nct",
                        self.path(name)], check=True, capture_output=True)
        self.mounts.append(self.path(name))

    def fill(self, name):
        """Every byte that is left, in one file."""
        with open(self.path(name), "wb", buffering=0) as f:
            for chunk in (1 << 20, 4096, 1):
                try:
                    while f.write(b"\0" * chunk) == chunk:
                        pass
                except OSError:
                    continue

    # ---- the end ----

    def left_over(self):
        """Processes that carry our mark and still run."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if f"NCT_WORLD={self.mark}".encode() not in f.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                    if f.read().rpartition(")")[2].split()[0] != "Z":
                        found.append(int(pid))
            except OSError:
                continue
        return found

    def end(self):
        """End everything; returns a line about what did not end by itself, or None."""
        for process in [self.daemon] + list(self.background.values()):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        until = time.monotonic() + GRACE_S
        while self.left_over() and time.monotonic() < until:
            time.sleep(0.05)
        stale = self.left_over()
        for pid in stale:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        for mount in self.mounts:
            subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
        return f"processes outlived the daemon: {stale}" if stale else None

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)
