"""Synced: learn old tunes note by note, then continue them from their opening."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur.codecs import NotesCodec
from recur.codecs.note_events import line_of
from recur.config import Config
from recur.demos.single import Demo, Row, Verdict
from recur.demos.tunes import STEPS_PER_BEAT, TUNES
from recur.views import pieces

if TYPE_CHECKING:
    from recur.model import Model

OPENING = 24  # steps that are given
SHOWN = ("Ah! vous dirai-je, maman", "Ode to Joy")


def rows(part: str) -> list[Row]:
    """The tunes, which are the same for training and for the test."""
    del part
    return [{"tune": line, "name": name} for name, line in TUNES.items()]


def settings() -> Config:
    """An LSTM that reads one event per step: a note, a rest, or a hold."""
    return Config.of(
        input=["tune"],
        input_codec="notes",
        target_codec="notes",
        notes="melody",
        frames_per_beat=STEPS_PER_BEAT,
        mode="synced",
        cell="lstm",
        hidden_size=192,
        embedding_size=64,
        epochs=160,
        batch_size=4,
        lr=6e-3,
        warmup_steps=50,
        evaluate_every=160,
        device="cpu",
    )


def judge(model: Model, rows: Sequence[Row]) -> Verdict:
    """Give each tune's opening, let the network continue it, and compare the notes."""
    codec = pieces.of_notes(model.target_codec)
    right = again = notes = 0
    examples = []
    for row in rows:
        truth = codec.tokens(row["tune"])
        opening = line_of(truth[:OPENING], codec.frames_per_beat)
        continued = list(model.generate(opening, stream=True, temperature=0.0, length=len(truth) - OPENING))
        piece = line_of([*truth[:OPENING], *continued], codec.frames_per_beat)
        played, repeated, expected = (
            _note_starts(codec, line) for line in (piece, " ".join([opening] * 9), row["tune"])
        )
        right, again, notes = right + len(played & expected), again + len(repeated & expected), notes + len(expected)
        if row["name"] in SHOWN:
            share = len(played & expected) / len(expected)
            examples.append(
                {"name": row["name"], "opening": opening, "piece": piece, "truth": row["tune"], "right": share}
            )
    return Verdict(
        "accuracy", right / notes, notes,
        f"notes that follow the first {OPENING // STEPS_PER_BEAT} beats of {len(rows)} tunes are played, each in time",
        {"repeating the opening": again / notes}, examples,
    )  # fmt: skip


def _note_starts(codec: NotesCodec, line: str) -> set[tuple[int, int]]:
    """(start, pitch) of the notes that begin after the opening."""
    return {(start, pitch) for start, _, pitch in codec.notes(line).tolist() if start >= OPENING}


def draw(example: Mapping[str, Any], width: int) -> Iterable[str]:
    """The tune as a piano roll, the opening before the bar."""
    yield f"    {example['name']}: given up to |, then {100 * example['right']:.0f} % of the notes as in the tune"
    yield from pieces.lines(_codec(), example["piece"], width - 4, opening=OPENING)


def main(out: Path | None = None) -> dict[str, Any]:
    """Train the network, let it continue the tunes, and write its continuations as MIDI files and pictures."""
    result = DEMO.main(out)
    folder = Path(result["run"]).parent
    result["files"] = []
    for example in result["examples"]:
        name = "".join(letter if letter.isalnum() else "-" for letter in example["name"].lower()).strip("-")
        title = f"{example['name']}, continued by the network"
        path = folder / f"{name.replace('--', '-')}.mid"
        written = pieces.write(_codec(), example["piece"], path, opening=OPENING, title=title)
        result["files"] += [str(each) for each in written]
    return result


def report(result: dict[str, Any], width: int) -> Iterable[str]:
    """Lay out what `main` returned in ``width`` columns."""
    yield from DEMO.report(result, width)
    yield "To hear and to see:  " + "  ".join(result["files"])


def _codec() -> NotesCodec:
    return NotesCodec("melody", frames_per_beat=STEPS_PER_BEAT)


DEMO = Demo(
    name="melody",
    mode="synced",
    does="the next note is predicted at every step of a tune; then the network continues a tune",
    legend="x_t: a note, a rest or a hold;   y_t: the next one",
    rows=rows,
    settings=settings,
    judge=judge,
    draw=draw,
    held_out="nothing: the tunes are learned by heart, then continued from their openings",
    more='recur complete {run} "C4 C4 G4 G4 A4 A4 G4*2" --out more.mid',
)
