"""Answers as JSON, encoded piece by piece, because the encoder holds the GIL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastapi import Response

from recur.cancellation import check_cancelled
from recur.heads import Prediction
from recur.predictions.plain import PlainAnswer
from recur.serve.problems import RequestError


def predictions(answers: Sequence[Prediction]) -> str:
    """Return the body of a response to `predict`."""
    return f'{{"predictions":[{",".join(map(_prediction, answers))}]}}'


def dumped(value: Any) -> str:
    """Encode a value as JSON.

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
    """The refusal of an input whose numbers are so large that the network's become infinite."""
    return RequestError(
        400, "the network's answer to this input is not finite", "send numbers of the size that it was trained on"
    )


def response(text: str, status: int = 200) -> Response:
    """Return a response whose body is JSON already: checking its numbers takes longer than computing them."""
    return Response(text, status, media_type="application/json")


def _prediction(one: Prediction) -> str:
    check_cancelled()
    answer = PlainAnswer.of(one)
    scores = [{"value": value, "probability": probability} for value, probability in answer.scores]
    head = dumped({"value": answer.value, "shown": answer.shown, "scores": scores})
    alignment = "null"
    if answer.alignment is not None:
        alignment = f"[{','.join(map(dumped, answer.alignment))}]"
    more = f',"quantiles":{dumped(answer.named_quantiles)}' if answer.quantiles else ""
    return f'{head[:-1]},"alignment":{alignment}{more}}}'
