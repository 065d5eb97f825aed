"""Many sessions at once on one server: latency, throughput, and whether all answers are right.

    python -m benchmarks.serve [RUN]          without a run a small language model is trained first

Meanwhile `benchmarks/probe.py` asks for ``/health`` ten times a second.

Every session reads its own words, one request a word, all sessions at the same time. In the end the candidates of each
are compared with those of the network without a server: a lost word, or two sessions mixed up, counts as wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

import recur
from benchmarks import machine

CLOSE = 1e-3
WORDS = ["the", "a", "dog", "cat", "sun", "moon", "river", "house", "sees", "likes", "finds", "old", "new", "red"]


def small_model(folder: Path) -> Path:
    """A language model that is trained in seconds."""
    draw = random.Random(0)
    lines = [" ".join(draw.choices(WORDS, k=12)) for _ in range(400)]
    (folder / "text.txt").write_text("\n".join(lines) + "\n")
    out = folder / "small"
    recur.fit(folder / "text.txt", documents="line", out=out, hidden_size=128, epochs=2, progress=False)
    return out


def free_port() -> int:
    """An unused port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("the server stopped before it answered")
        try:
            httpx.get(f"{address}/health", timeout=2)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


class Line:
    """One connection that stays open; a client library's pool of a thousand would be what is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a body and return that of the answer."""
        data = json.dumps(body).encode()
        lines = (f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json")
        head = "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""])
        self.writer.write(head.encode() + data)
        await self.writer.drain()
        said = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(said.partition("content-length:")[2].split("\r\n")[0])
        answer: dict[str, Any] = json.loads(await self.reader.readexactly(size))
        if int(said.split()[1]) >= 400:
            raise SystemExit(f"{path}: {answer}")
        return answer


async def talk(port: int, words: list[str], waited: list[float]) -> tuple[int, list[Any]]:
    """One session: a request a word; the items it has read in the end, and its candidates."""
    line = Line(*await asyncio.open_connection("127.0.0.1", port))
    opened = await line.post("/sessions", {})
    found: dict[str, Any] = {}
    for word in words:
        began = time.perf_counter()
        found = await line.post(f"/sessions/{opened['session']}/read", {"text": word, "top": 5})
        waited.append(time.perf_counter() - began)
    line.writer.close()
    return found["items"], found["candidates"]


async def load(port: int, texts: list[list[str]]) -> tuple[list[tuple[int, list[Any]]], list[float], float]:
    """Run all sessions at once; return their results, every latency, and the total time."""
    waited: list[float] = []
    began = time.perf_counter()
    found = await asyncio.gather(*(talk(port, words, waited) for words in texts))
    return list(found), waited, time.perf_counter() - began


def wrong(model: recur.Model, texts: list[list[str]], found: list[tuple[int, list[Any]]]) -> int:
    """Number of sessions whose result differs from that of the network without a server."""
    expected = model.predict([" ".join(words) for words in texts], top=5)
    bad = 0
    for words, (items, candidates), one in zip(texts, found, expected, strict=True):
        known = dict(one.scores)
        same = all(abs(known.get(c["value"], -1.0) - c["probability"]) < CLOSE for c in candidates[:3])
        bad += not (same and items >= len(words))
    return bad


def main() -> None:
    """Serve, load, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--words", type=int, default=20, help="words that each session reads")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = given.run or small_model(Path(folder))
        model = recur.load(run)
        draw = random.Random(1)
        vocabulary = WORDS if given.run is None else [w for w in model.target_codec.vocabulary if w.isalpha()]  # type: ignore[attr-defined]
        texts = [draw.choices(vocabulary, k=given.words) for _ in range(given.sessions)]
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        serve = [sys.executable, "-m", "recur", "serve", str(run), "--port", str(port), "--workers"]
        server = subprocess.Popen([*serve, str(given.workers)])
        try:
            wait_for(address, server)
            probe = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("probe.py")), str(port)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            found, waited, seconds = asyncio.run(load(port, texts))
            probed = sorted(map(float, probe.communicate(timeout=60)[0].split()))
            health = httpx.get(f"{address}/health").json()
        finally:
            server.terminate()
            server.wait(30)
        bad = wrong(model, texts, found)
    waited.sort()
    figures = {
        "sessions": given.sessions, "words": given.sessions * given.words, "seconds": round(seconds, 2),
        "tokens_per_second": round(given.sessions * given.words / seconds), "wrong": bad,
        "p50_ms": round(1000 * statistics.median(waited), 1),
        "p99_ms": round(1000 * waited[int(0.99 * (len(waited) - 1))], 1),
        "health_p50_ms": round(statistics.median(probed), 1),
        "health_p99_ms": round(probed[int(0.99 * (len(probed) - 1))], 1),
        "health_max_ms": round(probed[-1], 1),
        "session_bytes": health["session_bytes"] // max(1, health["sessions"]),
    }  # fmt: skip
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"machine  {machine.describe()}")
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<18} {value:,}")


if __name__ == "__main__":
    main()
