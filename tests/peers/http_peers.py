#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The server against clients that others wrote: curl, and the WebSocket library of Debian's
python3-websockets. usage: http_peers.py ECHO_SERVER"""
import asyncio
import hashlib
import os
import ssl
import subprocess
import sys
import tempfile

try:
    import websockets
except ImportError:
    print("skipped: python3-websockets is not installed")
    sys.exit(77)


def curl(*args, data=None):
    return subprocess.run(["curl", "-sS", "--max-time", "30", *args], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def check_curl(plain, tls, pem):
    body = os.urandom(20 << 20)
    for url, args in ((f"http://127.0.0.1:{plain}", []),
                      (f"https://localhost:{tls}", ["--cacert", pem])):
        out = curl(*args, f"{url}/hello", f"{url}/hello")
        assert out.stdout == b"hello\nhello\n", out
        out = curl(*args, "--data-binary", "@-", f"{url}/echo", data=body)
        assert hashlib.sha256(out.stdout).digest() == hashlib.sha256(body).digest(), out.stderr
        out = curl(*args, "-H", "Transfer-Encoding: chunked", "--data-binary", "@-",
                   f"{url}/echo", data=body[:3 << 20])
        assert out.stdout == body[:3 << 20], out.stderr
    out = curl("-v", "--cacert", pem, f"https://localhost:{tls}/hello")
    assert b"TLSv1.3" in out.stderr and b"HTTP/1.1 200" in out.stderr, out.stderr
    out = curl(f"https://localhost:{tls}/hello")
    assert out.returncode == 60, out  # nobody vouches for it
    out = curl("--cacert", pem, "--tls-max", "1.2", f"https://localhost:{tls}/hello")
    assert out.returncode == 35, out
    out = curl(f"http://127.0.0.1:{tls}/hello")
    assert b"speaks HTTPS" in out.stdout, out


async def check_one(uri, context):
    async with websockets.connect(uri, ssl=context, max_size=None) as ws:
        for message in ("hello", "", "ärmel €😀", b"", b"\x00\xff" * 40000, "x" * (1 << 20)):
            await ws.send(message)
            assert await ws.recv() == message
        await ws.send(["in ", "", "parts, ", "€"])  # an iterable goes out in fragments
        assert await ws.recv() == "in parts, €"
        await asyncio.wait_for(await ws.ping(b"there?"), 5)
        for i in range(500):
            await ws.send(str(i))
        for i in range(500):
            assert await ws.recv() == str(i)
    assert ws.close_code == 1000, ws.close_code
    async with websockets.connect(uri, ssl=context) as ws:
        await ws.send("bye")
        try:
            await ws.recv()
            raise AssertionError("it did not close")
        except websockets.ConnectionClosed:
            assert (ws.close_code, ws.close_reason) == (4001, "as you wish")
    async with websockets.connect(uri, ssl=context, max_size=None) as ws:
        try:
            await ws.send(b"x" * ((2 << 20) + 1))
            await ws.recv()
            raise AssertionError("it took too much")
        except websockets.ConnectionClosed:
            assert ws.close_code == 1009, ws.close_code


async def check_many(uri, context, n):
    async def one(i):
        async with websockets.connect(uri, ssl=context) as ws:
            for k in range(5):
                await ws.send(f"{i} {k}")
                assert await ws.recv() == f"{i} {k}"
    await asyncio.gather(*(one(i) for i in range(n)))


def check_websockets(plain, tls, pem):
    context = ssl.create_default_context(cafile=pem)
    for uri, how in ((f"ws://127.0.0.1:{plain}/ws", None), (f"wss://localhost:{tls}/ws", context)):
        asyncio.run(check_one(uri, how))
        asyncio.run(check_many(uri, how, 100))


def main():
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([sys.argv[1], folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as server:
            plain, tls = map(int, server.stdout.readline().split())
            pem = f"{folder}/server.pem"
            try:
                check_curl(plain, tls, pem)
                check_websockets(plain, tls, pem)
            finally:
                server.stdin.close()
                code = server.wait(20)
            assert code == 0, f"the server ended with {code}"
    print(f"curl and websockets {websockets.__version__}: agreed")


if __name__ == "__main__":
    main()
