"""Small networks behind a server, asked as a browser or a program would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from examples.files import reviews, sentences

import recur
from recur.model import Model
from recur.serve import Limits, create_app

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    """A language model of lines, one of a stream of characters, a classifier, a series, tags read forwards."""
    folder = tmp_path_factory.mktemp("served")
    reviews(folder / "reviews.csv")
    sentences(folder / "sentences.txt")
    quiet: dict[str, Any] = {"progress": False, "hidden_size": 16, "epochs": 2, "seed": 1}
    tagged = [{"words": [f"w{n % 7}", f"w{n % 5}", f"w{n % 3}"], "tags": ["A", "B", "A"]} for n in range(60)]
    return {
        "lines": recur.fit(folder / "sentences.txt", documents="line", **quiet),
        "stream": recur.fit(folder / "sentences.txt", input_codec="characters", **quiet),
        "reviews": recur.fit(folder / "reviews.csv", **quiet),
        "series": recur.fit({"value": list(np.sin(np.arange(300) / 5))}, **quiet),
        "notes": recur.fit(
            [{"notes": "C4 D4 E4 F4 G4 F4 E4 D4"}] * 3 + [{"notes": f"{key}4 G4 {key}4"} for key in "CDEFAB"],
            input_codec="notes",
            mode="synced",
            frames_per_beat=1,
            **quiet,
        ),
        "pictures": recur.fit(
            [{"picture": np.full((6, 6), 250 * (n % 2), np.uint8), "label": "ab"[n % 2]} for n in range(40)],
            input_codec="images",
            target="label",
            convolutions=[4],
            **quiet,
        ),
        "tags": recur.fit(tagged, target="tags", bidirectional=False, **quiet),
    }


@pytest.fixture
def client(models: dict[str, Model]) -> Iterator[TestClient]:
    """A client of a server with usual limits."""
    with TestClient(create_app(models), base_url="http://localhost") as found:
        yield found


@pytest.fixture
def tight(models: dict[str, Model]) -> Iterator[TestClient]:
    """A client of a server that takes on little."""
    limits = Limits(body=2000, rows=4, length=50, sessions=3, idle=3600, seconds=30)
    with TestClient(create_app({"lines": models["lines"]}, limits), base_url="http://localhost") as found:
        yield found
