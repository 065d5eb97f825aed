"""``/metrics``: what the server has done, in Prometheus' text format.

A label never has a value from a request other than the name of a network or a documented route, so that no client can
make the page grow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the classes of latencies, in seconds."""

Labels = tuple[tuple[str, str], ...]


class Histogram:
    """Latencies of one route: how many were at most each of `BUCKETS`, and their sum."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """Count one latency."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.sum += seconds

    def lines(self, name: str, labels: Labels) -> Iterable[str]:
        """The lines of the page: cumulative counts, the sum and the number."""
        total = 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            total += count
            yield sample(f"{name}_bucket", total, (*labels, ("le", bound.removesuffix(".0"))))
        yield sample(f"{name}_sum", self.sum, labels)
        yield sample(f"{name}_count", total, labels)


class Requests:
    """Counts of the requests that were answered, by route, method and status; used by the event loop alone."""

    def __init__(self) -> None:
        self.running = 0
        self._answered: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[str, Histogram] = {}

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = route, method, status
        self._answered[key] = self._answered.get(key, 0) + 1
        histogram = self._seconds.get(route)
        if histogram is None:
            histogram = self._seconds[route] = Histogram()
        histogram.add(seconds)

    def lines(self) -> Iterable[str]:
        """The lines of the page."""
        yield from family("recur_requests_total", "counter", "Requests answered.")
        for (route, method, status), count in sorted(self._answered.items()):
            labels = ("route", route), ("method", method), ("status", str(status))
            yield sample("recur_requests_total", count, labels)
        yield from family("recur_request_seconds", "histogram", "Time from the headers of a request to its answer.")
        for route, histogram in sorted(self._seconds.items()):
            yield from histogram.lines("recur_request_seconds", (("route", route),))
        yield from gauge("recur_requests_in_progress", "Requests that are being answered.", {(): self.running})


def added(pages: Sequence[str]) -> str:
    """The page of several processes: the samples of all pages, added; the version is that of the first.

    >>> added(["a 1\\nb 2\\n", "a 3\\n"]), added(["recur_info 1\\n", "recur_info 1\\n"])
    ('a 4\\nb 2\\n', 'recur_info 1\\n')
    """
    families: dict[str, dict[str, float]] = {}  # by the lines that head them
    for page in pages:
        head = ""
        for line in page.splitlines():
            if line.startswith("# HELP"):
                head = line
            elif line.startswith("#"):
                kind = families.setdefault(head, {})
                kind.setdefault(line, 0)
            else:
                name, _, value = line.rpartition(" ")
                values = families.setdefault(head, {})
                number = float(value) if "." in value or "e" in value else int(value)
                values[name] = values.get(name, 0) + number if not name.startswith("recur_info") else number
    return "".join(f"{line}\n" for line in _written(families))


def _written(families: Mapping[str, Mapping[str, float]]) -> Iterable[str]:
    for head, values in families.items():
        if head:
            yield head
        for name, value in values.items():
            yield name if name.startswith("#") else sample(name, value)


def family(name: str, kind: str, about: str) -> Iterable[str]:
    """The head of a metric."""
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def gauge(name: str, about: str, values: Mapping[Labels, float]) -> Iterable[str]:
    """A metric that goes up and down."""
    yield from family(name, "gauge", about)
    yield from (sample(name, value, labels) for labels, value in values.items())


def counter(name: str, about: str, values: Mapping[Labels, float]) -> Iterable[str]:
    """A metric that only grows."""
    yield from family(name, "counter", about)
    yield from (sample(name, value, labels) for labels, value in values.items())


def sample(name: str, value: float, labels: Labels = ()) -> str:
    r"""One line.

    >>> sample("recur_tokens_total", 3, (("model", 'a "b"'),))
    'recur_tokens_total{model="a \\"b\\""} 3'
    """
    text = ",".join(f'{key}="{_escaped(of)}"' for key, of in labels)
    number = str(value) if isinstance(value, int) else repr(round(value, 9))
    return f"{name}{{{text}}} {number}" if text else f"{name} {number}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
