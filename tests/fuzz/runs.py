"""Changed run folders through `recur.load` and one answer: finite values or a `RecurError`, within bounds.

``python -m tests.fuzz.runs FIRST COUNT [FOLDER]`` runs cases FIRST ... FIRST + COUNT - 1 in this process; each follows
from its number alone. FOLDER keeps the trained networks for the next call. It writes the number of the case before it
runs, so that a crash names it, and a line per failure.

Most cases change a value and write the hashes again, so that the value itself reaches the code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from examples import files as examples

import recur
from recur import config_file
from recur.config import Config
from recur.errors import RecurError
from recur.run.opened import digest
from tests.fuzz.readers import changed

ADDRESS_SPACE = 8 * 2**30
MOST_MEMORY = 2 * 2**30
MOST_SECONDS = 10
DEEP = 3000

Ask = Callable[[recur.Model], Any]


class Kind(NamedTuple):
    """A small network: the data and the options that train it, and a question."""

    make: Callable[[Path], Any]
    file: str
    options: dict[str, Any]
    ask: Ask


def _predict(value: Any, **options: Any) -> Ask:
    return lambda model: model.predict([value], **options)


def _complete(model: recur.Model) -> Any:
    return model.complete("the clouds are", top=3)


def _play(model: recur.Model) -> Any:
    return model.complete("C4 D4"), model.generate("C4 D4", length=3, seed=0)


_SERIES = [[50.0 + step] for step in range(70)]
KINDS = {
    "words": Kind(examples.sentences, "a.txt", {"bptt": 8}, _complete),
    "characters": Kind(
        examples.sentences, "a.txt", {"documents": "line", "input_codec": "characters"},
        lambda model: model.generate("the c", length=4, seed=0),
    ),
    "subwords": Kind(examples.sentences, "a.txt", {"input_codec": "subwords", "max_vocab": 300}, _complete),
    "spelled": Kind(examples.tagged, "a.conll", {"character_size": 3}, _predict("the old cat")),
    "crf": Kind(examples.tagged, "a.conll", {"crf": True}, _predict("the old cat")),
    "classes": Kind(examples.reviews, "a.csv", {}, _predict("a fine film", top=2)),
    "numbers": Kind(examples.flowers, "a.csv", {}, _predict([4.0, 1.0], top=2)),
    "series": Kind(examples.series, "a.csv", {"input": "load"}, _predict(_SERIES, length=3)),
    "forecast": Kind(
        examples.series, "a.csv",
        {"input": "load", "horizon": 3, "forecast": "direct", "quantiles": [0.1, 0.5, 0.9], "relative_to": "season"},
        _predict(_SERIES),
    ),
    "pairs": Kind(
        examples.pairs, "a.tsv", {"mode": "many-to-many", "attention": "luong"}, _predict("a red house", beam=2)
    ),
    "notes": Kind(examples.songs, "songs", {}, _play),
    "melody": Kind(examples.songs, "songs", {"notes": "melody"}, _play),
    "pictures": Kind(examples.corners, "pictures", {}, _predict(np.zeros((8, 8), np.uint8))),
    "rows": Kind(examples.corners, "pictures", {"image_steps": "rows"}, _predict(np.zeros((8, 8), np.uint8))),
    "sounds": Kind(examples.sounds, "sounds", {}, _predict((np.zeros(4000), 8000))),
}  # fmt: skip


def train(folder: Path) -> dict[str, Path]:
    """Train a network of every kind whose libraries are there, once; return their run folders."""
    found = {}
    for name, kind in KINDS.items():
        run = folder / name / "run"
        if not (run / "metrics.json").is_file():
            (folder / name).mkdir(parents=True, exist_ok=True)
            source = folder / name / kind.file
            options = {"max_steps": 1, "hidden_size": 3, "batch_size": 4, "threads": 1, "progress": False}
            try:
                kind.make(source)
                recur.fit(source, out=run, **options, **kind.options)
            except recur.errors.MissingExtraError:
                continue
        kind.ask(recur.load(run))
        found[name] = run
    return found


def hostile(draw: random.Random) -> Any:
    """A value that does not belong into a run folder."""
    deep: Any = 1
    for _ in range(draw.choice((5, 200, DEEP))):
        deep = [deep] if draw.random() < 0.5 else {"a": deep}
    return draw.choice((
        None, True, False, 0, 1, -1, 2, 3, 7, 100, 10**6, 10**9, 2**31, 2**62, 2**63, 10**30, 10**399, 0.0, -0.5, 0.5,
        1.5, 1e-300, 1e300, -1e300, 1e9, "", "a", "words", "numbers", "class", "synced", "one-to-one", "last", "\0",
        "\x1b[2J", "\ud800", "a" * 100_000, "(a+)+$", [], {}, [0], [1, 2], [[]], ["a"], [None], [10**9] * 50, {"a": 1},
        deep, list(range(20_000)), {str(place): place for place in range(20_000)},
    ))  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value within a JSON value."""
    inner: list[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else []
    inner = list(enumerate(value)) if isinstance(value, list) else inner
    # of a long list some elements say as much as all
    inner = inner if len(inner) < 60 else inner[:20] + inner[-20:]
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path."""
    for key in path:
        value = value[key]
    return value


def altered(value: Any, other: Any, draw: random.Random) -> Any:
    """A JSON value after one change at one place: another value, a changed number, nothing, one from another file."""
    value = json.loads(json.dumps(value))
    path = draw.choice(places(value)[1:] or [()])
    if not path:
        return hostile(draw)
    parent, key = at(value, path[:-1]), path[-1]
    old = parent[key]
    match draw.randrange(8):
        case 0:
            del parent[key]
        case 1:
            parent[key] = at(other, draw.choice(places(other)))
        case 2 if path in places(other):
            parent[key] = at(other, path)
        case 3 if isinstance(parent, list):
            parent[key:key] = [old] * draw.choice((1, 3, 5000))
        case 3 | 4 if isinstance(old, (int, float)):
            parent[key] = draw.choice((-old, old + 1, old - 1, old * 2, old * 10**6, old / 3, float(old), str(old)))
        case 5 if isinstance(old, list):
            parent[key] = draw.choice((old[::-1], old[:-1], old * 2, old[:1] * len(old), old * 3000))
        case _:
            parent[key] = hostile(draw)
    return value


def dumped(value: Any) -> bytes:
    """JSON of any depth."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20 * DEEP)
    try:
        return json.dumps(value).encode("utf-8")
    finally:
        sys.setrecursionlimit(limit)


def write_hashes(run: Path, info: dict[str, Any]) -> None:
    """Write run.json so that its hashes are those of the files beside it."""
    for name in ("input_codec", "target_codec"):
        beside, path = run / f"{name}.tokenizer.json", run / f"{name}.json"
        if not path.is_file():
            continue
        try:
            codec = json.loads(path.read_bytes())
            if "tokenizer_sha256" in codec and beside.is_file():
                codec["tokenizer_sha256"] = hashlib.sha256(beside.read_bytes()).hexdigest()
                path.write_bytes(dumped(codec))
        except (OSError, ValueError, TypeError, RecursionError):
            continue
    if isinstance(info.get("files"), dict):
        for name in info["files"]:
            if (run / str(name)).is_file():
                content = (run / str(name)).read_bytes()
                info["files"][name] = [{"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}]
    try:
        info["sha256"] = digest(info)
    except (RecursionError, ValueError):
        info["sha256"] = ""
    (run / "run.json").write_bytes(dumped(info))


def change_value(run: Path, other: Path, draw: random.Random) -> None:
    """Change one value of one JSON file; of the configuration in both files that hold it."""
    names = [p.name for p in sorted(run.glob("*.json")) if p.name not in ("README.md", "autopsy.json")]
    name = draw.choice([*names, "run.json", "config.toml", "config.toml"])
    info = json.loads((run / "run.json").read_bytes())
    theirs = json.loads((other / "run.json").read_bytes())
    if name == "config.toml":
        section = draw.choice(("data", "forecast", "model", "model", "model", "training"))
        info["config"][section] = altered(info["config"][section], theirs["config"][section], draw)
        # as a run writes it, where the value is one of the schema
        with contextlib.suppress(ValueError, RecursionError, OverflowError):
            (run / name).write_text(config_file.to_toml(Config.model_validate(info["config"])), encoding="utf-8")
    elif name == "run.json":
        part = draw.choice(("roles", "roles", "roles", None))
        if part is None:
            info = altered(info, theirs, draw)
        else:
            info[part] = altered(info[part], theirs[part], draw)
    else:
        mine = json.loads((run / name).read_bytes())
        twin = other / name
        (run / name).write_bytes(dumped(altered(mine, json.loads(twin.read_bytes()) if twin.exists() else mine, draw)))
    if isinstance(info, dict):
        write_hashes(run, info)
    else:
        (run / "run.json").write_bytes(dumped(info))


def change_weights(run: Path, draw: random.Random) -> None:
    """Change numbers of the weights, or an entry of their header; the hashes fit."""
    content = (run / "model.safetensors").read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, values = json.loads(content[8 : 8 + size]), np.frombuffer(content[8 + size :], np.float32).copy()
    if draw.random() < 0.5:
        wild = draw.choice((0.0, 1e-45, 1e10, 3e38, -3e38, float("nan"), float("inf")))
        first = draw.randrange(len(values))
        values[first : first + draw.choice((1, 20, len(values)))] = wild
    else:
        header = altered(header, header, draw)
    text = dumped(header)
    (run / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + values.tobytes())
    write_hashes(run, json.loads((run / "run.json").read_bytes()))


def change_bytes(run: Path, other: Path, draw: random.Random, *, hashes: bool) -> None:
    """Change the bytes of one to three files."""
    names = sorted(path.name for path in run.iterdir() if path.is_file())
    info = json.loads((run / "run.json").read_bytes())
    for name in draw.sample(names, draw.choice((1, 1, 3))):
        others = [path.read_bytes() for path in sorted(other.iterdir()) if path.is_file()]
        (run / name).write_bytes(changed((run / name).read_bytes(), others, draw))
    if hashes:
        write_hashes(run, info)


def change_files(run: Path, other: Path, draw: random.Random) -> None:
    """Put files of another run, links, folders, pipes or nothing in the place of files."""
    info = json.loads((run / "run.json").read_bytes())
    names = sorted(path.name for path in run.iterdir() if path.is_file())
    for name in draw.sample(names, draw.choice((1, 1, 2, 5))):
        path = run / name
        match draw.randrange(7):
            case 0:
                path.unlink()
            case 1:
                path.unlink()
                path.mkdir()
            case 2:
                path.unlink()
                path.symlink_to(draw.choice(("/dev/zero", "/nonexistent", "/proc/self/environ", name)))
            case 3:
                path.unlink()
                os.mkfifo(path)
            case _ if (other / name).is_file():
                shutil.copy(other / name, path)
    if not (run / "run.json").is_symlink() and (run / "run.json").is_file() and draw.random() < 0.5:
        write_hashes(run, info)


def refuse_nan(value: Any) -> None:
    """Raise where an answer holds a number that is not finite; minus infinity is the logarithm of an excluded one."""
    if isinstance(value, (float, np.floating)):
        if math.isnan(value) or value == math.inf:
            raise AssertionError(f"an answer of {value}")
    elif isinstance(value, Mapping):
        refuse_nan(list(value.values()))
    elif isinstance(value, np.ndarray):
        refuse_nan(value.ravel().tolist())
    elif isinstance(value, (list, tuple)):
        for one in value:
            refuse_nan(one)
    elif hasattr(value, "__dict__"):
        refuse_nan(vars(value))


def run(number: int, runs: Mapping[str, Path], folder: Path) -> None:
    """Run one case."""
    draw = random.Random(number)
    name, other = draw.choice(sorted(runs)), draw.choice(sorted(runs))
    copy = folder / "run"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(runs[name], copy, ignore=shutil.ignore_patterns("checkpoint", "cache"))
    change = draw.choices(
        (
            partial(change_value, copy, runs[other], draw), partial(change_weights, copy, draw),
            partial(change_bytes, copy, runs[other], draw, hashes=True),
            partial(change_bytes, copy, runs[other], draw, hashes=False),
            partial(change_files, copy, runs[other], draw),
        ), weights=(12, 2, 4, 1, 2),
    )[0]  # fmt: skip
    change()
    try:
        model = recur.load(copy)
        str(model)
        refuse_nan(KINDS[name].ask(model))
    except RecurError as error:
        said = f"{error.message} {error.hint}"
        if len(said) > 2000:
            raise AssertionError(f"a message of {len(said):,} characters: {said[:200]}") from None


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"more than {MOST_SECONDS} s")


def main(first: int, count: int, kept: str | None = None) -> int:
    """Run cases, and return how many failed."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    # of the processor, so that a busy machine fails nothing; of the clock for what waits
    signal.signal(signal.SIGPROF, _too_long)
    signal.signal(signal.SIGALRM, _too_long)
    warnings.simplefilter("ignore")
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = train(Path(kept) if kept else folder / "trained")
        for number in range(first, first + count):
            print(f"case {number}", flush=True)
            signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, 10 * MOST_SECONDS)
            began = time.process_time()
            try:
                run(number, runs, folder)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                failed += 1
                print(f"FAILED {number}: {''.join(traceback.format_exception(error)[-4:])[-3000:]}", flush=True)
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            if memory > MOST_MEMORY:
                print(f"FAILED {number}: {memory:,} bytes of memory", flush=True)
                return failed + 1
            if time.process_time() - began > 2:
                print(f"SLOW {number}: {time.process_time() - began:.1f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(100, main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])))
