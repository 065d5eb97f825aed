"""What a page has to know beside the numbers of its network: how it reads, what it answers, how it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from recur.codecs import Codec
from recur.continuation.prompt import endings, prompt_ids
from recur.errors import ConfigError
from recur.modes.forecast import forecasts
from recur.modes.item_model import ItemModel
from recur.modes.mode import Mode
from recur.nn.summary import parameter_count

EXAMPLES, LONGEST_EXAMPLE, STEPS_OF_EXAMPLE = 3, 90, 48  # examples; characters of one; steps of a series


def facts_of(mode: Mode, name: str, sentence: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's script reads as ``facts``.

    Raises
    ------
    ConfigError
        When a page cannot read what the network reads.
    """
    codec, able = mode.input_codec, mode.abilities
    reading, writing, model = _reading(codec), _writing(mode), mode.item_model
    answers = "next" if able.continues else "steps" if able.each_step else "written" if able.writes else "input"
    symbols = None if model is None else model.symbols
    notes = writing.get("kind", reading["kind"]) == "melody"
    facts: dict[str, Any] = {
        "name": name, "sentence": sentence, "mode": mode.name, "cell": mode.cell, "parameters": parameter_count(mode),
        "figure": metrics.get("figure"), "held_out": metrics.get("held_out"), "answers": answers,
        "reads": None if codec is None else codec.kind, "reads_steps": codec is not None and codec.sequence,
        "writes": mode.target_codec.kind, "sessions": notes and symbols is not None,
        "generates": symbols is not None and not notes, "timed": bool(mode.cell), "reading": reading,
        "comma": reading.get("comma", False),
        "labels": [str(one) for one in codec.labels] if codec is not None and codec.labelled else None,
        "writing": writing, "forecast": _forecast(mode), "searches": able.writes and mode.symbols is not None,
    }  # fmt: skip
    if answers == "steps" and codec is not None and codec.splits_into("word"):
        facts["reading"] |= {"labelled": True}
    if codec is not None and model is not None and symbols is not None:
        facts["reading"] |= _prefix(model)
        end, never = endings(model)
        facts["writing"] |= {
            **reading, "end": symbols.end, "stops": end,
            "never": [int(one) for one in (*never, *symbols.forbidden(unknown=False))],
            "silent": [int(one) for one in symbols.silent(unknown=False)],
            "item": _item(codec), "words": codec.splits_into("word"),
        }  # fmt: skip
    return facts


def _reading(codec: Codec | None) -> dict[str, Any]:
    """How a value is read, for ``reading.js``."""
    if codec is None:
        return {"kind": "nothing"}
    form = codec.typed_form()
    if form is None:
        raise ConfigError(
            f"this network reads {codec.describe()}, which a page cannot read",
            hint="texts, melodies, numbers, pictures, sounds and labels can be read; or --onnx FILE",
        )
    return form


def _item(codec: Codec) -> str:
    """What one symbol of a text is called."""
    return "item" if codec.text is None else codec.text.unit


def _prefix(model: ItemModel) -> dict[str, Any]:
    """The ids that a prompt begins with, and those that are read where it is empty."""
    empty = prompt_ids(model, "").tolist()
    if not model.stream or (model.target_codec.text and model.target_codec.text.ends_lines):
        return {"prefix": empty, "when_empty": []}
    if not model.target_codec.text:
        return {"prefix": [], "when_empty": empty}
    # a stream of characters: a line end comes first, where the vocabulary has one
    line_end = model.target_codec.encode("\n").tolist()[-1:]
    known = bool(line_end) and model.symbols is not None and line_end[0] != model.symbols.unknown
    return {"prefix": line_end if known else [], "when_empty": line_end}


def _writing(mode: Mode) -> dict[str, Any]:
    """What an answer is, for people."""
    codec, form = mode.target_codec, mode.target_codec.typed_form()
    if mode.item_model is not None and mode.symbols is not None:
        return {}
    if mode.abilities.writes and mode.symbols is not None and form is not None:
        symbols = mode.symbols
        return form | {
            "item": _item(codec), "words": codec.splits_into("word"), "end": symbols.end, "stops": symbols.end,
            "never": list(symbols.forbidden(unknown=False)), "silent": list(symbols.silent(unknown=False)),
        }  # fmt: skip
    if codec.labelled:
        return {"labels": [str(one) for one in codec.labels]}
    if codec.numeric:
        return {"columns": [str(one) for one in codec.column_names()], "ahead": mode.abilities.ahead}
    raise ConfigError(
        f"this network answers with {codec.describe()}, which a page cannot show yet",
        hint="classes, tags, numbers, forecasts, texts and melodies can be shown",
    )


def _forecast(mode: Mode) -> dict[str, Any] | None:
    if not forecasts(mode):
        return None
    quantiles = mode.output.quantiles
    return {
        "horizon": mode.horizon, "columns": len(mode.columns), "quantiles": quantiles.count,
        "median": quantiles.median, "shares": list(quantiles.shares),
    }  # fmt: skip


def examples_of(mode: Mode, values: Sequence[Any]) -> list[str]:
    """Return texts that the page offers to begin with: short held-out inputs, of a language model their beginnings."""
    codec = mode.input_codec
    if codec is None:
        return []
    texts = (_example(codec, value, mode.encode_input, half=mode.abilities.continues) for value in values)
    return list(dict.fromkeys(text for text in texts if text))[:EXAMPLES]


def _example(codec: Codec, value: Any, read: Callable[[Any], Any], *, half: bool) -> str:
    """A value as a person types it; empty where it is too long for a button."""
    if codec.discrete:
        words = value.split(" ") if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
        if not all(isinstance(word, str) for word in words):
            return ""
        if not isinstance(value, str) and not np.array_equal(read(" ".join(words)), read(value)):
            return ""  # words that are read otherwise where they are typed as a text
        text = " ".join(words[: max(1, len(words) // 2)] if half else words).strip()
        return text if len(text) <= LONGEST_EXAMPLE else ""
    if not codec.column_names() or codec.events or not np.ndim(value):
        return ""
    rows = np.asarray(value, float)[-STEPS_OF_EXAMPLE:]
    if not np.isfinite(rows).all():
        return ""
    wide = rows.ndim > 1 and rows.shape[1] > 1
    if not wide:
        return ", ".join(f"{one:.10g}" for one in rows.ravel())
    return "\n".join(" ".join(f"{one:.10g}" for one in row) for row in rows)
