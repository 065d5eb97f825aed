"""What the client library raises becomes an error in three parts; what is ours passes as it is."""

from __future__ import annotations

import sys

import pytest

from recur.errors import MissingExtraError, RunError
from recur.hub import Address, local_folder
from recur.hub.client import explained

ADDRESS = Address("ada/films")


@pytest.mark.parametrize("error", [OSError("disk"), ValueError("odd"), RuntimeError("in a thread"), TimeoutError()])
@pytest.mark.parametrize("doing", ["read", "written"])
def test_every_error_names_the_address_and_what_to_do(error: Exception, doing: str) -> None:
    with pytest.raises(RunError, match="hf://ada/films cannot be") as caught, explained(ADDRESS, doing):
        raise error
    assert caught.value.hint


def test_an_error_of_ours_is_not_wrapped() -> None:
    with pytest.raises(RunError) as caught, explained(ADDRESS, "written"):
        raise RunError("as it is", hint="this")
    assert (caught.value.message, caught.value.hint) == ("as it is", "this")


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "huggingface_hub"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError) as caught:
        local_folder("hf://ada/films")
    assert caught.value.hint == 'pip install "recur-nn[hub]"'
