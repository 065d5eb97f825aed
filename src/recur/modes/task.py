"""The mode of a task: a network built from roles, codecs and a configuration."""

from __future__ import annotations

from recur import modes
from recur.codecs import Codec
from recur.config import Config
from recur.data import Roles
from recur.modes.mode import Mode


def build_for(config: Config, roles: Roles, input_codec: Codec | None, target_codec: Codec | None) -> Mode:
    """Return the network of a task, with new weights.

    Parameters
    ----------
    config : Config
    roles : Roles
    input_codec, target_codec : Codec or None
        Fitted.

    Raises
    ------
    ConfigError
        When the codecs do not fit the mode.
    """
    return modes.build(
        roles.mode, input_codec, target_codec, config.model, stream=roles.stream,
        ahead=roles.ahead(config.forecast.horizon), forecast=config.forecast if roles.forecast else None,
        one_way=roles.one_way,
    )  # fmt: skip
