"""A fitted codec of each kind, by name."""

from __future__ import annotations

import numpy as np

from recur.codecs import (
    AudioCodec,
    CharactersCodec,
    ClassCodec,
    Codec,
    DatesCodec,
    FramesCodec,
    ImagesCodec,
    NotesCodec,
    NumbersCodec,
    SpelledWordsCodec,
    TagsCodec,
    WordsCodec,
)

PICTURES = [np.full((4, 4), 90, np.uint8), np.full((4, 4), 10, np.uint8)]


SOUND = (np.sin(np.arange(4000) / 9), 8000)


def fitted(name: str) -> Codec:
    codecs: dict[str, Codec] = {
        "words": WordsCodec().fit(["the sky is blue"]),
        "characters": CharactersCodec(lower=True).fit(["abc"]),
        "spelled": SpelledWordsCodec().fit(["the sky is blue"]),
        "class": ClassCodec().fit(["a", "b"]),
        "tags": TagsCodec().fit(["A B"]),
        "numbers": NumbersCodec(sequence=False, columns=["a", "b"]).fit([[1.0, 2.0], [3.0, 6.0]]),
        "series": NumbersCodec(sequence=True, columns=["a"]).fit([[1.0, 3.0]]),
        "dates": DatesCodec().fit(["06:00"]),
        "images": ImagesCodec().fit(PICTURES),
        "rows of images": ImagesCodec(steps="rows").fit(PICTURES),
        "frames": FramesCodec().fit([PICTURES]),
        "audio": AudioCodec(bands=8).fit([SOUND]),
        "roll": NotesCodec("roll").fit([[[60], [62]]]),
        "melody": NotesCodec("melody").fit(["C4 D4"]),
    }
    return codecs[name]
