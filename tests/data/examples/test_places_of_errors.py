"""An error names the very line and the column, whichever reader read them and however long the window is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.config import Config
from recur.config_file import from_options
from recur.data import load
from recur.errors import DataError, RecurError
from recur.training import learn
from recur.training.check import check

MISSING, WORD = "", "abc"


def csv_rows(bad: str) -> list[list[Any]]:
    """A header and 120 rows: step, load, group, label; the load of line 88 is bad."""
    rows: list[list[Any]] = [["step", "load", "group", "label"]]
    for line in range(2, 122):
        rows.append([line, bad if line == 88 else 10 + line % 7, f"g{line // 12}", "ab"[line % 2]])
    return rows


def as_csv(folder: Path, bad: str) -> str:
    path = folder / "sensor.csv"
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in csv_rows(bad)), encoding="utf-8")
    return str(path)


def as_semicolons(folder: Path, bad: str) -> str:
    path = folder / "sensor.csv"
    text = "".join(";".join(f"{one},5" if isinstance(one, int) else one for one in row) + "\n" for row in csv_rows(bad))
    path.write_text(text, encoding="utf-8")
    return str(path)


def as_jsonl(folder: Path, bad: str) -> str:
    names, *rows = csv_rows(bad)
    path = folder / "sensor.jsonl"
    objects = [dict(zip(names, row, strict=True)) for row in rows]
    # one empty line, so that the 87th row is on line 88
    path.write_text("\n" + "".join(json.dumps(one) + "\n" for one in objects), encoding="utf-8")
    return str(path)


READERS: dict[str, Callable[[Path, str], str]] = {"csv": as_csv, "semicolons": as_semicolons, "jsonl": as_jsonl}
SHAPES: dict[str, dict[str, Any]] = {
    "rows": {"input": ["load"], "target": ["label"], "mode": "one-to-one"},
    "a series": {"input": ["load"], "bptt": 30},
    "a series with labels": {"input": ["load"], "target": ["label"], "mode": "synced", "bptt": 30},
    "groups": {"input": ["load"], "target": ["label"], "group": "group"},
    "a direct forecast": {"input": ["load"], "target": ["load"], "forecast": "direct", "horizon": 2, "window": 20},
    "a recursive forecast": {"input": ["load"], "target": ["load"], "forecast": "recursive", "window": 20},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(("bad", "said"), [(MISSING, "missing in column"), (WORD, 'column "load": "abc" is not')])
def test_a_bad_cell_is_named_by_its_line_and_column(
    reader: str, shape: str, bad: str, said: str, tmp_path: Path
) -> None:
    source = READERS[reader](tmp_path, bad)
    with pytest.raises(DataError) as caught:
        check(from_options({"source": source, **SHAPES[shape]}, Config()))
    assert caught.value.message.startswith(f"{Path(source).name}:88: ")
    assert said in caught.value.message
    assert '"load"' in caught.value.message
    assert "at step" not in caught.value.message


def test_the_same_holds_for_rows_that_are_held_out(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    bad.mkdir()
    options = {"source": as_csv(good, "11"), "dev": as_csv(bad, WORD), **SHAPES["a series"], "epochs": 1}
    for work in (check, lambda config: learn(config, progress=False)):
        with pytest.raises(DataError, match='^sensor.csv:88: column "load": "abc" is not a number'):
            work(from_options(options, Config()))


def test_a_label_that_training_has_not_seen_is_named_by_its_column(tmp_path: Path) -> None:
    train, dev = tmp_path / "train.csv", tmp_path / "dev.csv"
    train.write_text("a,b,label\n" + "1,2,x\n2,3,y\n" * 20)
    dev.write_text("a,b,label\n1,2,x\n2,3,z\n")
    with pytest.raises(DataError, match='^dev.csv:3: column "label": class "z" was not in the training data'):
        learn(from_options({"source": str(train), "dev": str(dev), "epochs": 1}, Config()), progress=False)


def test_a_tag_is_named_by_the_line_of_its_word(tmp_path: Path) -> None:
    train, dev = tmp_path / "train.conll", tmp_path / "dev.conll"
    train.write_text("the D\ncat N\n\na D\ndog N\n\n" * 10)
    dev.write_text("the D\ncat N\n\na D\n\nthe D\nbig N\ncat X\n")
    with pytest.raises(DataError, match='^dev.conll:8: column "tag": tag "X" was not in the training data'):
        check(from_options({"source": str(train), "dev": str(dev)}, Config()))


def test_a_tag_of_a_universal_sentence_is_named_past_comments_and_ranges(tmp_path: Path) -> None:
    def sentence(*tags: str) -> str:
        rows = [f"{n}\tw{n}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n" for n, tag in enumerate(tags, 1)]
        return "# text\n" + rows[0] + "2-3\tw\t_\t_\t_\t_\t_\t_\t_\t_\n" + "".join(rows[1:]) + "\n"

    train, dev = tmp_path / "train.conllu", tmp_path / "dev.conllu"
    train.write_text(sentence("D", "N", "V") * 20)
    dev.write_text(sentence("D", "N", "V") + sentence("D", "N", "X"))
    with pytest.raises(DataError, match='^dev.conllu:11: column "upos": tag "X"'):
        check(from_options({"source": str(train), "dev": str(dev)}, Config()))


def test_a_series_of_one_line_names_line_and_step(tmp_path: Path) -> None:
    lines = [{"s": [1, 2, "x" if row == 7 else 3], "label": "ab"[row % 2]} for row in range(20)]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(DataError, match='^a.jsonl:8: column "s": at step 3: "x" is not a number'):
        check(from_options({"source": str(path), "target": ["label"], "input_codec": "numbers"}, Config()))
    ts = tmp_path / "a.ts"
    ts.write_text("@classLabel true a b\n@data\n" + "1,2,3:a\n1,2,4:b\n" * 5 + "1,x,3:a\n1,2,4:b\n")
    with pytest.raises(DataError, match='^a.ts:13: at step 2: column "series": "x" is not a number'):
        check(from_options({"source": str(ts)}, Config()))


def test_an_array_names_row_and_column(tmp_path: Path) -> None:
    x, y = np.zeros((20, 5, 2)), np.arange(20) % 2
    x[7, 3, 1] = np.inf
    np.savez(tmp_path / "a.npz", x=x, y=y)
    with pytest.raises(
        DataError, match=r'a.npz, row 8: at step 4: expected finite numbers, found an infinite one in column "value 2"'
    ):
        check(from_options({"source": str(tmp_path / "a.npz"), "input": ["x"], "target": ["y"]}, Config()))
    x[7, 3, 1] = np.nan
    with pytest.raises(DataError, match=r'the data given, row 8: .*missing in column "value 2" at step 4'):
        load_and_check({"x": x, "y": y}, input=["x"], target=["y"])


def load_and_check(source: Any, **options: Any) -> None:
    check(from_options(options, Config()), source)


def test_python_rows_are_named_by_their_number() -> None:
    rows = [{"a": 1.0 + n, "b": "?" if n == 6 else 2.0 + n % 3, "label": "xy"[n % 2]} for n in range(30)]
    with pytest.raises(DataError, match='^the data given, row 7: .*missing in column "b"'):
        load_and_check(rows, target=["label"])


def test_reading_alone_refuses_nothing_of_this(tmp_path: Path) -> None:
    source = as_csv(tmp_path, MISSING)
    try:
        assert len(load(from_options({"source": source, **SHAPES["a series"]}, Config())).dev) == 1
    except RecurError as error:
        pytest.fail(str(error))
