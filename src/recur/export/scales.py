"""The scales of numbers in an exported file, which reads and answers float32 in their own units."""

from __future__ import annotations

import numpy as np

from recur.codecs import Codec
from recur.errors import ConfigError
from recur.modes.mode import Mode

COARSEST = 1e-3  # a step of float32 at the mean of a column, in its deviations
_FINEST = float(np.finfo(np.float32).tiny)


def refuse_coarse(mode: Mode) -> None:
    """Refuse columns that float32 does not hold: a timestamp of 1.7e9 is a multiple of 128 in it.

    The network itself reads float64, and scales it before it computes.

    Raises
    ------
    ConfigError
        With the column and its scale.
    """
    for codec in (mode.input_codec, mode.target_codec):
        if codec is not None and not codec.discrete:
            _refuse(codec)


def _refuse(codec: Codec) -> None:
    with np.errstate(over="ignore"):
        mean, deviation = (np.ravel(each).astype(np.float64) for each in codec.normalisation())
    names = codec.column_names()
    for index, (centre, width) in enumerate(zip(mean, deviation, strict=True)):
        where = f'the column "{names[index]}"' if len(names) == len(mean) else "a column"
        if not np.isfinite([centre, width]).all() or width < _FINEST:
            raise ConfigError(
                f"{where} has numbers that float32 does not hold, as an exported file reads and answers them",
                hint="multiply or divide the column by a constant, and train again",
            )
        step = float(np.spacing(np.float32(abs(centre))))
        if step > COARSEST * width:
            raise ConfigError(
                f"{where} has mean {centre:.6g} and deviation {width:.3g}, and an exported file reads and answers "
                f"float32, whose numbers there are {step:.2g} apart",
                hint="subtract a constant from the column, such as its first number, and train again",
            )
