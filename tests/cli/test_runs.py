"""The commands that compute, on small files: train, then ask in every way there is."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from examples.files import flowers, pairs, reviews, sentences, series

from tests.cli.running import PLAIN, Outcome, matches, run
from tests.tolerances import SHOWN

TINY = ("--hidden-size", "24", "--batch-size", "16", "--seed", "1", "--device", "cpu")
SMALL = (*TINY, "--epochs", "2")
# what differs between machines and times
HIDDEN = {
    r"less than a second(?= left)": "# s",
    r"  \* best so far": "",
    r"[\d,]+ tokens/s": "# tokens/s",
    r"\d+\.\d+(e-?\d+)?|\d+(?= (tokens/s|s|min)\b)|(?<=gradient )\d\S*": "#",
    r"[█▏▎▍▌▋▊▉]+": "bar",
}


def hidden(folder: Path) -> dict[str, str]:
    """What a snapshot does not hold: the temporary folder, figures, bars."""
    return {re.escape(str(folder)): "FOLDER", **HIDDEN}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files and two runs: a classifier and a language model."""
    folder = tmp_path_factory.mktemp("cli")
    reviews(folder / "reviews.csv")
    sentences(folder / "sentences.txt")
    pairs(folder / "pairs.tsv")
    for name, words in {
        "reviews": [folder / "reviews.csv"],
        "sentences": [folder / "sentences.txt", "--documents", "line"],
    }.items():
        outcome = run("train", *words, "--out", folder / name, *TINY, "--epochs", "8", "--lr", "0.01")
        assert outcome.code == 0, outcome.err
    return folder


