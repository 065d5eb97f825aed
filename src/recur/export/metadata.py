"""The metadata of an ONNX file: what a program needs to make inputs and to read outputs, as text and JSON.

``metadata_props`` of the file holds these keys. Values are text; those marked JSON are documents of one line.

====================  ==================================================================================
key                   value
====================  ==================================================================================
``metadata_format``   ``1``: the format of this table
``recur``             the version that wrote the file
``mode``              ``one-to-one``, ``many-to-one``, ``synced`` or ``forecast``
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

import torch

from recur._version import __version__
from recur.export.layer import from_state
from recur.modes import Mode
from recur.network.stack import Stack

FORMAT = 1


@torch.no_grad()
def metadata(mode: Mode, stack: Stack | None, states: Sequence[tuple[str, int, int]]) -> dict[str, str]:
    """Return the keys and values of a network's file; ``states`` are those of ``stack`` that the file takes."""
    facts = {"metadata_format": str(FORMAT), "recur": __version__, "mode": mode.name}
    for side, codec in (("input_codec", mode.input_codec), ("target_codec", mode.target_codec)):
        if codec is not None:
            facts[side] = json.dumps(codec.whole_document(), ensure_ascii=False)
    if mode.symbols is not None:
        facts["beginning"], facts["end"] = str(mode.symbols.beginning), str(mode.symbols.end)
    if states and mode.config.initial.learn_state and stack is not None:
        start = from_state(stack.layer, stack.start(1), 1)
        facts["initial_states"] = json.dumps({name: start[f"{name}_next"][:, 0].tolist() for name, _, _ in states})
    return facts
