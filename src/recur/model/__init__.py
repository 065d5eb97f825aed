"""Train and use a network from Python: ``fit``, ``load`` and the model that both return."""

from recur.model.fitting import fit, load
from recur.model.trained import Model

__all__ = ["Model", "fit", "load"]
