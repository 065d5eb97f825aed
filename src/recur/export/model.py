"""A whole trained network as an ONNX file, compared with the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recur.atomic import replacing
from recur.errors import ConfigError
from recur.export import check
from recur.export.forecast import ForecastProgram
from recur.export.metadata import metadata
from recur.export.one_pass import OnePassProgram
from recur.export.ownership import refuse_foreign
from recur.export.scales import refuse_coarse
from recur.modes import Mode
from recur.modes.forecast import forecasts


@dataclass(frozen=True)
class Exported:
    """An exported file.

    Attributes
    ----------
    path : Path
        Its place.
    inputs, outputs : list of str
        Each as ``ids (B, T) int64``.
    differences : dict of int to float
        Number of steps to the largest difference between file and network.
    """

    path: Path
    inputs: list[str]
    outputs: list[str]
    differences: dict[int, float]


def export_model(
    mode: Mode, path: Path | str, *, step: bool = False, facts: Mapping[str, str] | None = None
) -> Exported:
    """Write a network as ONNX for any batch of rows and any number of steps, and compare the file with it.

    =============  =====================================  ======================================================
    mode           inputs                                 outputs
    =============  =====================================  ======================================================
    one-to-one     ids (B,) or x (B, C)                   log_probs (B, V) or values (B, C)
    many-to-one    ids (B, T) or x (B, T, C), lengths     log_probs (B, V) or values (B, C)
    synced         the same                               log_probs (B, T, V) or values (B, T, C)
    next item      the same, states h_l0, ... (D, B, S)   the same, states h_l0_next, ...
    one step       ids (B,) or x (B, C), states           log_probs (B, V) or values (B, C), states
    forecast       x (B, T, C), lengths                   values (B, H, C'), quantiles (B, H, C', Q)
    .. one step    x (B, C), before (B, C'), states       the same, before_next, states
    =============  =====================================  ======================================================

    Words that are read with their letters are ids (B, T, 1 + L): the word, then its letters, zeros after the last.
    Pictures are x (B, H, W, C) of 0 ... 255, frames x (B, T, H, W, C). Of piano rolls the answer is probabilities
    (B, T, C), and of a chain of tags (crf) scores (B, T, V) and the best tags (B, T). There is at least one row, and of
    such a chain at least one step: onnxruntime has no empty loops.

    One step of a forecast gives all H steps where they are answered at once, and one where each is read back: read it
    back as the next x. ``before``, for a forecast that is relative to the last value, has the forecast columns of the
    previous step, and for the first step those of the step itself.

    Numbers are in their own units on both sides. The file's metadata holds vocabulary, classes, columns and scales as
    JSON (`recur.export.metadata` lists the keys): a program needs nothing else to make inputs and to read outputs.
    States begin as zeros, or where they were learned (``learn_initial_state``) as ``initial_states`` in the metadata.

    Parameters
    ----------
    mode : Mode
        The network, on the CPU.
    path : path
        The file.
    step : bool
        Write one step with its states in and out, for a stream, in place of whole sequences.
    facts : mapping of str to str, optional
        More metadata.

    Returns
    -------
    Exported

    Raises
    ------
    ConfigError
        For a network that has no form in ONNX: one that writes its answer symbol by symbol; and step by step, one that
        reads in both directions, answers at the end, searches a chain of tags, or needs a season.
    MissingExtraError
        When onnx or onnxruntime is not installed.
    """
    path = Path(path)
    refuse_foreign(path, b"recur", within=64)
    refuse_coarse(mode)
    program = _program(mode, step)
    was_training = mode.training
    mode.eval()
    try:
        with replacing(path) as part:
            inputs, outputs = program.write(part, {**metadata(mode, program.stack, program.states), **(facts or {})})
            differences = check.differences(
                part, program.example, program.reference, program.lengths, program.comparable
            )
    finally:
        mode.train(was_training)
    return Exported(path, inputs, outputs, differences)


def _program(mode: Mode, step: bool) -> ForecastProgram | OnePassProgram:
    """Return the program of a network's file."""
    if forecasts(mode):
        return ForecastProgram(mode, step)
    parts = mode.one_pass
    if parts is None:
        raise ConfigError(
            f"{mode.name} generates its answer symbol by symbol, and an ONNX file computes only one pass",
            hint="use recur serve; one-to-one, many-to-one and synced networks and forecasts can be exported",
        )
    return OnePassProgram(mode, parts, step)
