"""Notes on the command line: a folder of pieces is learned from, continued, and written as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import recur
from recur.codecs import NotesCodec
from tests.cli.running import run

pytest.importorskip("symusic")


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve scales as MIDI files, and one damaged file."""
    folder = tmp_path_factory.mktemp("songs")
    codec = NotesCodec(frames_per_beat=2)
    for number in range(12):
        codec.write_midi([[48 + number + step, 60 + number + step] for step in range(12)], folder / f"{number:02}.mid")
    (folder / "damaged.mid").write_bytes(b"MThd")
    return folder


@pytest.fixture(scope="module")
def trained(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of rolls."""
    folder = tmp_path_factory.mktemp("runs") / "songs"
    outcome = run(
        "train", songs, "--out", folder, "--damaged", "skip", "--frames-per-beat", 2, "--transpose", 2, "--epochs", 2,
        "--hidden-size", 16,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert "1 damaged file left out" in outcome.err
    assert "damaged.mid" in outcome.err
    assert "nll_per_frame" in outcome.err
    return folder


def test_a_damaged_file_is_named_where_it_is_not_to_be_skipped(songs: Path, tmp_path: Path) -> None:
    outcome = run("train", songs, "--out", tmp_path / "run", "--epochs", 1)
    assert outcome.code == 2
    assert "damaged.mid" in outcome.err
    assert "hint: --damaged skip" in outcome.err
    assert not (tmp_path / "run").exists()


def test_generate_writes_a_midi_file_and_its_roll(trained: Path, tmp_path: Path) -> None:
    words = ("generate", trained, "--length", 24, "--seed", 3, "--temperature", 0.9)
    outcome = run(*words, "--out", tmp_path / "made.mid")
    assert outcome.code == 0, outcome.err
    assert str(tmp_path / "made.mid") in outcome.out
    assert (tmp_path / "made.mid").read_bytes().startswith(b"MThd")
    assert (tmp_path / "made.png").read_bytes().startswith(b"\x89PNG")
    again = json.loads(run(*words, "--json").out)
    assert len(again["notes"]) == 24
    assert again["files"] == []
    codec = NotesCodec(frames_per_beat=2)
    assert codec.notes(str(tmp_path / "made.mid")).tolist() == codec.notes(again["notes"]).tolist()


def test_complete_says_the_likeliest_notes_or_goes_on_with_an_opening(
    trained: Path, songs: Path, tmp_path: Path
) -> None:
    opening = songs / "03.mid"
    outcome = run("complete", trained, opening, "--top", 3)
    assert outcome.code == 0, outcome.err
    assert len(outcome.out.splitlines()) == 3
    assert "%" in outcome.out
    outcome = run(
        "complete", trained, opening, "--out", tmp_path / "continued.mid", "--length", 16, "--seed", 1, "--json"
    )
    assert outcome.code == 0, outcome.err
    said = json.loads(outcome.out)
    assert said["steps_given"] == 12
    assert len(said["notes"]) == 28
    codec = NotesCodec(frames_per_beat=2)
    assert said["notes"][:12] == codec.decode(codec.frames(str(opening)))
    assert [Path(file).name for file in said["files"]] == ["continued.mid", "continued.png"]


def test_a_model_streams_step_by_step_what_it_gives_whole(trained: Path) -> None:
    model = recur.load(trained)
    opening = [[60], [62]]
    whole = model.generate(opening, length=5, seed=4)
    assert whole == [*opening, *model.generate(opening, length=5, seed=4, stream=True)]
    assert model.complete(opening, top=2)[0].probability >= model.complete(opening, top=2)[1].probability
    figures = model.evaluate([{"notes": opening}, {"notes": [[64, 67]]}])
    assert figures["nll_per_frame"] == figures["loss"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("generate", "{run}", "--top-k", "3"), "a frame is many keys at once"),
        (("complete", "{run}", "absent.mid"), "absent.mid is missing"),
        (("complete", "{run}", "H4", "--out", "x.mid"), '"H4" is not a note'),
    ],
)
def test_mistakes_are_said_in_words(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run(*(word.replace("{run}", str(trained)) for word in words))
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert not list(tmp_path.iterdir())


def test_a_melody_goes_on_as_a_line_of_notes(tmp_path: Path) -> None:
    rows = [{"tune": line} for line in ("C4 D4 E4 C4 D4", "D4 E4 F#4 D4 E4", "E4 F#4 G#4 E4 F#4")] * 8
    model = recur.fit(
        rows, mode="synced", input="tune", input_codec="notes", notes="melody", frames_per_beat=1, epochs=2,
        hidden_size=16, progress=False, out=tmp_path / "run",
    )  # fmt: skip
    line = model.generate("C4 D4", length=4, temperature=0)
    assert line.startswith("C4")
    outcome = run("generate", tmp_path / "run", "--prompt", "C4 D4", "--length", 4, "--temperature", 0)
    assert outcome.out.splitlines()[-1] == line
    wrong = run("generate", tmp_path / "run", "--prompt", "C4/2 D4")
    assert wrong.code == 2
    assert "hint: --frames-per-beat 2" in wrong.err
