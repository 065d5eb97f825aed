"""What the page reads of a text is what the codec reads, symbol by symbol; and its symbols become the same text."""

from __future__ import annotations

from typing import Any

import pytest

from recur.codecs import CharactersCodec, Codec, NotesCodec, WordsCodec
from recur.modes import NextItem
from tests.export.web.networks import ask, config

LEARNED = [
    'I don\'t know, he said; the well-known "river" (the Rhine) is 1,232.7 km long!',
    "La rivi\u00e8re co\u00fbte 3.14 \u20ac. Stra\u00dfe and \u00c5ngstr\u00f6m, it's U.S. law -- isn't it? ... yes.",
    "do n't they 're we said France French",
]
TEXTS = [
    *LEARNED, "", "  two   spaces\tand\nlines\n", "DON'T know!", "France.", "(don't)", "unknown_word x-ray",
    "\u0130stanbul \u03a3\u03a3", "<unk> <eos> <bos> <pad>", "\U0001f600 smile \u00a0nbsp\u3000wide",
    "a..b --- 1.2.3 4a", "e.g. they're", "na\u00efve cafe\u0301",
]  # fmt: skip
CODECS = {
    "words": lambda: WordsCodec().fit(LEARNED),
    "words in lower case": lambda: WordsCodec(lower=True).fit(LEARNED),
    "words of whole files": lambda: WordsCodec(newlines=True).fit(LEARNED),
    "words at spaces": lambda: WordsCodec().fit(["it is n't , he said .", "no , it is <unk> ."] * 3),
    "characters": lambda: CharactersCodec().fit(LEARNED),
    "characters in lower case": lambda: CharactersCodec(lower=True).fit(LEARNED),
}


def told(codec: Codec, script: str, given: Any) -> Any:
    return ask(NextItem(codec, config()), script, given)


@pytest.mark.parametrize("name", CODECS)
def test_texts_become_the_same_symbols_and_symbols_the_same_texts(name: str) -> None:
    codec = CODECS[name]()
    expected = [codec.encode(text).tolist() for text in TEXTS]
    script = """
    answer = [given[0].map((text) => local.reads.pieces(text).map(([, id]) => id)),
              given[1].map((ids) => local.reads.text(ids))];
    """
    ids, texts = told(codec, script, [TEXTS, expected])
    assert ids == expected
    assert texts == [codec.decode(one) for one in expected]


def test_a_melody_becomes_the_same_events_and_pitches() -> None:
    codec = NotesCodec("melody", frames_per_beat=4).fit(["C4 D4 E4/2 r/2 C4+E4+G4*2 B3*3/2 Bb3"])
    lines = ["C4 D4/2 r/4", "", "c4 Bb3*2 C4+E4+G4", "r C4/4 G4+E4+C4/2"]
    script = """
    answer = given.map((line) => {
      const ids = local.reads.pieces(line).map(([, id]) => id);
      return [ids, local.reads.text(ids), local.reads.pitches(ids)];
    });
    """
    for line, (ids, text, pitches) in zip(lines, told(codec, script, lines), strict=True):
        assert ids == codec.encode(line).tolist()
        assert text == codec.decode(ids)
        assert [len(one) for one in pitches] == [int(row.sum()) for row in codec.frames(text)] if ids else not pitches


@pytest.mark.parametrize("line", ["H4", "C4/3", "C4*0", "C12"])
def test_what_is_no_note_is_refused_by_name(line: str) -> None:
    codec = NotesCodec("melody", frames_per_beat=4).fit(["C4 D4"])
    script = "try { local.reads.pieces(given); } catch (error) { answer = error.message; }"
    assert line in told(codec, script, line)
