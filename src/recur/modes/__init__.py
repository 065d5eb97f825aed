"""The five sequence modes and forecast: input codec, network, head and decoding put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recur.config import MODES, ForecastConfig
from recur.decoding.options import Decoding
from recur.decoding.stepping import Hypothesis
from recur.errors import ConfigError, did_you_mean
from recur.heads.prediction import Prediction
from recur.modes.forecast import Forecast
from recur.modes.many_to_many import ManyToMany
from recur.modes.many_to_one import ManyToOne
from recur.modes.mode import Loss, Mode, Sample, require_input
from recur.modes.next_item import NextItem
from recur.modes.one_to_many import OneToMany
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced
from recur.network.batch import Batch, Encoded

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig

__all__ = [
    "Batch", "Decoding", "Encoded", "Forecast", "Hypothesis", "Loss", "ManyToMany",
    "ManyToOne", "Mode", "NextItem", "OneToMany", "OneToOne", "Prediction", "Sample", "Synced", "build",
]  # fmt: skip


def build(
    name: str, input_codec: Codec | None, target_codec: Codec | None, config: ModelConfig, *, stream: bool = False,
    ahead: int = 1, forecast: ForecastConfig | None = None, one_way: bool = False,
) -> Mode:  # fmt: skip
    """Return the mode of this name.

    Parameters
    ----------
    name : str
        one-to-one, one-to-many, many-to-one, many-to-many, synced or forecast.
    input_codec, target_codec : Codec or None
        Fitted codecs. Synced with one codec, or twice the same, predicts the next item.
    config : ModelConfig
        The network.
    stream : bool
        Synced only: whether the data is one long stream, in which documents begin without a beginning symbol.
    ahead : int
        Synced numbers that predict themselves only: how many steps after an item its answer is.
    forecast : ForecastConfig, optional
        How far ahead a forecast looks, and how.
    one_way : bool
        Whether a network that may read in both directions reads forwards only unless ``bidirectional`` says otherwise:
        its steps are steps of time, and what comes later is not known when an answer is needed.

    Raises
    ------
    ConfigError
        When there is no such mode, or the codecs do not fit it.
    """
    if config.cell_inputs:
        _check_cell_inputs(name, config, forecast, own_future=input_codec is None or input_codec is target_codec)
    if (one_way or config.cell_inputs) and config.bidirectional is None:
        config = config.model_copy(update={"bidirectional": False})
    if name == Forecast.name or forecast is not None:
        return Forecast(input_codec, target_codec, config, forecast or ForecastConfig())
    if name == Synced.name:
        codec = require_input(input_codec if input_codec is not None else target_codec, name)
        if input_codec is None or target_codec is None or input_codec is target_codec:
            return NextItem(codec, config, stream=stream, ahead=ahead)
        if ahead != 1:
            raise ConfigError(
                f"ahead={ahead} is for numbers that predict themselves, and these {codec.kind} have a target of their "
                "own",
                hint="leave out ahead, or the target",
            )
        return Synced(codec, target_codec, config)
    modes: dict[str, type[Mode]] = {
        "one-to-one": OneToOne, "one-to-many": OneToMany, "many-to-one": ManyToOne, "many-to-many": ManyToMany,
    }  # fmt: skip
    if name not in modes:
        raise ConfigError(f'there is no mode "{name}".{did_you_mean(name, (*MODES, Forecast.name))}')
    if target_codec is None:
        raise ConfigError(f"{name} needs a target, and none was given", hint="--target COLUMN")
    if ahead != 1:
        raise ConfigError(f"ahead={ahead} is for synced, and {name} has targets of its own", hint="leave out ahead")
    return modes[name](input_codec, target_codec, config)


def _check_cell_inputs(name: str, config: ModelConfig, forecast: ForecastConfig | None, *, own_future: bool) -> None:
    """Refuse columns for a cell where the network cannot feed them to it."""
    if config.bidirectional:
        raise ConfigError(
            f"{', '.join(config.columns_of_inputs)} of the cell is known of each step and the one before it, and "
            "a network that reads in both directions would need that of the one after it",
            hint="leave out bidirectional",
        )
    if name == Forecast.name or forecast is not None:
        if forecast is not None and forecast.relative_to != "none":
            raise ConfigError(
                f"relative_to = {forecast.relative_to} adds columns to x, and the columns of the cell come after x",
                hint="leave out --relative-to, or --cell-inputs",
            )
        return
    if name == ManyToOne.name or (name == Synced.name and not own_future):
        return
    why = "the network would have to predict these columns too" if own_future else "it also generates, without columns"
    raise ConfigError(
        f"{name} cannot feed {', '.join(config.columns_of_inputs)} of the cell: {why}",
        hint="a --target of its own with many-to-one or synced, or a forecast; or a cell with one input",
    )
