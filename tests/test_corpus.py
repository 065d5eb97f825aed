"""Texts to search in come from any file that the network reads, with labels where it has them."""

from __future__ import annotations

from pathlib import Path

from examples.files import reviews

import recur
from recur.model.corpus import LONG, passages


def test_a_long_text_is_read_in_pieces_and_nothing_is_lost(tmp_path: Path) -> None:
    lines = [f"line {number} of a long text" for number in range(400)]
    file = tmp_path / "long.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = recur.fit(file, input_codec="characters", documents="file", hidden_size=4, epochs=1, progress=False)
    assert model.roles.stream
    inputs, labels = model.passages(file)
    assert labels is None
    assert "\n".join(inputs) == "\n".join(lines)
    assert len(inputs) < 10
    assert all(LONG <= len(one) < 2 * LONG for one in inputs[:-1])


def test_rows_have_their_labels_and_rows_without_them_are_read_too(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    reviews(file)
    model = recur.fit(file, hidden_size=4, epochs=1, progress=False)
    inputs, labels = model.passages(file)
    assert labels is not None
    assert len(inputs) == len(labels)
    assert set(labels) == {"good", "bad"}
    alone = tmp_path / "alone.csv"
    alone.write_text(f"{model.roles.input[0]}\na fine film\na dull film\n", encoding="utf-8")
    assert model.passages(alone) == (["a fine film", "a dull film"], None)


def test_tags_are_labels_of_steps() -> None:
    rows = [{"text": "the dog ran", "tags": "D N V"}, {"text": "a cat", "tags": "D N"}] * 6
    model = recur.fit(rows, input="text", target="tags", mode="synced", hidden_size=4, epochs=1, progress=False)
    inputs, labels = passages([{"text": "the cat", "tags": "D N"}], model.mode, model.roles, model.config)
    assert len(inputs) == 1
    assert labels == [["D", "N"]]
