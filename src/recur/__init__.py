"""Recur: a recurrence is an equation, and everything else follows from it.

>>> import recur
>>> model = recur.fit("reviews.csv")  # doctest: +SKIP
>>> model.predict(["a fine film"])  # doctest: +SKIP

Nothing heavy is imported until it is used, so that a command line answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from recur._version import __version__ as __version__

if TYPE_CHECKING:
    from recur import inspect as inspect
    from recur import nn as nn
    from recur.equations import equation as equation
    from recur.model import Model as Model
    from recur.model import fit as fit
    from recur.model import load as load
    from recur.tuning import tune as tune

_HOME = {
    "equation": ("recur.equations", "equation"),
    "inspect": ("recur.inspect", None),
    "nn": ("recur.nn", None),
    "fit": ("recur.model", "fit"),
    "load": ("recur.model", "load"),
    "Model": ("recur.model", "Model"),
    "tune": ("recur.tuning", "tune"),
}

__all__ = ["Model", "__version__", "equation", "fit", "inspect", "load", "nn", "tune"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'recur' has no attribute {name!r}")
    module, attribute = _HOME[name]
    loaded = importlib.import_module(module)
    return loaded if attribute is None else getattr(loaded, attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
