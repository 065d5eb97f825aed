"""A range and its matches as a picture: every match is a row, and what is on is darker."""

from __future__ import annotations

import pytest

from recur import inspect as inspector
from tests.inspect.brackets import CHOSEN, network, texts


def test_the_picture_has_the_units_and_every_match() -> None:
    pytest.importorskip("matplotlib")
    found = inspector.explain(network(), CHOSEN, parts=(), match="(abba", within=texts(2, 30), matches=6)
    units, matches = found.figure().axes
    assert "over steps 4 to 8" in units.get_title(loc="left")
    [image] = matches.images
    shares = image.get_array()
    assert shares.shape[0] == 6
    begin = next(iter({round(float(line.get_xdata()[0]) + 0.5) for line in matches.lines}))
    assert (shares[:, begin] > 0.5).all()
