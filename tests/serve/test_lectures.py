"""The lecture over HTTP, with and without networks."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from recur.errors import ConfigError
from recur.serve import create_app


def test_the_lecture_is_served_without_a_network() -> None:
    client = TestClient(create_app({}, lecture=True), base_url="http://127.0.0.1")
    english, korean = client.get("/lecture"), client.get("/lecture/ko")
    assert english.status_code == korean.status_code == 200
    assert client.get("/").text == english.text
    assert '<html lang="en">' in english.text
    assert '<html lang="ko">' in korean.text
    assert "default-src 'none'" in english.headers["Content-Security-Policy"]
    assert client.get("/lecture/fr").status_code == 404


def test_a_server_needs_a_network_or_the_lecture() -> None:
    with pytest.raises(ConfigError, match="no network to serve"):
        create_app({})
