"""Changed files through every reader: rows or a `RecurError`, within a bound of time and memory.

``python -m tests.fuzz.readers FIRST COUNT`` runs cases FIRST ... FIRST + COUNT - 1 in this process; each follows from
its number alone. It writes the number of the case before it runs, so that a crash names it, and a line per failure.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from recur.codecs import (
    AudioCodec,
    CharactersCodec,
    ClassCodec,
    FramesCodec,
    ImagesCodec,
    NotesCodec,
    NumbersCodec,
    SpelledWordsCodec,
    SubwordsCodec,
    TagsCodec,
    WordsCodec,
)
from recur.config import Config
from recur.data.readers.media import codec_of
from recur.errors import RecurError
from recur.training.check import check
from tests.fuzz import samples

ADDRESS_SPACE = 8 * 2**30
MOST_MEMORY = 3 * 2**30
MOST_SECONDS = 20
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_TOKENS = (
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\x1b[2J", b"\r", b"\n", b'"', b",", b"\t", b"[[[[", b"{}", b"null", b"1e999",
    b"-", b"NaN", b"9" * 5000, b"\\ud800", b"[" * 2000, b"C4*999999999", b"@data", b"#", "\u202e²٣".encode(), b"inf",
)  # fmt: skip


def changed(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """A file after one to four changes: bits, bytes, numbers, cuts, repeats, insertions, a part of another file."""
    raw = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
        # headers are at the beginning, and changes there say more
        end = len(raw) if draw.random() < 0.5 else min(len(raw), 64)
        place = draw.randrange(end) if end else 0
        length = draw.choice((1, 2, 4, 8, 30))
        match draw.randrange(9):
            case 0 if raw:
                raw[place] ^= 1 << draw.randrange(8)
            case 1 if raw:
                raw[place] = draw.randrange(256)
            case 2:
                size = draw.choice((1, 2, 4))
                number = draw.choice(_NUMBERS) & (1 << 8 * size) - 1
                raw[place : place + size] = number.to_bytes(size, draw.choice(("little", "big")))
            case 3:
                del raw[place : place + length]
            case 4:
                del raw[place if place else len(raw) // 2 :]
            case 5:
                raw[place:place] = raw[place : place + length] * draw.choice((1, 3, 200))
            case 6:
                raw[place:place] = draw.choice(_TOKENS)
            case 7:
                raw[place:place] = draw.randbytes(length)
            case _:
                other = draw.choice(others)
                first = draw.randrange(len(other)) if other else 0
                raw[place : place + length] = other[first : first + draw.choice((4, 30, 300))]
    return bytes(raw)


def value(draw: random.Random, depth: int = 0) -> Any:
    """A value as a request or a row may hold it."""
    simple: list[Callable[[], Any]] = [
        lambda: None, lambda: draw.choice((True, False)), lambda: draw.randrange(-3, 200), lambda: draw.random() * 1e3,
        lambda: draw.choice((1e308, -1e308, float("inf"), float("nan"), 10**30, 10**400, 2**63)),
        lambda: "".join(chr(draw.choice((65, 97, 33, 32, 10, 0x1B, 0xD800, 0x202E, 0x1F600, 0x301))) for _ in range(9)),
        lambda: draw.choice(_TOKENS).decode("utf-8", "surrogateescape"), lambda: b"bytes", lambda: "C4 D4/2 r",
    ]  # fmt: skip
    if depth < 4 and draw.random() < 0.6:
        inner = [value(draw, depth + 1) for _ in range(draw.choice((0, 1, 2, 3, 88)) if depth else draw.randrange(4))]
        return inner if draw.random() < 0.9 else {str(place): each for place, each in enumerate(inner)}
    return draw.choice(simple)()


@lru_cache(maxsize=1)
def fitted() -> list[Any]:
    """Codecs of everything that is no file, with something to know."""
    text = ["it isn't so , he said .", "The U.S. 3.14 (well-known)"]
    return [
        WordsCodec().fit(text[:1]), WordsCodec(lower=True).fit(text[1:]), CharactersCodec().fit(text),
        SubwordsCodec(size=300).fit(text), SpelledWordsCodec().fit(text), ClassCodec().fit(["a", 1]),
        TagsCodec().fit([["a", "b"]]), NumbersCodec(sequence=True).fit([[[1, 2], [3, 5]]]),
        NumbersCodec(sequence=False, missing="mean").fit([1, 2, 4]), NumbersCodec(sequence=True).fit([[1, 2, 3]]),
        NotesCodec().fit(["C4 D4"]), NotesCodec("melody").fit(["C4 D4"]),
    ]  # fmt: skip


def encode(given: Any) -> None:
    """Run a value through every codec; one that is refused is as good as one that is encoded."""
    for codec in fitted():
        for action in (lambda codec=codec: codec.decode(codec.encode(given)), lambda codec=codec: codec.show(given)):
            try:
                action()
            except RecurError as error:
                str(error)


def read(path: Path) -> None:
    """Check a file as `recur check` does, or run it through the codec of its name."""
    kind = codec_of(path)
    try:
        if kind is None:
            str(check(Config.of(source=str(path))))
            return
        codec: Any = {"images": ImagesCodec, "audio": AudioCodec, "notes": NotesCodec, "frames": FramesCodec}[kind]()
        codec.check_file(path)
        codec.fit([path])
        codec.encode(path)
    except RecurError as error:
        str(error)


def read_folder(name: str, files: dict[str, bytes], folder: Path, draw: random.Random) -> None:
    """Check a folder of media by class, and a table that names its files, some of them changed."""
    kind = codec_of(name) or ""
    rows = []
    for place in range(12):
        path = folder / "ab"[place % 2] / f"{place}{Path(name).suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(changed(files[name], list(files.values()), draw) if place % 3 == 2 else files[name])
        rows.append(f"{path.parent.name}/{path.name},{path.parent.name}")
    table = folder / "table.csv"
    table.write_bytes(f"{kind},label\n".encode() + "\n".join(rows).encode())
    for source in (folder, table):
        options = {
            "source": str(source),
            "damaged": draw.choice(("skip", "error")),
            "image_size": 8,
            "exclude": ["*.csv"],
        }
        try:
            str(check(Config.of(**options)))
        except RecurError as error:
            str(error)


def run(number: int, files: dict[str, bytes], folder: Path) -> None:
    """Run one case."""
    draw = random.Random(number)
    if number % 5 == 0:
        encode(value(draw))
        return
    name = draw.choice(sorted(files))
    if number % 11 == 0 and codec_of(name) is not None:
        read_folder(name, files, folder / f"folder{number}", draw)
        return
    path = folder / name
    path.write_bytes(changed(files[name], list(files.values()), draw))
    read(path)
    if number % 7 == 0:
        encode(path.read_bytes().decode("utf-8", "replace")[:20_000])


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"more than {MOST_SECONDS} s")


def main(first: int, count: int) -> int:
    """Run cases, and return how many failed."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    signal.signal(signal.SIGPROF, _too_long)
    warnings.simplefilter("ignore")
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = samples.every(folder)
        for number in range(first, first + count):
            print(f"case {number}", flush=True)
            signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
            began = time.process_time()
            try:
                run(number, files, folder)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                failed += 1
                print(f"FAILED {number}: {''.join(traceback.format_exception(error)[-4:])}", flush=True)
            signal.setitimer(signal.ITIMER_PROF, 0)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            if memory > MOST_MEMORY:
                print(f"FAILED {number}: {memory:,} bytes of memory", flush=True)
                return failed + 1
            if time.process_time() - began > MOST_SECONDS / 2:
                print(f"SLOW {number}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(100, main(int(sys.argv[1]), int(sys.argv[2]))))