def ok(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.err
    return outcome


def test_train_says_what_it_understood_and_what_came_out(place: Path, tmp_path: Path) -> None:
    outcome = ok(run("train", place / "reviews.csv", "--out", tmp_path / "run", *SMALL))
    matches(outcome, "train", {re.escape(str(tmp_path)): "RUNS", **hidden(place)})


def test_train_as_json_keeps_stdout_for_the_document(place: Path, tmp_path: Path) -> None:
    outcome = ok(run("train", place / "reviews.csv", "--out", tmp_path / "run", *SMALL, "--json"))
    said = json.loads(outcome.out)
    assert said["mode"] == "many-to-one"
    assert said["run"] == str(tmp_path / "run")
    assert 0 <= said["held_out"]["accuracy"] <= 1
    assert said["verdict"]["outcome"] in ("better", "unclear", "worse")
    assert outcome.err.splitlines()[-1].startswith(f"verdict: {said['verdict']['sentence']}")


def test_the_run_has_a_folder_by_the_name_of_data_and_mode(place: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ok(run("train", place / "reviews.csv", *SMALL, "--max-steps", "1"))
    assert (tmp_path / "runs" / "reviews-many-to-one" / "run.json").is_file()


def test_the_same_command_again_goes_on(place: Path, tmp_path: Path) -> None:
    words = ("train", place / "reviews.csv", "--out", tmp_path / "run", *SMALL)
    first, second = ok(run(*words)), ok(run(*words))
    assert first.out == second.out
    matches(second, "train_again", {re.escape(str(tmp_path)): "RUNS", **hidden(place)})


def test_check(place: Path) -> None:
    matches(ok(run("check", place / "reviews.csv")), "check", hidden(place))
    assert isinstance(json.loads(ok(run("check", place / "reviews.csv", "--json")).out), dict)


def test_evaluate(place: Path) -> None:
    matches(ok(run("evaluate", place / "reviews", place / "reviews.csv")), "evaluate", hidden(place))
    figures = json.loads(ok(run("evaluate", place / "reviews", place / "reviews.csv", "--json")).out)
    assert figures["accuracy"] > 0.6


def test_evaluate_the_last_word(place: Path) -> None:
    outcome = ok(run("evaluate", place / "sentences", place / "sentences.txt", "--last-word", "--json"))
    figures = json.loads(outcome.out)
    assert 0 <= figures["accuracy"] <= 1
    assert figures["perplexity"] >= 1


def test_predict_words_of_the_line(place: Path) -> None:
    outcome = ok(run("predict", place / "reviews", "what a dull film", "such a lovely song", "--top", "2"))
    matches(outcome, "predict_top", hidden(place))


def test_predict_as_json(place: Path) -> None:
    said = json.loads(ok(run("predict", place / "reviews", "what a dull film", "--top", "2", "--json")).out)
    assert said[0]["input"] == "what a dull film"
    assert sum(share for _, share in said[0]["scores"]) == pytest.approx(1, rel=SHOWN)


def test_predict_a_file_and_stdin(place: Path) -> None:
    from_file = ok(run("predict", place / "reviews", "--file", place / "reviews.csv"))
    assert len(from_file.out.splitlines()) == 1 + 240
    typed = "a fine film\na cold play\n"
    assert len(ok(run("predict", place / "reviews", "-", stdin=typed)).out.splitlines()) == 1 + 2


def test_complete_shows_bars_beside_the_probabilities(place: Path) -> None:
    outcome = ok(run("complete", place / "sentences", "all clouds are in the", "--top", "3"))
    matches(outcome, "complete", {**hidden(place), r"(?m)^  \w+ +#": "  WORD  #"})
    assert all("█" in line or "%" in line for line in outcome.out.splitlines())


def test_complete_as_json(place: Path) -> None:
    said = json.loads(ok(run("complete", place / "sentences", "all clouds are in the", "--json")).out)
    shares = [candidate["probability"] for candidate in said["candidates"]]
    assert shares == sorted(shares, reverse=True)


def test_complete_names_the_words_that_it_does_not_know(place: Path) -> None:
    words = ("complete", place / "sentences", "all zebras are in the zebras quux")
    said = ok(run(*words))
    assert '"zebras", "quux"; all are read as the same unknown word' in said.err
    assert json.loads(ok(run(*words, "--json")).out)["unknown"] == ["zebras", "quux"]
    assert ok(run("complete", place / "sentences", "all clouds are in the")).err == ""
    typed = ok(run("complete", place / "sentences", "--interactive", stdin="all zebras\n"))
    assert "not in the vocabulary of" in typed.err


def test_numbers_are_typed_as_they_are_read(place: Path) -> None:
    flowers(place / "flowers.csv")
    series(place / "load.csv")
    ok(run("train", place / "flowers.csv", "--out", place / "flowers", *SMALL))
    ok(run("train", place / "load.csv", "--input", "load", "--out", place / "load", *SMALL, "--max-steps", "3"))
    for typed in ("1.5 0.2", "1.5,0.2"):
        [answer] = json.loads(ok(run("predict", place / "flowers", typed, "--json")).out)
        assert answer["value"] in ("setosa", "virginica", "versicolor")
    ahead = ok(run("predict", place / "load", "50 52 55 60", "--length", "3", "--json"))
    assert len(json.loads(ahead.out)[0]["value"]) == 3


def test_a_network_that_reads_nothing_is_asked_without_words(place: Path) -> None:
    words = ("--mode", "one-to-many", "--input-codec", "characters", "--out", place / "written", *SMALL)
    ok(run("train", place / "sentences.txt", *words, "--max-steps", "3"))
    said = ok(run("predict", place / "written", "--length", "5")).out.splitlines()
    assert [said[0], len(said)] == ["row,text,probability", 2]


def test_a_number_that_is_not_on_the_list_picks_nothing(place: Path) -> None:
    outcome = ok(run("complete", place / "sentences", "--interactive", "--top", "2", stdin="all clouds\n9\n\n"))
    assert "a number from 1 to 2 chooses a word, got 9" in outcome.err
    assert "all clouds 9" not in outcome.out


def test_nothing_is_written_by_a_network_that_cannot_write(place: Path) -> None:
    outcome = run("generate", place / "reviews", "--prompt", "once")
    assert outcome.code == 2
    assert outcome.out == ""


def test_fractions_of_whole_numbers_are_refused(place: Path) -> None:
    outcome = run("train", place / "reviews.csv", "--hidden-size", "3.5")
    assert outcome.code == 2
    assert '--hidden-size takes a whole number; got "3.5"' in outcome.err


def test_interactive_picks_by_number_and_goes_on(place: Path) -> None:
    outcome = ok(run("complete", place / "sentences", "--interactive", "--top", "2", stdin="all clouds\n1\n\n"))
    lines = outcome.out.splitlines()
    assert lines[0] == "all clouds"
    word = lines[1].split()[1]
    assert f"all clouds {word}" in lines


def test_generate_is_the_same_for_the_same_seed_and_streams_what_json_holds(place: Path) -> None:
    words = ("generate", place / "sentences", "--prompt", "all", "--length", "12", "--seed", "3")
    first, second = ok(run(*words)), ok(run(*words))
    assert first.out == second.out
    assert first.out.startswith("all")
    assert json.loads(ok(run(*words, "--json")).out)["text"].strip() in first.out


def test_a_translation_is_written_scored_and_searched(place: Path) -> None:
    pytest.importorskip("sacrebleu", reason='the extra "mt" is not installed')
    words = ("--mode", "many-to-many", "--input", "english", "--target", "french", "--attention", "luong")
    ok(run("train", place / "pairs.tsv", *words, "--input-feeding", "--out", place / "pairs", *SMALL))
    figures = json.loads(ok(run("evaluate", place / "pairs", place / "pairs.tsv", "--beam", "3", "--json")).out)
    assert 0 <= figures["bleu"] <= 100
    assert figures["bleu_signature"].startswith("nrefs:1|")
    [answer] = json.loads(
        ok(run("predict", place / "pairs", "a red cat", "--beam", "4", "--top", "3", "--prefix", "un", "--json")).out
    )
    assert answer["value"].startswith("un")
    assert answer["ranks"] == sorted(answer["ranks"], reverse=True)
    streamed = ok(run("generate", place / "pairs", "--prompt", "a red cat", "--prefix", "un", "--length", "3")).out
    assert streamed.startswith("un")
    assert len(streamed.split()) <= 3


def test_a_cache_is_read_along_and_its_numbers_are_chosen_on_the_dev_file(place: Path) -> None:
    text = place / "sentences.txt"
    words = ("--documents", "file", "--dev", text, "--bptt-variable", "--activation-regularization", "1")
    ok(run("train", text, *words, "--out", place / "text", *SMALL))
    asked = ("evaluate", place / "text", text, "--cache", "50")
    chosen = json.loads(ok(run(*asked, "--json")).out)
    assert chosen["perplexity"] <= chosen["perplexity_without_cache"]
    told = ok(run(*asked, "--cache-theta", "0.3", "--cache-lambda", "0.1", "--json")).out
    assert json.loads(told)["cache_lambda"] == 0.1
    rounded = ok(run("evaluate", place / "text", text, "--precision", "int8")).out.splitlines()
    assert rounded[rounded.index("by precision") + 1].split()[:2] == ["precision", "loss"]
    assert [line.split()[0] for line in rounded[-2:]] == ["float32", "int8"]
    lone = run("evaluate", place / "text", text, "--cache-theta", "0.3")
    assert (lone.code, "needs a cache" in lone.err) == (2, True)


WRONG = {
    "data_missing": ["train", "FOLDER/review.csv"],
    "data_column": ["train", "FOLDER/reviews.csv", "--input", "txt", "--target", "label"],
    "run_missing": ["complete", "FOLDER/sentence", "the"],
    "run_foreign": ["predict", "FOLDER", "text"],
    "complete_classifier": ["complete", "FOLDER/reviews", "the"],
    "generate_classifier": ["generate", "FOLDER/reviews"],
    "temperature": ["generate", "FOLDER/sentences", "--temperature", "-1"],
    "data_empty": ["train", "FOLDER/empty.txt"],
    "data_one_row": ["train", "FOLDER/one.csv"],
    "data_encoding": ["train", "FOLDER/latin.csv"],
    "data_ragged": ["train", "FOLDER/ragged.csv"],
    "data_nan": ["train", "FOLDER/nan.csv", "--input", "a", "--target", "b"],
    "data_folder": ["train", "FOLDER/nothing"],
    "predict_class_unknown": ["evaluate", "FOLDER/reviews", "FOLDER/other.csv"],
}


@pytest.mark.parametrize("name", WRONG)
def test_bad_input_is_one_paragraph_with_the_fix(name: str, place: Path) -> None:
    (place / "empty.txt").write_text("")
    (place / "one.csv").write_text("text,label\na,b\n")
    (place / "latin.csv").write_bytes("text,label\nun été,b\nun café,c\n".encode("latin-1"))
    (place / "ragged.csv").write_text("text,label\na,b\nc,d,e\nf,g\n")
    (place / "nan.csv").write_text("a,b\n1,2\nnan,3\n4,5\n6,7\n")
    (place / "other.csv").write_text("text,label\na fine film,great\n")
    (place / "nothing").mkdir(exist_ok=True)
    outcome = run(*(word.replace("FOLDER", str(place)) for word in WRONG[name]))
    matches(outcome, f"wrong_{name}", hidden(place))
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith("error: ")


@pytest.mark.skipif(os.name != "posix", reason="sends an interrupt as a terminal does")
def test_an_interrupt_saves_and_says_how_to_go_on(place: Path, tmp_path: Path) -> None:
    words = [str(place / "reviews.csv"), "--out", str(tmp_path / "run"), "--epochs", "100000", "--hidden-size", "8"]
    process = subprocess.Popen(
        [sys.executable, "-m", "recur", "train", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **PLAIN},
    )  # fmt: skip
    started = time.monotonic()
    while not (tmp_path / "run" / "model.safetensors").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - started < 60
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert f"resume with: recur train {words[0]}" in said
    assert "Traceback" not in said
    assert (tmp_path / "run" / "checkpoint").is_dir()


def test_export_says_what_the_file_takes_and_how_far_it_is_from_the_network(place: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    outcome = ok(run("export", place / "reviews", "--onnx", tmp_path / "reviews.onnx"))
    matches(outcome, "export", {re.escape(str(tmp_path)): "FILES", **hidden(place)})
    outcome = ok(run("export", place / "sentences", "--onnx", tmp_path / "step.onnx", "--step", "--json"))
    found = json.loads(outcome.out)
    assert found["inputs"][0] == "ids (B,) int64"
    assert max(found["differences"].values()) < 1e-4


def test_export_as_c_says_what_it_needs_and_that_it_is_proved(place: Path, tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    outcome = ok(run("export", place / "sentences", "--c", tmp_path / "c"))
    matches(outcome, "export-c", {re.escape(str(tmp_path)): "FILES", **hidden(place)})
    outcome = ok(run("export", place / "sentences", "--c", tmp_path / "c", "--single-header", "--json"))
    found = json.loads(outcome.out)
    assert found["files"] == ["Makefile", "README.md", "model.h", "model_test.c"]
    assert found["difference"] < 1e-5
    for words, said in (
        (("sentences", "--c", tmp_path / "no", "--max-steps", "9"), "reads an item at a time"),
        (("sentences", "--c", tmp_path / "no", "--step"), "--step is for ONNX"),
        (("sentences", "--c", tmp_path / "no", "--onnx", tmp_path / "no.onnx"), "different files"),
        (("sentences", "--onnx", tmp_path / "no.onnx", "--single-header"), "are for C"),
        (("sentences", "--python", tmp_path / "no.py", "--int8"), "--int8 is for C"),
        (("sentences", "--python", tmp_path / "no.py", "--int16"), "--int16 is for C"),
        (("sentences", "--onnx", tmp_path / "no.onnx", "--no-wasm"), "--no-wasm is for pages"),
        (("sentences", "--nam", tmp_path / "no.nam"), "numbers at every step"),
        (("sentences", "--rtneural", tmp_path / "no.json"), "numbers at every step"),
    ):
        refused = run("export", place / words[0], *words[1:])
        assert (refused.code, said in refused.err) == (2, True), refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_export_as_a_page_says_that_it_is_proved(place: Path, tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs Node.js")
    outcome = ok(run("export", place / "sentences", "--web", tmp_path / "page.html", "--no-wasm"))
    matches(outcome, "export-web", {re.escape(str(tmp_path)): "FILES", **hidden(place)})
    outcome = ok(run("export", place / "sentences", "--web", tmp_path / "page.html", "--float32", "--json"))
    found = json.loads(outcome.out)
    assert (found["bits"], found["held_out"]) == (32, True)
    assert found["difference"] < 1e-5
    for words, said in (
        (("sentences", "--web", tmp_path / "no.html", "--step"), "--step is for ONNX"),
        (("sentences", "--web", tmp_path / "no.html", "--c", tmp_path / "no"), "different files"),
        (("sentences", "--onnx", tmp_path / "no.onnx", "--float32"), "--float32 is for pages"),
        (("sentences", "--web", tmp_path / "no"), "does not end in .html"),
    ):
        refused = run("export", place / words[0], *words[1:])
        assert (refused.code, said in refused.err) == (2, True), refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_export_as_a_run_folder_halves_the_weights_and_answers_the_same(place: Path, tmp_path: Path) -> None:
    words = ("export", place / "reviews", "--run-folder", tmp_path / "small")
    whole = json.loads(ok(run(*words, "--json")).out)
    assert (whole["bytes"], whole["difference"]) == (whole["bytes_before"], 0.0)
    half = json.loads(ok(run(*words, "--weights", "float16", "--json")).out)
    assert half["bytes"] < 0.6 * half["bytes_before"]
    assert 0 < half["difference"] < 1e-2
    assert not (tmp_path / "small" / "checkpoint").exists()
    answers = [ok(run("predict", folder, "a good film")).out for folder in (place / "reviews", tmp_path / "small")]
    assert answers[0].split()[0] == answers[1].split()[0]
    for more, said in (
        (("--weights", "float8"), "cannot be stored as 'float8'"),
        (("--onnx", tmp_path / "no.onnx"), "different files"),
    ):
        refused = run("export", place / "reviews", "--run-folder", tmp_path / "no", *more)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    refused = run("export", place / "reviews", "--onnx", tmp_path / "no.onnx", "--weights", "float16")
    assert (refused.code, "--weights is for --run-folder" in refused.err) == (2, True), refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_export_without_a_file_or_a_form_says_what_to_type(place: Path) -> None:
    matches(run("export", place / "reviews"), "export-nowhere", hidden(place))
    before = sorted(place.iterdir())
    for folder in ("", place):
        refused = run("export", place / "reviews", "--onnx", folder)
        assert (refused.code, "is a folder" in refused.err) == (2, True), refused.err
    assert sorted(place.iterdir()) == before
    matches(run("export", place / "reviews", "--onnx", place / "x.onnx", "--step"), "export-no-step", hidden(place))
    assert not (place / "x.onnx").exists()
