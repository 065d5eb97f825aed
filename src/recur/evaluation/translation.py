"""BLEU and chrF of generated texts, with their signatures.

Sources: Papineni et al. 2002 (BLEU); Popovic 2015 (chrF); Post 2018, A call for clarity in reporting BLEU scores (the
signature).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

from recur.data import Example
from recur.errors import require
from recur.heads import Prediction
from recur.modes import Mode

ROWS = 64  # answered at once, those of similar length together


def can_measure(mode: Mode) -> bool:
    """Return whether a mode turns a sequence into a text, and the extra ``mt`` is installed."""
    writes = mode.abilities.translates and mode.target_codec.text is not None
    return writes and importlib.util.find_spec("sacrebleu") is not None


def score(written: Sequence[str], true: Sequence[str], *, lower: bool = False) -> dict[str, Any]:
    """Return BLEU and chrF of texts with one reference each, as sacrebleu computes them.

    Parameters
    ----------
    written, true : sequence of str
        As a person reads them; sacrebleu splits them itself.
    lower : bool
        Whether case is ignored.

    Returns
    -------
    dict
        ``bleu`` and ``chrf`` from 0 to 100, ``bleu_signature`` and ``chrf_signature``.

    Raises
    ------
    ConfigError
        Without the extra ``mt``.

    Examples
    --------
    >>> round(score(["the cat sat on the mat ."], ["the cat sat on the mat ."])["bleu"], 1)
    100.0
    """
    sacrebleu = require("sacrebleu.metrics", "mt")
    scores: dict[str, Any] = {}
    for name, metric in (("bleu", sacrebleu.BLEU(lowercase=lower)), ("chrf", sacrebleu.CHRF(lowercase=lower))):
        scores[name] = metric.corpus_score(list(written), [list(true)]).score
        scores[f"{name}_signature"] = str(metric.get_signature())
    return scores


def measure_written(
    mode: Mode,
    examples: Sequence[Example],
    *,
    lower: bool = False,
    tell: Callable[[float], None] | None = None,
    **decoding: Any,
) -> dict[str, Any]:
    """Generate the answer to every row and score it; ``decoding`` sets how."""
    answers = write_all(mode, examples, tell=tell, **decoding)
    true = [one.target if isinstance(one.target, str) else " ".join(map(str, one.target)) for one in examples]
    return score([str(answer.value) for answer in answers], true, lower=lower)


def write_all(
    mode: Mode, examples: Sequence[Example], *, tell: Callable[[float], None] | None = None, **decoding: Any
) -> list[Prediction]:
    """Return the answers to all rows, in their order."""
    sizes = [0 if (ids := mode.encode_input(one.input)) is None else len(ids) for one in examples]
    order = sorted(range(len(examples)), key=sizes.__getitem__)
    answers: dict[int, Prediction] = {}
    for start in range(0, len(order), ROWS):
        if tell is not None:
            tell(start / len(order))
        part = order[start : start + ROWS]
        answers.update(zip(part, mode.predict([examples[row].input for row in part], **decoding), strict=True))
    return [answers[row] for row in range(len(order))]
