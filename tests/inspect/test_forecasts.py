"""Questions to networks that forecast, at every step ahead."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur import inspect as inspector
from tests.inspect.helpers import drawn, forecaster
from tests.modes.helpers import Row


@pytest.mark.parametrize("how", ["direct", "recursive"])
@pytest.mark.parametrize("relative", ["none", "last"])
@pytest.mark.parametrize("at", [None, 3])
def test_a_forecast_is_explained_at_every_step_ahead(how: str, relative: str, at: int | None, tmp_path: Path) -> None:
    mode, series = forecaster(how, relative)
    data = drawn(mode, series, tmp_path, at=at)
    ahead = 1 if at is None else at
    assert data["question"]["options"][0]["label"] == f"{mode.predict([series])[0].value[ahead - 1]:.4g}"
    [layer] = data["unrolled"]["layers"]
    answering = [copy["step"] for copy in layer["copies"] if copy["error"] is not None]
    assert answering == [len(series) + (ahead - 1 if how == "recursive" else 0)]
    assert inspector.flow(mode, [Row(series, series[1:])])
