"""Answers as JSON, encoded piece by piece, because the encoder holds the GIL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from fastapi import Response

from recur.cancellation import check_cancelled
from recur.heads import Prediction
from recur.serve.problems import RequestError


def predictions(answers: Sequence[Prediction]) -> str:
    """The body of an answer to `predict`."""
    return f'{{"predictions":[{",".join(map(_prediction, answers))}]}}'


def dumped(value: Any) -> str:
    """A value as JSON.

    Raises
    ------
    RequestError
        400 for NaN or infinity, which a network computes from inputs that are far too large.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise not_finite() from None


def not_finite() -> RequestError:
    """What is said where the numbers of an input are so large that the network's become infinite."""
    return RequestError(
        400, "the network's answer to this input is not finite", "send numbers of the size that it was trained on"
    )


def response(text: str) -> Response:
    """An answer that is JSON already: to look through its numbers one by one would take longer than to compute them."""
    return Response(text, media_type="application/json")


def as_json(value: Any) -> Any:
    """A raw value of a codec as JSON has it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    return value


def _prediction(one: Prediction) -> str:
    check_cancelled()
    scores = [{"value": as_json(value), "probability": probability} for value, probability in one.scores]
    head = dumped({"value": as_json(one.value), "shown": one.shown, "scores": scores})
    alignment = "null"
    if one.alignment is not None:
        alignment = f"[{','.join(dumped(row) for row in np.asarray(one.alignment).tolist())}]"
    quantiles = {str(share): as_json(value) for share, value in (one.quantiles or {}).items()}
    more = f',"quantiles":{dumped(quantiles)}' if quantiles else ""
    return f'{head[:-1]},"alignment":{alignment}{more}}}'
