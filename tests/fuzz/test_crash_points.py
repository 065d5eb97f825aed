"""A training killed, or refused by the system, at any change of the disk continues to the same bits."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.files import reviews

from recur import config_file
from recur.atomic import create_beside, unfinished
from recur.errors import RecurError
from recur.run import open_run
from recur.training import learn

# a case is several trainings: one of them for ten cases of the other fuzzers
CASES = max(1, int(os.environ.get("RECUR_FUZZ") or 80) // 10)
LONGEST = 120.0  # seconds of one child
CHANGES = ("replace", "fsync", "unlink", "rmdir", "mkdir", "open", "ftruncate")
DONE, REFUSED, FAILED = 0, 3, 4

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")


class Points:
    """Counts the changes of the disk below a folder and does something at one of them.

    Every change has two points: before it and after it. A write of bytes also has one half-way.
    """

    def __init__(self, folder: Path, at: int, act: Callable[[], None]) -> None:
        self.folder, self.at, self.act = str(folder), at, act
        self.count = 0

    def point(self) -> None:
        self.count += 1
        if self.count == self.at:
            self.act()

    def wrap(self, change: Callable[..., Any], opens: bool) -> Callable[..., Any]:
        def changed(*args: Any, **options: Any) -> Any:
            mine = isinstance(args[0], int) or str(args[0]).startswith(self.folder) or "dir_fd" in options
            if not mine or (opens and not (len(args) > 1 and args[1] & os.O_CREAT)):
                return change(*args, **options)
            self.point()
            result = change(*args, **options)
            if not opens:  # a descriptor that was opened would be lost
                self.point()
            return result

        return changed

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in CHANGES:
                patch.setattr(os, name, self.wrap(getattr(os, name), name == "open"))
            patch.setattr(Path, "write_bytes", self.write_bytes)
            yield

    def write_bytes(self, content: bytes) -> int:
        raise NotImplementedError


def _write_half_first(points: Points) -> Callable[[Path, bytes], int]:
    def write_bytes(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            points.point()
            file.write(content[len(content) // 2 :])
        return len(content)

    return write_bytes


def train(folder: Path, run: Path) -> None:
    told = {
        "hidden_size": 4, "max_steps": 5, "save_every": 2, "evaluate_every": 2, "threads": 1, "dropout": 0.2,
        "source": str(folder / "a.csv"),
    }  # fmt: skip
    learn(config_file.from_options(told), out=run, progress=False)


def child(folder: Path, run: Path, at: int = 0, act: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Train in a forked child; return its exit code, or minus the signal, and how many points it passed."""
    told = folder / "points"
    told.write_text("0")
    process = os.fork()
    if process == 0:
        code = FAILED
        try:
            points = Points(run, at, act)
            points.write_bytes = _write_half_first(points)
            with points.watched():
                try:
                    train(folder, run)
                    code = DONE
                except RecurError:
                    code = REFUSED
            told.write_text(str(points.count))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    began = time.monotonic()
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), int(told.read_text())
        if time.monotonic() - began > LONGEST:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            pytest.fail(f"a training did not end within {LONGEST:g} seconds")
        time.sleep(0.005)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of a training that nothing interrupts, and its number of points."""
    folder = tmp_path_factory.mktemp("crash")
    reviews(folder / "a.csv")
    code, points = child(folder, folder / "whole")
    assert code == DONE
    assert points > 100
    return folder, points


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def result(run: Path) -> dict[str, Any]:
    """What a training learned, without its times."""
    last = run / "checkpoint" / (run / "checkpoint" / "LATEST").read_text().strip()
    metrics = json.loads((run / "metrics.json").read_text())
    return {
        "best": (run / "model.safetensors").read_bytes(),
        "last": (last / "weights.safetensors").read_bytes(),
        "metrics": {name: value for name, value in metrics.items() if name != "seconds"},
        "samples": (run / "samples.jsonl").read_bytes(),
        "files": sorted(str(p.relative_to(run)) for p in run.iterdir()),
        "unfinished": [str(p) for p in run.rglob("*") if unfinished(p.name)],
    }


@pytest.mark.parametrize("case", range(CASES))
def test_what_is_interrupted_at_any_change_of_the_disk_continues_to_the_same_bits(
    whole: tuple[Path, int], case: int
) -> None:
    folder, points = whole
    draw = random.Random(case)
    run = folder / f"run{case}"
    said = []
    # an even spread over all points, then up to two more interruptions of what continues
    at = 1 + (case * points // CASES + draw.randrange(max(1, points // CASES))) % points
    for _ in range(draw.choice((1, 1, 2, 3))):
        act = draw.choice((kill, refuse))
        code, _ = child(folder, run, at, act)
        said.append((at, act.__name__, code))
        assert code in (-signal.SIGKILL, REFUSED, DONE), said
        if (run / "run.json").exists():
            with contextlib.suppress(RecurError):  # it opens, or says that there are no weights yet
                open_run(run).network()
        at = draw.randrange(1, points)
    code, _ = child(folder, run)
    assert code == DONE, said
    assert result(run) == result(folder / "whole"), said
    open_run(run).network()
    shutil.rmtree(run)


def test_what_a_process_killed_before_the_folder_was_a_run_left_is_removed(whole: tuple[Path, int]) -> None:
    folder, _ = whole
    run = folder / "begun"
    run.mkdir()
    create_beside(run / "run.json")
    train(folder, run)
    assert result(run) == result(folder / "whole")
