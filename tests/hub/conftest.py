"""A hub of this machine, a run to upload, and an environment without the user's token and cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import recur
from tests.hub.server import TOKEN, Hub, running

ROWS = [{"text": f"{word} film", "label": label} for word, label in (("good", "yes"), ("bad", "no"))] * 8


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the smallest kind; not to be changed."""
    folder = tmp_path_factory.mktemp("hub") / "films"
    recur.fit(ROWS, epochs=1, hidden_size=4, seed=1, progress=False, out=folder)
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that the client library talks to, with an empty cache and the token of ada."""
    constants = pytest.importorskip("huggingface_hub.constants")
    with running() as one:
        # read once by the library, from the environment of a new process
        monkeypatch.setattr(constants, "ENDPOINT", one.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", one.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True, raising=False)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield one
