"""Public-domain tunes in C: folk songs, rounds and hymns from before 1870.

The form is that of ``recur.codecs.note_events``: C4 lasts a beat, C4*2 two, C4/2 half a beat, r is a rest.
"""

from __future__ import annotations

from recur.codecs.note_events import chord_name, events_of, line_of, pitch_of

STEPS_PER_BEAT = 2

TUNES: dict[str, str] = {
    "Ah! vous dirai-je, maman": (
        "C4 C4 G4 G4 A4 A4 G4*2 F4 F4 E4 E4 D4 D4 C4*2 G4 G4 F4 F4 E4 E4 D4*2 G4 G4 F4 F4 E4 E4 D4*2 "
        "C4 C4 G4 G4 A4 A4 G4*2 F4 F4 E4 E4 D4 D4 C4*2"
    ),
    "Ode to Joy": (
        "E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 E4*3/2 D4/2 D4*2 E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 D4*3/2 C4/2 C4*2 "
        "D4 D4 E4 C4 D4 E4/2 F4/2 E4 C4 D4 E4/2 F4/2 E4 D4 C4 D4 G3*2 "
        "E4 E4 F4 G4 G4 F4 E4 D4 C4 C4 D4 E4 D4*3/2 C4/2 C4*2"
    ),
    "Frère Jacques": (
        "C4 D4 E4 C4 C4 D4 E4 C4 E4 F4 G4*2 E4 F4 G4*2 G4/2 A4/2 G4/2 F4/2 E4 C4 G4/2 A4/2 G4/2 F4/2 E4 C4 "
        "C4 G3 C4*2 C4 G3 C4*2"
    ),
    "Mary Had a Little Lamb": ("E4 D4 C4 D4 E4 E4 E4*2 D4 D4 D4*2 E4 G4 G4*2 E4 D4 C4 D4 E4 E4 E4 E4 D4 D4 E4 D4 C4*4"),
    "London Bridge": (
        "G4*3/2 A4/2 G4 F4 E4 F4 G4*2 D4 E4 F4*2 E4 F4 G4*2 G4*3/2 A4/2 G4 F4 E4 F4 G4*2 D4*2 G4*2 E4 C4*3"
    ),
    "Row, Row, Row Your Boat": (
        "C4*3/2 C4*3/2 C4 D4/2 E4*3/2 E4 D4/2 E4 F4/2 G4*3 C5/2 C5/2 C5/2 G4/2 G4/2 G4/2 E4/2 E4/2 E4/2 "
        "C4/2 C4/2 C4/2 G4 F4/2 E4 D4/2 C4*3"
    ),
    "Au clair de la lune": (
        "C4 C4 C4 D4 E4*2 D4*2 C4 E4 D4 D4 C4*4 C4 C4 C4 D4 E4*2 D4*2 C4 E4 D4 D4 C4*4 "
        "D4 D4 D4 D4 A3*2 A3*2 D4 C4 B3 A3 G3*4 C4 C4 C4 D4 E4*2 D4*2 C4 E4 D4 D4 C4*4"
    ),
    "Jingle Bells": (
        "E4 E4 E4*2 E4 E4 E4*2 E4 G4 C4*3/2 D4/2 E4*4 F4 F4 F4*3/2 F4/2 F4 E4 E4 E4/2 E4/2 E4 D4 D4 E4 D4*2 G4*2 "
        "E4 E4 E4*2 E4 E4 E4*2 E4 G4 C4*3/2 D4/2 E4*4 F4 F4 F4*3/2 F4/2 F4 E4 E4 E4/2 E4/2 G4 G4 F4 D4 C4*4"
    ),
    "When the Saints Go Marching In": (
        "r C4 E4 F4 G4*4 r C4 E4 F4 G4*4 r C4 E4 F4 G4*2 E4*2 C4*2 E4*2 D4*4 "
        "r E4 E4 D4 C4*3 C4 E4*2 G4 G4 F4*4 r C4 E4 F4 G4*2 E4*2 C4*2 D4*2 C4*4"
    ),
    "Amazing Grace": (
        "G3 C4*2 E4/2 C4/2 E4*2 D4 C4*2 A3 G3*2 G3 C4*2 E4/2 C4/2 E4*2 D4 G4*5 "
        "E4 G4*2 E4/2 C4/2 E4*2 D4 C4*2 A3 G3*2 G3 C4*2 E4/2 C4/2 E4*2 D4 C4*5"
    ),
    "Auld Lang Syne": (
        "G3 C4*3/2 C4/2 C4 E4 D4*3/2 C4/2 D4 E4 C4*3/2 C4/2 E4 G4 A4*3 A4 G4*3/2 E4/2 E4 C4 D4*3/2 C4/2 D4 E4 "
        "C4*3/2 A3/2 A3 G3 C4*3"
    ),
    "Yankee Doodle": (
        "C4 C4 D4 E4 C4 E4 D4 G3 C4 C4 D4 E4 C4*2 B3*2 C4 C4 D4 E4 F4 E4 D4 C4 B3 G3 A3 B3 C4*2 C4*2 "
        "A3*3/2 B3/2 A3 G3 A3 B3 C4*2 G3*3/2 A3/2 G3 F3 E3*2 G3*2 A3*3/2 B3/2 A3 G3 A3 B3 C4 A3 G3 C4 B3 D4 C4*2 C4*2"
    ),
    "Hänschen klein": (
        "G4 E4 E4*2 F4 D4 D4*2 C4 D4 E4 F4 G4 G4 G4*2 G4 E4 E4*2 F4 D4 D4*2 C4 E4 G4 G4 C4*4 "
        "D4 D4 D4 D4 D4 E4 F4*2 E4 E4 E4 E4 E4 F4 G4*2 G4 E4 E4*2 F4 D4 D4*2 C4 E4 G4 G4 C4*4"
    ),
    "Good King Wenceslas": (
        "C4 C4 C4 D4 C4 C4 G3*2 A3 G3 A3 B3 C4*2 C4*2 C4 C4 C4 D4 C4 C4 G3*2 A3 G3 A3 B3 C4*2 C4*2 "
        "G4 F4 E4 D4 E4 D4 C4*2 A3 G3 A3 B3 C4*2 C4*2 G3 G3 A3 B3 C4 C4 D4*2 G4 F4 E4 D4 C4*2 F4*2 C4*4"
    ),
    "Oh! Susanna": (
        "C4/2 D4/2 E4 G4 G4*3/2 A4/2 G4 E4 C4*3/2 D4/2 E4 E4 D4 C4 D4*3 C4/2 D4/2 "
        "E4 G4 G4*3/2 A4/2 G4 E4 C4*3/2 D4/2 E4 E4 D4 D4 C4*4 F4*2 F4*2 A4 A4*2 A4 G4 G4 E4 C4 D4*3 C4/2 D4/2 "
        "E4 G4 G4*3/2 A4/2 G4 E4 C4*3/2 D4/2 E4 E4 D4 D4 C4*4"
    ),
    "Alle Vögel sind schon da": (
        "C4*3/2 E4/2 G4 C5 A4 C5/2 A4/2 G4*2 F4*3/2 G4/2 E4 C4 D4 D4 C4*2 G4 G4 F4 F4 E4 G4/2 E4/2 D4*2 "
        "G4 G4 F4 F4 E4 G4/2 E4/2 D4*2 C4*3/2 E4/2 G4 C5 A4 C5/2 A4/2 G4*2 F4*3/2 G4/2 E4 C4 D4 D4 C4*2"
    ),
}


def transpose(line: str, semitones: int) -> str:
    """Return a line of notes in another key.

    >>> transpose("C4 r E4/2", 2)
    'D4 r F#4/2'
    """
    events = events_of(line, STEPS_PER_BEAT)
    return line_of([_transpose_event(event, semitones) for event in events], STEPS_PER_BEAT)


def _transpose_event(event: str, semitones: int) -> str:
    if event in ("-", "r"):
        return event
    return chord_name(pitch_of(name) + semitones for name in event.split("+"))
