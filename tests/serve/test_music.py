"""Continued notes over HTTP."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.serve.asking import refused, told


def test_a_piece_of_notes_goes_on_as_pitches_and_midi(client: TestClient) -> None:
    pytest.importorskip("symusic")
    body = {"model": "notes", "opening": "C4 D4 E4", "length": 5, "seed": 3}
    found = told(client, "/play", body)
    assert found["given"] == 3
    assert found["pitches"][:3] == [[60], [62], [64]]
    assert len(found["pitches"]) == 8
    assert told(client, "/play", body) == found
    again = told(client, "/play", {**body, "opening": found["midi"], "length": 1})
    assert again["pitches"][: len(again["pitches"]) - 1] == found["pitches"][: len(again["pitches"]) - 1]
    assert "which must be in the request itself" in refused(client, "/play", {**body, "opening": "songs/one.mid"})
    assert "does not continue notes" in refused(client, "/play", {"model": "lines", "opening": ""})
