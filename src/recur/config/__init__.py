"""The one schema of all options of a run: one file for each part, one field for each option.

A field has its type, bounds, default, description, unit and, where it is no matter of course, the condition under
which it has an effect. Flags, keys of the configuration file, keywords of `recur.fit` and the documentation are made
of the fields.
"""

from recur.config.base import COUNT, LAYERS, SIZE, Option, Section, about, inner, shown, walk
from recur.config.data import TIME_FORMATS, DataConfig
from recur.config.forecast import ForecastConfig
from recur.config.keywords import FitOptions, Options
from recur.config.model import ModelConfig
from recur.config.modes import MODE_FACTS, MODES, ModeFacts, ModeName
from recur.config.schema import Config, nested, options, refuse_without_effect, section_at
from recur.config.situation import Situation
from recur.config.training import TrainingConfig

__all__ = [
    "COUNT",
    "LAYERS",
    "MODES",
    "MODE_FACTS",
    "SIZE",
    "TIME_FORMATS",
    "Config",
    "DataConfig",
    "FitOptions",
    "ForecastConfig",
    "ModeFacts",
    "ModeName",
    "ModelConfig",
    "Option",
    "Options",
    "Section",
    "Situation",
    "TrainingConfig",
    "about",
    "inner",
    "nested",
    "options",
    "refuse_without_effect",
    "section_at",
    "shown",
    "walk",
]  # fmt: skip
