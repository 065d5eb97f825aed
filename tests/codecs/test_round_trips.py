"""Every codec gives back what it was given, before and after its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from recur import codecs
from recur.config import Config

EXAMPLES: list[tuple[str, list[Any], list[Any]]] = [
    ("words", ["It is n't so , he said .", "Yes ."], ["it is n't\nso.", "Nothing known", ""]),
    ("words", ["It isn't so, he said.", 'He said "yes" (twice)!'], ["isn't so, (twice)", ""]),
    ("words", [["10:30", "is", "late"]], [["10:30", "late"], "it is late."]),
    ("characters", ["naïve\n\tcafé", "日本語"], ["café 日本 x", ""]),
    ("subwords", ["naïve café café", "日本語"], ["quite new 🙂 <eos>", ""]),
    ("class", ["b", "a", 3, 12, "a"], ["a", "3", 12]),
    ("tags", [["NOUN", "VERB"], "DET NOUN"], ["NOUN DET", []]),
    ("numbers", [[1, 2.5], ["3", None], [4, 0]], [[1, 2], [None, 5]]),
]


@pytest.mark.parametrize(("kind", "fitted", "tried"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_a_loaded_codec_is_the_saved_one(kind: str, fitted: list[Any], tried: list[Any], tmp_path: Path) -> None:
    config = Config.of(max_vocab=300, missing="mean", lower=False).data
    codec = codecs.make(kind, config).fit(fitted)
    codec.save(tmp_path, "input_codec")
    loaded = codecs.load(tmp_path, "input_codec")
    assert type(loaded) is type(codec)
    assert loaded.describe() == codec.describe()
    assert (loaded.size, loaded.discrete, loaded.sequence) == (codec.size, codec.discrete, codec.sequence)
    for value in [*fitted, *tried]:
        ids = codec.encode(value)
        np.testing.assert_array_equal(loaded.encode(value), ids)
        assert loaded.decode(ids) == codec.decode(ids)
        assert loaded.show(value) == codec.show(value)
    loaded.save(tmp_path, "again")
    for file in tmp_path.glob("input_codec*"):
        again = tmp_path / file.name.replace("input_codec", "again")
        assert file.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(("kind", "fitted", "tried"), EXAMPLES[:5], ids=[row[0] for row in EXAMPLES[:5]])
def test_hf_tokenizers_opens_the_file(kind: str, fitted: list[Any], tried: list[Any], tmp_path: Path) -> None:
    codec = codecs.make(kind, Config.of(max_vocab=300).data).fit(fitted)
    codec.save(tmp_path, "input_codec")
    tokenizer = Tokenizer.from_file(str(tmp_path / "input_codec.tokenizer.json"))
    assert tokenizer.get_vocab_size() == codec.size
    for value in [*fitted, *tried]:
        ids = tokenizer.encode(value, is_pretokenized=isinstance(value, list)).ids
        if codec.ids.unk not in ids:
            assert ids == codec.encode(value).tolist()
