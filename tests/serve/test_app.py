"""The application."""

from __future__ import annotations

import pytest

from recur.serve import create_app


def test_a_server_with_no_network_is_refused() -> None:
    from recur.errors import ConfigError

    with pytest.raises(ConfigError, match="no network to serve"):
        create_app({})
