"""Bearer tokens: who is answered, and where tokens are read from."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.errors import ConfigError
from recur.model import Model
from recur.serve import Tokens, create_app
from recur.serve.tokens import VARIABLE, readable_by_others

TOKEN, OTHER = "correct-horse-battery-staple", "another-token-of-this-server"


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.fixture(scope="module")
def guarded(models: dict[str, Model]) -> Iterator[TestClient]:
    """A client of a server that requires one of two tokens."""
    app = create_app({"lines": models["lines"]}, tokens=Tokens([TOKEN, OTHER]))
    with TestClient(app, "http://localhost", client=("127.0.0.1", 50_000)) as found:
        yield found


@pytest.mark.parametrize(
    "value", [f"Bearer {TOKEN}", f"bearer   {OTHER}", basic(f"anyone:{TOKEN}"), basic(f":{OTHER}")]
)
def test_a_valid_token_is_answered(guarded: TestClient, value: str) -> None:
    assert guarded.get("/models", headers={"Authorization": value}).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        "", "Bearer", "Bearer ", TOKEN, f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN} {OTHER}", f"Token {TOKEN}", basic(TOKEN), basic(f"{TOKEN}:"), "Basic %%%", "Basic",
        "Bearer \xff", "Bearer " + "x" * 20_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "path", ["/", "/models", "/health", "/docs", "/openapi.json", "/none", "//healthz", "/healthz/"]
)
def test_any_other_request_is_refused_on_every_path(guarded: TestClient, value: str, path: str) -> None:
    answer = guarded.get(path, headers=[(b"Authorization", value.encode("latin-1"))], follow_redirects=False)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert "requires one" in answer.json()["error"]["message"]


def test_a_request_without_or_with_two_tokens_is_refused(guarded: TestClient) -> None:
    assert guarded.post("/predict", json={"inputs": ["the"]}).status_code == 401
    twice = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")]
    assert guarded.get("/models", headers=twice).status_code == 401


def test_a_token_does_not_open_the_server_to_pages_of_other_sites(guarded: TestClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"}
    assert guarded.get("/models", headers=headers).status_code == 403


def test_tokens_are_read_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# of the operator\n{TOKEN}\n\n  {OTHER}  \r\n")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert Tokens.find(None) is None
    found = Tokens.find(file)
    assert found is not None
    assert found.accept(f"Bearer {TOKEN}")
    assert found.accept(f"Bearer {OTHER}")
    monkeypatch.setenv(VARIABLE, TOKEN + "\n")
    found = Tokens.find(None)
    assert found is not None
    assert found.accept(f"Bearer {TOKEN}")
    file.chmod(0o644)
    assert readable_by_others(file)
    file.chmod(0o600)
    assert not readable_by_others(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "0 tokens were given"),
        ("# only a comment\n", "0 tokens were given"),
        ("short", "the token has 5 characters, expected 16 to 512"),
        ("x" * 600, "the token has 600 characters"),
        (f"{TOKEN}\nwith a space inside", "token 2 has characters other than visible ASCII"),
        ("ü" * 20, "characters other than visible ASCII"),
    ],
)
def test_tokens_that_are_not_valid_are_refused_and_not_shown(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "tokens"
    file.write_text(content)
    with pytest.raises(ConfigError, match=says) as caught:
        Tokens.find(file)
    assert not content or content not in str(caught.value)


def test_a_token_in_place_of_its_file_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="is the path of a file") as caught:
        Tokens.find(Path(TOKEN))
    assert TOKEN not in str(caught.value)


def test_an_empty_environment_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, " ")
    with pytest.raises(ConfigError, match="RECUR_TOKEN is empty"):
        Tokens.find(None)
