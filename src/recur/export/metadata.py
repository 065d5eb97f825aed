"""The metadata of an ONNX file: what a program needs to make inputs and to read outputs, as text and JSON.

``metadata_props`` of the file holds these keys. Values are text; those marked JSON are documents of one line.

====================  ==================================================================================
key                   value
====================  ==================================================================================
``metadata_format``   ``1``: the format of this table
``recur``             the version that wrote the file
``mode``              ``one-to-one``, ``many-to-one`` or ``synced``
``sentence``          what is read and what is answered, in words
``input_codec``       JSON: how a value becomes the input
``target_codec``      JSON: what the last axis of the output means
``beginning``         the id that a network reads first (those that predict their next item)
``end``               the id that ends a text
``initial_states``    JSON: state to (D, S), where the first states were learned; otherwise they are zeros
====================  ==================================================================================

Both codecs have ``kind`` and what that kind needs:

=============================  =========================================================================
kind                           keys
=============================  =========================================================================
words, spelled, characters,    ``vocabulary``: the tokens in the order of their ids; ``padding``, ``unknown``,
subwords                       ``beginning``, ``end``: the reserved ids; ``tokenizer``: the same as a document
                               of Hugging Face's tokenizers, with its normalizer and its way to split;
                               ``lower``: whether texts are lower-cased first
.. words, spelled              ``split``: ``spaces`` (at white space) or ``words`` (by the tokenizer's pattern)
.. spelled                     ``letters``: the letters in the order of their ids, which begin at 2;
                               ``no_letter`` 0, ``unknown_letter`` 1; ``longest``: letters read of a word
class, tags                    ``labels``: in the order of their ids
numbers                        ``columns``, ``units``, ``mean``, ``deviation``; the file takes and gives numbers in
                               their own units, so the scale is for information
images, frames                 ``grid`` (height, width, channels), ``mean``, ``deviation`` of values 0 ... 255
notes                          ``frames_per_beat``; ``vocabulary``: the events of melodies
audio                          ``features``, ``bands``, ``window_ms``, ``hop_ms``, ``sample_rate``, ``mean``,
                               ``deviation``
=============================  =========================================================================
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch

from recur._version import __version__
from recur.codecs import Codec
from recur.codecs.spelled import LONGEST, NO_LETTER, UNKNOWN_LETTER, SpelledWordsCodec
from recur.codecs.tokens import TokenCodec
from recur.export.layer import from_state
from recur.export.network import symbols_of
from recur.modes import Mode
from recur.modes.forecast import Forecast
from recur.modes.synced import Synced

FORMAT = 1


@torch.no_grad()
def metadata(mode: Mode, states: Sequence[tuple[str, int, int]]) -> dict[str, str]:
    """Return the keys and values of a network's file; ``states`` are the states that the file takes."""
    facts = {"metadata_format": str(FORMAT), "recur": __version__, "mode": mode.name}
    for side, codec in (("input_codec", mode.input_codec), ("target_codec", mode.target_codec)):
        if codec is not None:
            facts[side] = json.dumps(described(codec), ensure_ascii=False)
    symbols = symbols_of(mode)
    if symbols is not None:
        facts["beginning"], facts["end"] = str(symbols.beginning), str(symbols.end)
    if states and mode.config.learn_initial_state and isinstance(mode, (Synced, Forecast)):
        start = from_state(mode.stack.layer, mode.stack.start(1), 1)
        facts["initial_states"] = json.dumps({name: start[f"{name}_next"][:, 0].tolist() for name, _, _ in states})
    return facts


def described(codec: Codec) -> dict[str, Any]:
    """Return a codec as JSON that needs no other file: its document, with the vocabulary that a run keeps beside it."""
    document = codec.document()
    del document["format"]  # of the run folder's file
    if isinstance(codec, TokenCodec):
        del document["tokenizer_sha256"]
        document |= {
            "vocabulary": codec.vocabulary,
            "padding": codec.pad_id,
            "unknown": codec.unk_id,
            "beginning": codec.bos_id,
            "end": codec.eos_id,
            "tokenizer": json.loads(codec.tokenizer.to_str()),
        }
    if isinstance(codec, SpelledWordsCodec):
        document |= {"no_letter": NO_LETTER, "unknown_letter": UNKNOWN_LETTER, "longest": LONGEST}
    return document
