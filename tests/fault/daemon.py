# SPDX-License-Identifier: Apache-2.0
"""A daemon under test: started in a folder of its own, spoken to over its socket, killed by pid."""
import http.client
import json
import os
import signal
import socket
import subprocess
import time


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    def __init__(self, build, folder, config="", allow="in_process", env=None):
        self.build, self.folder, self.proc = os.path.abspath(build), folder, None
        self.env = env or {}
        self.socket = os.path.join(folder, "api.sock")
        self.log = os.path.join(folder, "daemon.log")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.yaml"), "w") as f:
            f.write(f"""server:
  socket_path: {self.socket}
  socket_group: ""
system:
  node_id: fault
  data_dir: {folder}/data
  run_dir: {folder}/run
logging:
  level: info
  format: json
  file: {self.log}
plugins:
  path: [{self.build}/plugins]
  state_dir: {folder}/plugins
  allow: ["novacron.sim:{allow}"]
{config}""")

    def arguments(self):
        return [f"{self.build}/bin/novacrond", "--config", f"{self.folder}/config.yaml"]

    def start(self, timeout=60):
        env = dict(os.environ, **self.env)
        self.proc = subprocess.Popen(
            self.arguments(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(f"{self.folder}/stderr.log", "ab"), env=env)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.proc.poll() is not None:
                raise RuntimeError(f"the daemon ended with {self.proc.returncode}:\n"
                                   + self.tail())
            try:
                status, _ = self.call("GET", "/ready", timeout=2)
                if status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.002)
        raise RuntimeError("the daemon does not get ready:\n" + self.tail())

    def tail(self, n=3000):
        text = ""
        for name in ("stderr.log", "daemon.log"):
            try:
                with open(f"{self.folder}/{name}", errors="replace") as f:
                    text += f"--- {name}\n" + f.read()[-n:]
            except OSError:
                pass
        return text

    def kill(self):
        self.proc.send_signal(signal.SIGKILL)
        self.proc.wait()

    def stop(self, timeout=30):
        self.proc.send_signal(signal.SIGTERM)
        return self.proc.wait(timeout)

    def connection(self, timeout=30):
        return UnixConnection(self.socket, timeout)

    def call(self, method, path, body=None, headers=None, timeout=30):
        c = self.connection(timeout)
        try:
            return request(c, method, path, body, headers)
        finally:
            c.close()


def request(conn, method, path, body=None, headers=None):
    """(status, document). Raises OSError or HTTPException when there was no whole answer."""
    data = json.dumps(body) if body is not None else None
    conn.request(method, path, data, dict(headers or {}))
    r = conn.getresponse()
    text = r.read()
    return r.status, json.loads(text) if text else None
