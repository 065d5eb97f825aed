"""Small models of the next item that the tests of continuation share."""

from __future__ import annotations

import torch

from recur import codecs, modes
from recur.config import Config
from recur.modes import NextItem
from tests.modes.helpers import codec, small

STREAM = "the cat sat\na dog ran\nthe dog sat\n"


def model(kind: str = "words", *, stream: bool = False, seed: int = 0, **options: object) -> NextItem:
    """A model of the next item; a stream is of a file, whose line ends are symbols."""
    torch.manual_seed(seed)
    if stream and kind in ("words", "characters", "subwords"):
        config = Config.of(documents="file", max_vocab=270 if kind == "subwords" else None).data
        own = codecs.make(kind, config).fit([STREAM])
    else:
        own = codec(kind)
    mode = modes.build("synced", own, None, small(**options), stream=stream)
    assert isinstance(mode, NextItem)
    return mode
