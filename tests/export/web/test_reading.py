"""What the page reads of a text is what the codec reads, symbol by symbol; and its symbols become the same text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.codecs import (
    AudioCodec,
    CharactersCodec,
    Codec,
    NotesCodec,
    SpelledWordsCodec,
    SubwordsCodec,
    TagsCodec,
    WordsCodec,
)
from recur.codecs.sound import read_sound
from recur.modes import ManyToOne, NextItem, Synced
from tests.export.web.networks import ask, classes, config

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
    "subwords": lambda: SubwordsCodec(size=340).fit(LEARNED * 3),
    "subwords in lower case": lambda: SubwordsCodec(size=340, lower=True).fit(LEARNED * 3),
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


@pytest.mark.parametrize("lower", [False, True])
def test_words_and_their_letters_become_the_same_ids(lower: bool) -> None:
    codec = SpelledWordsCodec(lower=lower).fit(LEARNED)
    texts = [*TEXTS, "extraordinarily" * 4]
    mode = ManyToOne(codec, classes(), config())
    found = ask(mode, "answer = given.map((text) => local.reads.pieces(text).map(([, id]) => id));", texts)
    assert found == [[np.trim_zeros(row, "b").tolist() for row in codec.encode(text)] for text in texts]


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("fitted", [LEARNED, [one.split() for one in LEARNED]])
def test_words_that_are_tagged_one_by_one_are_not_split(fitted: list[Any], lower: bool) -> None:
    mode = Synced(WordsCodec(lower=lower).fit(fitted), TagsCodec().fit([["A", "B"]]), config())
    found = ask(mode, "answer = given.map((text) => local.reads.pieces(text).map(([, id]) => id));", TEXTS)
    assert found == [mode.encode_input(text).tolist() for text in TEXTS]


@pytest.mark.parametrize("features", ["log-mel", "mfcc"])
@pytest.mark.parametrize("rate", [8000, 11_025, 4000])
def test_a_sound_becomes_the_same_frames_at_any_rate(features: Any, rate: int) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 900)
    codec = AudioCodec(features, bands=12, sample_rate=8000).fit([(samples, 8000)])
    script = """
    answer = local.frames(Float64Array.from(given[0]), given[1]).map((one) => Array.from(one));
    """
    found = ask(ManyToOne(codec, classes(), config()), script, [samples.tolist(), rate])
    expected = codec.frames((samples, rate))
    assert np.shape(found) == expected.shape
    assert np.abs(found - expected).max() < 1e-9


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_a_wav_file_becomes_the_same_samples(subtype: str, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    samples = np.random.default_rng(1).uniform(-0.9, 0.9, (50, 2))
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype=subtype)
    expected, rate = read_sound(tmp_path / "a.wav")
    codec = AudioCodec(bands=12, sample_rate=8000).fit([(samples, 8000)])
    script = """
    const found = Running.wave(Uint8Array.from(given).buffer);
    answer = [Array.from(found.samples), found.rate];
    """
    found, own_rate = ask(ManyToOne(codec, classes(), config()), script, list((tmp_path / "a.wav").read_bytes()))
    assert own_rate == rate
    assert np.abs(found - expected).max() < 1e-12


def test_a_damaged_wav_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(tmp_path / "a.wav", np.array([0.1, np.nan, 0.2]), 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "b.wav", np.zeros(50), 8000)
    broken, whole = ((tmp_path / name).read_bytes() for name in ("a.wav", "b.wav"))
    codec = AudioCodec(bands=12, sample_rate=8000).fit([(np.zeros(900), 8000)])
    script = """
    answer = given.map((bytes) => {
      try {
        const found = Running.wave(Uint8Array.from(bytes).buffer);
        return found && found.samples.length;
      } catch (error) {
        return error.message;
      }
    });
    """
    files = [whole, broken, whole[:-1], whole[:21], b"RIFF\0\0\0\0WAVEdata", b"", b"ID3"]
    found = ask(ManyToOne(codec, classes(), config()), script, [list(one) for one in files])
    assert found[0] == 50
    assert found[1].startswith("the sound has samples that are not finite numbers")
    assert [one.startswith("the sound is cut short") for one in found[2:4]] == [True, True]
    assert found[4:] == [None, None, None]  # a file of another kind, which the browser may decode


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
