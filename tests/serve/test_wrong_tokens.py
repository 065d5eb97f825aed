"""Wrong tokens are counted by address, and too many are refused without a look at them."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.model import Model
from recur.serve import Limits, Tokens, create_app
from recur.serve.problems import RequestError
from recur.serve.wrong_tokens import WrongTokens
from tests.serve.test_tokens import TOKEN

OUTSIDE = "203.0.113.7"


def test_wrong_tokens_are_refused_beyond_the_rate_and_heard_again_later() -> None:
    now = [0.0]
    wrong = WrongTokens(3, lambda: now[0])
    for _ in range(3):
        wrong.check(OUTSIDE)
        wrong.add(OUTSIDE)
    with pytest.raises(RequestError, match="more than 3 wrong tokens per minute") as caught:
        wrong.check(OUTSIDE)
    assert caught.value.status == 429
    wrong.check("203.0.113.8")
    assert caught.value.hint is not None
    now[0] = float(caught.value.hint.split()[1])
    wrong.check(OUTSIDE)


def test_addresses_of_one_network_of_ipv6_are_one_sender() -> None:
    wrong = WrongTokens(1)
    wrong.add("2001:db8:1:2::1")
    with pytest.raises(RequestError):
        wrong.check("2001:db8:1:2:ffff::9")
    wrong.check("2001:db8:1:3::1")
    wrong.add("::ffff:203.0.113.7")
    with pytest.raises(RequestError):
        wrong.check(OUTSIDE)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", ""])
def test_loopback_is_always_heard(address: str) -> None:
    wrong = WrongTokens(1)
    for _ in range(10):
        wrong.add(address)
    wrong.check(address)


def test_the_memory_of_addresses_is_bounded() -> None:
    wrong = WrongTokens(1)
    for number in range(12_000):
        wrong.add(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(wrong) == 10_000


def test_a_guesser_is_not_heard_even_with_the_right_token(models: dict[str, Model]) -> None:
    app = create_app({"lines": models["lines"]}, Limits(wrong_tokens=5), tokens=Tokens([TOKEN]))
    right = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(app, "http://localhost", client=(OUTSIDE, 1)) as client:
        assert client.get("/models").status_code == 401, "no token is no wrong token"
        statuses = [client.get("/models", headers={"Authorization": f"Bearer {n:020}"}).status_code for n in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        refused = client.get("/models", headers=right)
        assert refused.status_code == 429
        assert "wrong tokens per minute" in refused.json()["error"]["message"]
        assert client.get("/healthz").status_code == 200
    with TestClient(app, "http://localhost", client=("203.0.113.8", 1)) as other:
        assert other.get("/models", headers=right).status_code == 200
