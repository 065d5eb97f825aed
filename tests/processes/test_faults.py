"""Processes that are killed, stopped or refused, as a user starts them: `recur train --processes 2`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from examples.files import sentences

from recur.processes.joining import threads_each
from recur.processes.launched import Place
from tests.cli.running import PLAIN
from tests.processes.together import LONGEST

OPTIONS = ["--hidden-size", "8", "--epochs", "100000", "--bptt", "8", "--save-every", "20", "--device", "cpu"]


@contextmanager
def training(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run `recur train` on sentences."""
    command = [sys.executable, "-m", "recur", "train", str(folder / "a.txt"), "--out", str(folder / "run"), *words]
    with (folder / "said").open("w") as said:
        environment = {**os.environ, **PLAIN}
        process = subprocess.Popen([*command, *OPTIONS], env=environment, stderr=said, stdout=said, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def wait_for(found: Callable[[], bool], process: subprocess.Popen[str], said: Path) -> None:
    end = time.monotonic() + LONGEST
    while not found():
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < end, said.read_text()
        time.sleep(0.05)


def workers(launcher: subprocess.Popen[str]) -> list[int]:
    """The processes that a launcher has started, in the order of their ranks."""
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
    ranks = {}
    for child in map(int, children):
        values = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        ranks[next((one for one in values if one.startswith(b"RANK=")), b"")] = child
    return [ranks[rank] for rank in sorted(ranks) if rank]


def latest(folder: Path) -> str:
    pointer = folder / "run" / "checkpoint" / "LATEST"
    return pointer.read_text() if pointer.is_file() else ""


def test_a_killed_process_ends_all_and_a_stop_of_the_launcher_pauses_all(tmp_path: Path) -> None:
    sentences(tmp_path / "a.txt")
    said = tmp_path / "said"
    with training(tmp_path, "--processes", "2") as first:
        wait_for(lambda: bool(latest(tmp_path)), first, said)
        os.kill(workers(first)[1], signal.SIGKILL)
        assert first.wait(LONGEST) == 2
    text = said.read_text()
    assert "2 processes x" in text
    assert "was ended by SIGKILL" in text
    assert "the same command continues from it" in text
    assert "Traceback" not in text
    before = latest(tmp_path)
    with training(tmp_path, "--processes", "2") as second:
        wait_for(lambda: latest(tmp_path) != before, second, said)
        assert "resuming after update" in said.read_text()
        # two trainings never share a folder
        words = ["train", str(tmp_path / "a.txt"), "--out", str(tmp_path / "run"), *OPTIONS]
        other = subprocess.run(
            [sys.executable, "-m", "recur", *words], capture_output=True, text=True, env={**os.environ, **PLAIN}
        )
        assert other.returncode == 2
        assert "is in use: process" in other.stderr
        second.send_signal(signal.SIGTERM)
        assert second.wait(LONGEST) == 130
    text = said.read_text()
    assert text.count("stopped: paused after") == 1
    assert "--processes 2" in text.splitlines()[-1]
    assert "Traceback" not in text


def test_a_killed_launcher_leaves_no_process_behind(tmp_path: Path) -> None:
    sentences(tmp_path / "a.txt")
    said = tmp_path / "said"
    with training(tmp_path, "--processes", "2") as launcher:
        wait_for(lambda: bool(latest(tmp_path)), launcher, said)
        left = workers(launcher)
        assert len(left) == 2
        launcher.kill()
        launcher.wait()
        end = time.monotonic() + LONGEST
        while any(is_alive(each) for each in left):
            assert time.monotonic() < end, said.read_text()
            time.sleep(0.05)
    assert said.read_text().count("stopped: paused after") == 1


def is_alive(process: int) -> bool:
    """Whether a process runs; one that has ended remains until its exit code is read."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_threads_of_a_process_are_what_the_user_set_or_its_share_of_the_cores() -> None:
    cores = len(os.sched_getaffinity(0))
    before = os.environ.pop("OMP_NUM_THREADS", None)
    try:
        assert threads_each(Place(0, cores, 0, cores)) == 1
        assert threads_each(Place(0, 1, 0, 1)) == cores
        os.environ["OMP_NUM_THREADS"] = "3"
        assert threads_each(Place(0, cores, 0, cores)) == 3
    finally:
        os.environ.pop("OMP_NUM_THREADS")
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before
