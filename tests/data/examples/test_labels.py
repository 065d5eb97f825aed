"""Classes and tags in held-out rows: each stays in some training row, and files with others are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import recur
from recur.config import Config
from recur.data import load
from recur.data.examples.labels import labels_of, of_rows, unlearned
from recur.errors import DataError
from recur.training.check import check
from tests.pictures import square, write_picture

Rows = list[dict[str, Any]]
TIMES = 10


def config(seed: int = 0, fraction: float = 0.1, mode: str | None = None, **table: Any) -> Config:
    return Config.of(dev_fraction=fraction, **table, mode=mode, seed=seed)


def repeated(columns: str, *rows: tuple[Any, ...]) -> Rows:
    return [dict(zip(columns.split(), row, strict=True)) for row in rows for _ in range(TIMES)]


FEW: dict[str, tuple[Rows, dict[str, Any]]] = {
    "class to class": (
        repeated("mode answer", ("fast", "go"), ("fast", "run"), ("slow", "stop"), ("slow", "go"), ("mid", "run")),
        {"input": ["mode"], "target": ["answer"], "input_codec": "class", "target_codec": "class"},
    ),
    "class to words": (
        repeated("mode answer", ("fast", "go now"), ("fast", "run"), ("slow", "stop it"), ("mid", "wait a bit")),
        {"input": ["mode"], "target": ["answer"], "input_codec": "class", "target_codec": "words"},
    ),
    "numbers to class": (repeated("a b speed", (1, 2, "fast"), (2, 3, "fast"), (3, 4, "fast"), (9, 9, "slow")), {}),
    "text to class": (repeated("text label", ("a b", "p"), ("b a", "n"), ("c d", "p"), ("a a", "q")), {}),
    "equal texts of two classes": (
        repeated("text label", ("a b", "p"), ("a b", "n"), ("c d", "p"), ("d d d", "p"), ("e e", "p")), {},
    ),
    "words to tags": (
        repeated("text tags", ("a b", "X Y"), ("b a", "Y X"), ("c d", "Z W"), ("a a", "X X")),
        {"input": ["text"], "target": ["tags"], "target_codec": "tags", "mode": "synced"},
    ),
    "numbers of whole value as classes": (
        repeated("a b label", (1.5, 2, 0), (2.5, 3, 0), (3.5, 4, 1), (9.5, 9, 1.0), (4.5, 1, 2)), {"target": ["label"]},
    ),
    "groups with one class each": (
        [
            {"run": run, "x": float(run + step), "label": label}
            for run, label in enumerate(["p", "p", "p", "q", "p", "r", "p", "r"])
            for step in range(4)
        ],
        {"group": "run", "input": ["x"], "target": ["label"], "mode": "many-to-one"},
    ),
    "groups with a label for each step": (
        [
            {"run": run, "x": float(run + step), "label": f"{label}{step % 2}"}
            for run, label in enumerate(["p", "p", "p", "q", "p", "r", "p", "r"])
            for step in range(4)
        ],
        {"group": "run", "input": ["x"], "target": ["label"], "mode": "synced"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_every_class_and_tag_stays_in_a_training_row(name: str, fraction: float) -> None:
    rows, table = FEW[name]
    for seed in range(6):
        settings = config(seed, fraction, **table)
        found = load(settings, rows)
        assert len(found.train)
        assert len(found.dev)
        assert not unlearned(found.dev, found.roles, of_rows(found.train, found.roles))
        assert not found.notes
        again = load(settings, rows)
        assert [again.dev[place].where for place in range(len(again.dev))] == [
            found.dev[place].where for place in range(len(found.dev))
        ]


def test_the_share_that_is_held_out_is_the_real_one() -> None:
    rows, table = FEW["numbers to class"]
    found = load(config(**table), rows)
    assert (len(found.train), len(found.dev)) == (30, 10)
    assert found.held_out.startswith("25 % (10 of 40) of the rows")


def test_a_class_of_one_row_is_learned_from() -> None:
    rows = [{"text": f"text number {place}", "label": "ab"[place % 2]} for place in range(40)]
    rows.append({"text": "the only one", "label": "c"})
    for seed in range(20):
        found = load(config(seed, 0.6), rows)
        assert "c" in {found.train[place].target for place in range(len(found.train))}


def test_rows_that_each_have_an_input_class_of_their_own_are_refused() -> None:
    rows = repeated("mode answer", ("fast", "go"), ("slow", "stop"), ("mid", "wait"))
    table = {"input": ["mode"], "target": ["answer"], "input_codec": "class", "target_codec": "class"}
    with pytest.raises(DataError, match="none of the 3 different rows can be held out") as caught:
        load(config(**table), rows)
    assert "--dev FILE" in str(caught.value.hint)


def test_where_every_row_has_a_target_class_of_its_own_one_is_held_out_and_reported() -> None:
    found = load(config(), [{"text": "good film", "label": "yes"}, {"text": "dull film", "label": "no"}])
    (note,) = found.notes
    assert note.startswith("unlearned: class ")
    assert note.endswith(' (1 row) of column "label": in the held-out rows only, so it cannot be learned')


def pictures(folder: Path) -> None:
    for place, kind in enumerate(["cat", "cat", "cat", "dog"]):
        (folder / kind).mkdir(exist_ok=True)
        for copy in range(5):
            write_picture(folder / kind / f"{place}{copy}.png", square(place))


def texts(folder: Path) -> None:
    for place, kind in enumerate(["cat", "cat", "cat", "dog"]):
        (folder / kind).mkdir(exist_ok=True)
        for copy in range(5):
            (folder / kind / f"{place}{copy}.txt").write_text(f"the text {place}\n")


@pytest.mark.parametrize("write", [pictures, texts])
def test_of_a_folder_every_class_stays_in_the_training_rows(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path)
    for seed in range(6):
        found = load(config(seed, source=str(tmp_path)))
        assert {found.train[place].target for place in range(len(found.train))} == {"cat", "dog"}
        assert len(found.dev) == 5


TRAIN = "text,label\n" + "".join(f"word {place},{'ab'[place % 2]}\n" for place in range(20))


@pytest.mark.parametrize("part", ["dev", "test"])
def test_a_file_with_other_classes_is_refused_with_their_rows(part: str, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "other.csv").write_text("text,label\nword,a\nnew,c\nmore,c\nlast,d\n")
    settings = config(source=str(tmp_path / "train.csv"), **{part: str(tmp_path / "other.csv")})
    with pytest.raises(DataError) as caught:
        check(settings)
    assert caught.value.message == (
        'other.csv:3: column "label": class "c" was not in the training data; other.csv has it in 2 rows, "d" in 1; '
        "expected classes of the training data: a, b"
    )
    assert caught.value.hint == "leave these rows out of other.csv, or add such rows to the training data"


def test_a_class_that_only_the_last_rows_in_time_have_is_reported() -> None:
    rows = [
        {"date": f"2024-01-{place + 1:02}", "a": place % 7 * 1.5, "label": "new" if place > 27 else "ab"[place % 2]}
        for place in range(30)
    ]
    found = load(config(input=["a"], target=["label"], mode="one-to-one"), rows)
    assert 'unlearned: class "new" (2 rows) of column "label": in the held-out rows only, so it cannot be learned' in (
        found.notes
    )


def test_evaluate_says_which_classes_the_network_does_not_know() -> None:
    rows = [{"text": f"word {place}", "label": "ab"[place % 2]} for place in range(20)]
    model = recur.fit(rows, epochs=1, hidden_size=4, progress=False)
    with pytest.raises(DataError, match='row 2: column "label": class "c" was not in .* has it in 2 rows;'):
        model.evaluate([{"text": "word", "label": "a"}, *({"text": "word", "label": "c"} for _ in range(2))])


@pytest.mark.parametrize(
    ("value", "codec", "expected"),
    [
        (" x ", "class", {"x"}), (1.0, "class", {"1"}), (True, "class", {"True"}), ("NA", "class", set()),
        (None, "class", set()), ("", "class", set()), ("a b a", "tags", {"a", "b"}),
        (["a", None, "b c"], "tags", {"a", "b c"}),
        (float("nan"), "tags", set()), ("a", "words", set()), (3, None, set()),
    ],
)  # fmt: skip
def test_the_labels_of_a_value(value: Any, codec: str | None, expected: set[str]) -> None:
    assert labels_of(value, codec) == expected
