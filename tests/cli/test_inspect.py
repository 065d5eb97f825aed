"""`recur inspect` and `recur compare`, on two small runs: the terminal, a page, a picture, plain data, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.files import reviews, sentences

from tests.cli.running import Outcome, run

TINY = ("--hidden-size", "12", "--batch-size", "16", "--seed", "1", "--device", "cpu", "--epochs", "2", "--lr", "0.01")
TEXT = "we know that the clouds are in the"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect")
    sentences(folder / "sentences.txt")
    reviews(folder / "reviews.csv")
    lines = (folder / "reviews.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "one.csv").write_text("".join(lines[:2]), encoding="utf-8")
    for cell in ("lstm", "elman"):
        words = ("train", folder / "sentences.txt", "--documents", "line", "--record-gradients", "--cell", cell)
        ok(run(*words, "--out", folder / cell, *TINY))
    ok(run("train", folder / "reviews.csv", "--out", folder / "reviews", *TINY))
    return folder


def ok(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.err
    return outcome


def test_the_terminal_shows_words_gradients_and_gates(place: Path) -> None:
    outcome = ok(run("inspect", place / "lstm", TEXT))
    said = (
        "the next word is",
        "which inputs support",
        "clouds",
        "gradient through time",
        "gates of layer 1",
        "step 2 (we)",
    )
    for words in (*said, "shares of the three paths", "hidden to output"):
        assert words in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert "\x1b" not in outcome.out


def test_another_word_is_explained(place: Path) -> None:
    assert "the next word is “sea”" in ok(run("inspect", place / "lstm", TEXT, "--target", "sea")).out
    wrong = run("inspect", place / "lstm", TEXT, "--target", "sae")
    assert wrong.code == 2
    assert 'Did you mean "sea"' in wrong.err


def test_files_are_written_whole(place: Path, tmp_path: Path) -> None:
    words = ("inspect", place / "lstm", TEXT, "--beside", place / "elman")
    outcome = ok(run(*words, "--html", tmp_path / "a.html", "--png", tmp_path / "a.png"))
    assert outcome.out == ""
    assert "open it in a browser" in outcome.err
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    both = json.loads(ok(run(*words, "--json")).out)
    assert [one["model"]["name"] for one in both] == ["lstm", "elman"]


def test_units_that_follow_something_in_a_file_are_shown_over_the_input(place: Path, tmp_path: Path) -> None:
    words = ("inspect", place / "lstm", TEXT, "--units", place / "sentences.txt")
    outcome = ok(run(*words))
    assert "units that follow a simple property of the text" in outcome.out
    assert "position in the line: layer 1, unit" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80
    data = json.loads(ok(run(*words, "--json")).out)["units"]
    assert {len(one["values"]) for one in data["findings"]} == {len(data["labels"])}
    assert all(one["exceeds"] for one in data["findings"])
    assert {one["predicate"] for one in data["findings"]} <= {one["predicate"] for one in data["best"]}
    assert all(len(set(one["wanted"])) > 1 for one in data["findings"]), "a predicate that is never true here is listed"
    ok(run(*words, "--html", tmp_path / "a.html"))
    assert '"predicate":"position in the line"' in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_ranges_with_the_state_of_a_chosen_one_are_listed(place: Path, tmp_path: Path) -> None:
    words = ("inspect", place / "lstm", TEXT, "--match", "in the", "--data", place / "sentences.txt", "--matches", "4")
    outcome = ok(run(*words))
    assert "where the state is that of “in the”" in outcome.out
    assert "of tanh(c) of layer 1" not in outcome.out
    assert "on in tanh(c) of layer 1" in " ".join(outcome.out.split())
    assert outcome.out.count(" of ") >= 4
    assert "which inputs support" not in outcome.out, "what was not asked for is computed"
    assert max(map(len, outcome.out.splitlines())) <= 80
    data = json.loads(ok(run(*words, "--json")).out)["match"]
    assert len(data["matches"]) == 4
    ok(run(*words, "--html", tmp_path / "a.html", "--png", tmp_path / "a.png"))
    assert '"matches":[' in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_matches_of_labelled_rows_have_their_labels(place: Path) -> None:
    # the file that the run was trained on
    words = ("inspect", place / "reviews", "what a dull film", "--match", "dull", "--edges", "none")
    data = json.loads(ok(run(*words, "--threshold", "0.01", "--json")).out)["match"]
    assert {one["label"] for one in data["matches"]} <= {"good", "bad"}
    assert all(one["label"] for one in data["matches"])


def test_a_class_is_explained_and_its_opposite(place: Path) -> None:
    data = json.loads(ok(run("inspect", place / "reviews", "what a dull film", "--json")).out)
    labels = [one["label"] for one in data["question"]["options"]]
    assert set(labels) == {"good", "bad"}
    other = json.loads(ok(run("inspect", place / "reviews", "what a dull film", "--target", labels[1], "--json")).out)
    assert other["question"]["options"][0]["label"] == labels[1]
    assert data["input"]["items"] == ["what", "a", "dull", "film"]


def test_runs_are_compared(place: Path, tmp_path: Path) -> None:
    outcome = ok(run("compare", place / "lstm", place / "elman", "--rows", "8"))
    assert "distance" in outcome.out
    assert "elman: a step" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80
    ok(run("compare", place / "lstm", place / "elman", "--rows", "4", "--html", tmp_path / "c.html"))
    data = json.loads(ok(run("compare", place / "lstm", place / "elman", "--rows", "4", "--json")).out)
    assert [one["label"] for one in data["runs"]] == ["lstm", "elman"]
    assert data["runs"][0]["recorded"][0]["distance"][0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inspect", "lstm"], "no input to explain"),
        (["inspect", "lstm", "a", "--top", "0"], "--top must be from 1 to"),
        (["inspect", "lstm", "a", "--window", "0"], "--window must be from 1 to"),
        (["inspect", "lstm", "a", "--html", "."], "is a folder"),
        (["inspect", "lstm", "a", "--units", "nowhere.txt"], "nowhere.txt"),
        (["inspect", "reviews", "what a dull film", "--units", "one.csv"], "a search needs at least two texts"),
        (["inspect", "lstm", TEXT, "--match", "4:2"], "the range 4:2 is empty"),
        (["inspect", "lstm", TEXT, "--match", "4:99"], "is outside the input"),
        (["inspect", "lstm", TEXT, "--match", "2:3", "--threshold", "1"], "--threshold must be between 0 and 1"),
        (["inspect", "lstm", TEXT, "--match", "2:3", "--matches", "0"], "--matches must be from 1 to"),
        (["inspect", "lstm", TEXT, "--match", "2:3", "--layer", "2"], "there is no layer 2"),
        (["inspect", "lstm", TEXT, "--match", "2:3", "--data", "nowhere.txt"], "nowhere.txt"),
        (["inspect", "lstm", TEXT, "--data", "sentences.txt"], "there is no --match"),
        (["inspect", "lstm", TEXT, "--threshold", "0.5"], "--threshold acts with --match alone"),
        (["inspect", "lstm", TEXT, "--edges", "none"], "--edges acts with --match alone"),
        (["inspect", "lstm", TEXT, "--layer", "1"], "--layer acts with --match alone"),
        (["inspect", "lstm", TEXT, "--matches", "4"], "--matches acts with --match alone"),
        (["inspect", "nowhere", "a"], "there is no run folder"),
        (["compare"], "no runs to compare"),
        (["compare", "lstm", "--rows", "0"], "--rows must be from 1 to"),
        (["inspect", "reviews", "what a dull film", "--target", "superb"], "superb"),
    ],
)
def test_mistakes_get_a_sentence(place: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str) -> None:
    monkeypatch.chdir(place)
    outcome = run(*words)
    assert outcome.code == 2, outcome.err
    assert said in outcome.err
    assert any(part in outcome.err for part in ("hint:", "must be", "there is no file"))
    assert outcome.out == ""
