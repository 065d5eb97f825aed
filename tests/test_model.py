"""``recur.fit`` and what it gives, from Python values of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples.files import sentences

import recur
from recur.errors import ConfigError, DataError
from recur.heads import Prediction

TEXTS = ["a fine film", "a dull film", "a warm song", "a cold song", "so bright", "so flat"]
LABELS = ["good", "bad"] * 3
QUICK = {"epochs": 2, "hidden_size": 8, "progress": False}


class Frame:
    """What a data frame can do, without being one."""

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self.columns = list(columns)
        self._columns = columns

    def __getitem__(self, name: str) -> np.ndarray:
        return np.array(self._columns[name], dtype=object)

    def __len__(self) -> int:
        return len(self._columns[self.columns[0]])


def test_lists_pairs_columns_and_frames_mean_the_same() -> None:
    columns = {"text": TEXTS * 5, "label": LABELS * 5}
    kinds: list[Any] = [
        columns,
        [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        Frame(columns),
    ]
    models = [recur.fit(rows, **QUICK) for rows in kinds]
    answers = [[round(one.scores[0][1], 6) for one in model.predict(TEXTS)] for model in models]
    assert answers[0] == answers[1] == answers[2]


def test_one_input_gives_one_answer_and_many_give_a_list() -> None:
    model = recur.fit({"text": TEXTS * 5, "label": LABELS * 5}, **QUICK)
    assert isinstance(model.predict("a fine film"), Prediction)
    assert isinstance(model.predict({"text": "a fine film"}), Prediction)
    assert [type(one) for one in model.predict(["a fine film"])] == [Prediction]
    assert model.predict([]) == []
    with pytest.raises(DataError, match='the input has no "text"'):
        model.predict({"txt": "a fine film"})


def test_arrays_are_series() -> None:
    draw = np.random.default_rng(0)
    series = draw.normal(size=(60, 9, 2)).astype(np.float32)
    labels = (series[:, :, 0].mean(axis=1) > 0).astype(int)
    model = recur.fit((series, labels), mode="many-to-one", epochs=30, lr=0.02, hidden_size=16, progress=False)
    assert model.roles.input_codec == "numbers"
    assert model.metrics["held_out"]["accuracy"] >= 0.5
    assert model.predict([series[0]])[0].value in (0, 1)


def test_a_list_of_numbers_is_one_series() -> None:
    series = [float(np.sin(i / 3)) for i in range(120)]
    model = recur.fit(series, max_steps=3, hidden_size=8, progress=False)
    one = model.predict(series[:20], length=4)
    assert isinstance(one, Prediction)
    assert len(one.value) == 4
    assert model.predict(np.array(series[:20]), length=4).value == one.value
    assert [answer.value for answer in model.predict([series[:20]], length=4)] == [one.value]


def test_rows_of_numbers_have_no_time() -> None:
    rows = {"a": [0.1, 2.5] * 20, "b": [0.5, 1.5] * 20, "kind": ["x", "y"] * 20}
    rows["a"] = [value + index / 1000 for index, value in enumerate(rows["a"])]
    model = recur.fit(rows, epochs=20, lr=0.05, hidden_size=8, progress=False)
    assert model.mode.name == "one-to-one"
    assert model.predict({"a": 0.1, "b": 0.5}).value == "x"


def test_a_language_model_completes_and_generates(tmp_path: Path) -> None:
    sentences(tmp_path / "a.txt")
    model = recur.fit(tmp_path / "a.txt", documents="line", epochs=8, lr=0.005, hidden_size=64, progress=False)
    best = model.complete("all clouds are in the", top=2)
    assert best[0].word == "sky"
    assert 0.5 < best[0].probability <= 1
    text = model.generate("the", length=5, seed=1)
    assert text.startswith("the")
    assert "".join(model.generate("the", length=5, seed=1, stream=True)) == text.removeprefix("the")
    scores = model.evaluate(["the fish are in the sea"], last_word=True)
    assert scores["accuracy"] == 1.0
    assert scores["rows"] == 1


def test_a_classifier_completes_nothing() -> None:
    model = recur.fit({"text": TEXTS * 5, "label": LABELS * 5}, **QUICK)
    with pytest.raises(ConfigError, match="does not continue a text"):
        model.complete("a")
    with pytest.raises(ConfigError, match="does not continue a text"):
        model.evaluate({"text": ["a"], "label": ["good"]}, last_word=True)


def test_evaluate_counts_rows_and_the_commonest_class() -> None:
    model = recur.fit({"text": TEXTS * 5, "label": LABELS * 5}, **QUICK)
    figures = model.evaluate({"text": ["a fine film", "a dull film", "so bright"], "label": ["good", "bad", "good"]})
    assert figures["rows"] == 3
    assert figures["majority_class_accuracy"] == pytest.approx(2 / 3)
    with pytest.raises(DataError, match='row 2: column "label": class "great" was not in the training data'):
        model.evaluate({"text": ["x", "y"], "label": ["good", "great"]})


def test_options_with_a_wrong_name_are_refused_with_the_right_one() -> None:
    with pytest.raises(ConfigError, match='unknown option "hiden_size". Did you mean "hidden_size"'):
        recur.fit(TEXTS, hiden_size=3)


def test_fitting_twice_gives_the_same_numbers_whatever_was_drawn_before() -> None:
    import torch

    first = recur.fit({"text": TEXTS * 5, "label": LABELS * 5}, **QUICK).predict(TEXTS)
    torch.rand(7)
    second = recur.fit({"text": TEXTS * 5, "label": LABELS * 5}, **QUICK).predict(TEXTS)
    assert [one.scores for one in first] == [one.scores for one in second]


def test_a_translation_is_generated_piece_by_piece() -> None:
    rows = [{"english": "a red cat", "french": "un chat rouge"}, {"english": "a dog", "french": "un chien"}] * 8
    model = recur.fit(
        rows, mode="many-to-many", input="english", target="french", attention="luong", epochs=2, hidden_size=8,
        progress=False,
    )  # fmt: skip
    whole = model.predict("a dog", length=4).value
    pieces = list(model.generate("a dog", length=4, stream=True))
    assert "".join(pieces).strip() == whole
    assert model.generate({"english": "a dog"}, length=4).strip() == whole
    assert model.generate("a dog", length=4, prefix="un").startswith("un")


def test_tags_are_generated_as_a_list() -> None:
    rows = [{"text": "a cat", "tags": "D N"}, {"text": "a dog runs", "tags": "D N V"}] * 8
    model = recur.fit(
        rows, mode="many-to-many", input="text", target="tags", target_codec="tags", epochs=1, hidden_size=8,
        progress=False,
    )  # fmt: skip
    assert model.generate("a cat", length=3) == model.predict("a cat", length=3).value


def test_a_notebook_shows_a_model_and_its_run(tmp_path: Path) -> None:
    from recur.run import open_run

    rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    model = recur.fit(rows, epochs=1, hidden_size=8, progress=False)
    assert "operations per step" in model._repr_html_()
    assert model.summary().total.parameters == sum(p.numel() for p in model.mode.parameters())
    run = open_run(model.save(tmp_path / "run"))
    assert "lstm" in run._repr_html_()
    # what an explanation is headed with
    assert model.title == model.mode.wording.title == "lstm"
    assert recur.load(tmp_path / "run").title == "run"
    assert model.sentence == model.roles.sentence


def test_a_string_is_a_path_where_it_ends_as_a_table_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = recur.fit({"text": TEXTS * 5, "label": LABELS * 5}, **QUICK)
    Path("reviews.csv").write_text("text,label\n" + "".join(f"{text},x\n" for text in TEXTS))
    Path("plain.txt").write_text("\n".join(TEXTS) + "\n")
    Path("two words.csv").write_text("text\n" + TEXTS[0] + "\n")
    expected = [answer.value for answer in model.predict(TEXTS)]
    for file in ("reviews.csv", "plain.txt"):
        for path in (file, f"./{file}", str(tmp_path / file), Path(file)):
            assert [answer.value for answer in model.predict(path)] == expected
    assert len(model.predict("two words.csv")) == 1
    for missing in ("typo.csv", Path("typo.csv")):
        with pytest.raises(DataError, match='there is no file "typo.csv"'):
            model.predict(missing)
    for text in ("a fine film", "see the list.csv", "etc.", "reviews", "a\nreviews.csv", "..."):
        assert model.predict(text).value in LABELS
    assert model.predict(["reviews.csv"])[0].value in LABELS
    for use in (model.evaluate, recur.fit):
        with pytest.raises(DataError, match='there is no file "a fine film"') as caught:
            use("a fine film")
        assert "given in a list" in str(caught.value)


def test_one_row_is_evaluated_and_predicted_and_is_too_little_to_learn_from() -> None:
    pandas = pytest.importorskip("pandas")
    rows = pandas.DataFrame({"text": TEXTS * 5, "label": LABELS * 5})
    model = recur.fit(rows, **QUICK)
    one = model.evaluate(rows.iloc[[0]])
    assert one["rows"] == 1
    for row in (rows.iloc[0], dict(rows.iloc[0]), rows.iloc[0].to_dict(), [rows.iloc[0].to_dict()]):
        assert model.evaluate(row) == one
    assert model.predict(rows.iloc[0]).value == model.predict(TEXTS[0]).value
    with pytest.raises(DataError, match='labels "text", "label" may be one row of a data frame or a column') as caught:
        recur.fit(rows.iloc[0], **QUICK)
    assert "df.iloc[[0]]" in str(caught.value.hint)
    with pytest.raises(DataError, match="a column is str 'a fine film'; expected one value"):
        recur.fit(rows.iloc[0].to_dict(), **QUICK)
    numbers = pandas.DataFrame({"a": [1.5 * n for n in range(30)], "b": [n % 3 for n in range(30)]})
    numbers["price"] = 2 * numbers["a"] + 1
    numeric = recur.fit(numbers, mode="one-to-one", target="price", **QUICK)
    assert numeric.evaluate(numbers.iloc[3]) == numeric.evaluate(numbers.iloc[[3]])
