"""Numbers that nobody means, for every number of every command but train: exit 2 and a short sentence, at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from examples.files import reviews, sentences

import recur
from tests.cli.running import run

ABSURD = ("-1", "0", str(10**9), str(10**30), "nan", "inf", "-inf", "1e999", "ten", "", "9" * 5000, "a" * 5000)
# values among these that an option may take
MEANT = {
    "--length": {"0"}, "--temperature": {"0"}, "--seed": {"0", str(10**9)}, "--top-k": {str(10**9)},
    "--no-repeat-ngram": {"0"}, "--length-penalty": {"0"}, "--cache-theta": {"0"}, "--cache-lambda": {"0"},
    "--window": {str(10**9)}, "--idle": set(), "--port": {"0"},
}  # fmt: skip
DECODING = ("--length", "--temperature", "--top-k", "--top-p", "--seed", "--repetition-penalty", "--no-repeat-ngram")
SAMPLED = {"--top-k": ("--temperature", "1"), "--top-p": ("--temperature", "1")}
TABLE = {
    ("generate", "text"): DECODING,
    ("predict", "text", "the"): (*DECODING, "--top", "--beam", "--length-penalty"),
    ("complete", "text", "the"): ("--top",),
    ("evaluate", "text", "a.txt"): ("--cache", "--cache-theta", "--cache-lambda"),
    ("inspect", "labels", "fine"): ("--top", "--window"),
    ("compare", "labels"): ("--rows",),
    # of a run that is not there: numbers are looked at first, and nothing is served
    ("serve", "absent"): ("--port", "--threads", "--sessions", "--idle", "--seconds", "--connections"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("absurd")
    sentences(made / "a.txt")
    reviews(made / "a.csv")
    for source, name in (("a.txt", "text"), ("a.csv", "labels")):
        recur.fit(made / source, out=made / name, hidden_size=4, max_steps=1, threads=1, progress=False)
    return made


@pytest.mark.parametrize(
    ("words", "option"), [(words, option) for words, options in TABLE.items() for option in options]
)
def test_an_absurd_number_is_refused_with_a_short_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], option: str
) -> None:
    monkeypatch.chdir(folder)
    for value in ABSURD:
        if value in MEANT.get(option, ()):
            continue
        began = time.process_time()
        outcome = run(*words, f"{option}={value}", *SAMPLED.get(option, ()))
        said = f"{option}={value[:40]}: {outcome.err[:500]}"
        assert outcome.code == 2, said
        assert outcome.out == "", said
        assert outcome.err.startswith("error: "), said
        assert len(outcome.err) < 500, said
        assert time.process_time() - began < 5, said
