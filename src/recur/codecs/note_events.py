"""Notes written as text, and as one event per step: a note, a rest, or the previous note held.

A note is its letter, an optional sharp (#) or flat (b) and its octave, with C4 in the middle of the piano (MIDI pitch
60); notes that begin together are joined by +, and r is a rest. A note lasts one beat, unless its length follows: a
number of beats after *, a part of a beat after / (as in ABC notation)::

    C4 D4 E4/2 r/2 C4+E4+G4*2 B3*3/2

On the grid every step is an event::

    E4/2 r/2 C4*2    at 4 steps per beat:   E4 -  r -  C4 - - - - - - -

The form is that of Magenta's Melody RNN (note on, note off, no event: Waite 2016) with the hold sign of Hadjeres,
Pachet and Nielsen 2017, section 3.1; joined notes are events of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from recur.codecs.bounds import check_steps
from recur.codecs.plain_text import shorten
from recur.errors import DataError

HOLD, REST = "-", "r"
_DIGITS = 9  # of a length

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NOTE = re.compile(r"([A-Ga-g])([#b]?)(-?\d)")
_EVENT = re.compile(r"([^*/]+)(?:\*(\d+))?(?:/(\d+))?")


def pitch_of(name: str) -> int:
    """Return the MIDI pitch of a name.

    >>> pitch_of("C4"), pitch_of("Bb3"), pitch_of("f#5")
    (60, 58, 78)

    Raises
    ------
    DataError
        When it is not a note from C-1 to G9.
    """
    match = _NOTE.fullmatch(name)
    pitch = -1
    if match:
        letter, accidental, octave = match.groups()
        shift = {"": 0, "#": 1, "b": -1}[accidental]
        pitch = 12 * (int(octave) + 1) + _STEPS[letter.upper()] + shift
    if not 0 <= pitch <= 127:
        raise DataError(
            f'"{shorten(name, 20)}" is not a note; expected a letter and an octave, or r for a rest',
            hint="C4 is the middle of the piano: C4 F#4 Bb3",
        )
    return pitch


def name_of(pitch: int) -> str:
    """Return the name of a MIDI pitch, with sharps.

    >>> name_of(60), name_of(58)
    ('C4', 'A#3')
    """
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def chord_name(pitches: Iterable[int]) -> str:
    """Return the names of pitches that begin together, the lowest first; a rest for none."""
    return "+".join(name_of(pitch) for pitch in sorted(set(pitches))) or REST


def events_of(line: str, frames_per_beat: int) -> list[str]:
    """Return one event per step for a line of notes.

    >>> events_of("C4/2 r/2 E4", 4)
    ['C4', '-', 'r', '-', 'E4', '-', '-', '-']

    Raises
    ------
    DataError
        When a word is not a note, or does not last a whole number of steps.
    """
    events: list[str] = []
    for word in line.split():
        match = _EVENT.fullmatch(word)
        what, times, part = match.groups() if match else (word, None, None)
        if len(times or "") > _DIGITS or len(part or "") > _DIGITS:
            raise DataError(f'"{shorten(word, 20)}" has a length of more than {_DIGITS} digits', hint="C4*4, C4/2")
        if int(part or 1) == 0:
            raise DataError(f'"{shorten(word, 20)}" lasts a beat divided by 0', hint="C4/2 lasts half a beat")
        beats = Fraction(int(times or 1), int(part or 1))
        steps = beats * frames_per_beat
        if steps.denominator != 1 or steps < 1:
            raise DataError(
                f'"{shorten(word, 20)}" lasts {beats} beats, which is not a whole number of steps at '
                f"{frames_per_beat} per beat",
                hint=f"--frames-per-beat {frames_per_beat * steps.denominator}",
            )
        check_steps("the line of notes", len(events) + int(steps), hint="shorter notes, or fewer --frames-per-beat")
        name = REST if what in (REST, "R") else chord_name({pitch_of(each) for each in what.split("+")})
        events += [name, *[HOLD] * (int(steps) - 1)]
    return events


def line_of(events: Sequence[str], frames_per_beat: int) -> str:
    """Return events as a line of notes; a hold at the beginning is a rest.

    >>> line_of(["C4", "-", "r", "-", "E4", "-", "-", "-"], 4)
    'C4/2 r/2 E4'
    """
    words: list[tuple[str, int]] = []
    for event in events:
        if event == HOLD and words:
            name, steps = words[-1]
            words[-1] = (name, steps + 1)
        else:
            words.append((REST if event == HOLD else event, 1))
    return " ".join(name + _length(Fraction(steps, frames_per_beat)) for name, steps in words)


def notes_of(events: Sequence[str]) -> np.ndarray:
    """Return the notes of events: (N, 3) int64 of start, end and pitch."""
    notes: list[tuple[int, int, int]] = []
    sounding: list[int] = []
    began = 0
    for step, event in enumerate([*events, REST]):
        if event == HOLD:
            continue
        notes += [(began, step, pitch) for pitch in sounding]
        sounding = [] if event == REST else [pitch_of(each) for each in event.split("+")]
        began = step
    return np.array(notes, np.int64).reshape(-1, 3)


def events_of_notes(notes: np.ndarray) -> list[str]:
    """Return one event per step for notes (N, 3); notes that begin together last until the next begin, or their end."""
    begins: dict[int, list[tuple[int, int]]] = {}
    for start, end, pitch in notes.tolist():
        begins.setdefault(start, []).append((end, pitch))
    starts = sorted(begins)
    events = [REST, *[HOLD] * (starts[0] - 1)] if starts and starts[0] > 0 else []
    for place, start in enumerate(starts):
        after = starts[place + 1] if place + 1 < len(starts) else None
        end = max(end for end, _ in begins[start])
        until = end if after is None else min(end, after)
        events += [chord_name({pitch for _, pitch in begins[start]}), *[HOLD] * (until - start - 1)]
        if after is not None and after > until:
            events += [REST, *[HOLD] * (after - until - 1)]
    return events


def _length(beats: Fraction) -> str:
    """Return a length in the notation of a line of notes; empty for one beat."""
    times = f"*{beats.numerator}" if beats.numerator != 1 else ""
    return times + (f"/{beats.denominator}" if beats.denominator != 1 else "")
