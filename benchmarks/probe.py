"""The latency of ``/health``, asked ten times a second in a process of its own: a millisecond figure per line.

python benchmarks/probe.py PORT          until stdin is closed
"""

from __future__ import annotations

import http.client
import select
import sys
import time


def main() -> None:
    """Ask on one connection, and print how long each answer took."""
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        began = time.perf_counter()
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"/health: {answer.status}")
        print(1000 * (time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
