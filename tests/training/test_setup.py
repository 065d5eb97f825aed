"""Before training: the device that is chosen."""

from __future__ import annotations

import pytest
import torch

from recur.errors import ConfigError
from recur.training.setup import choose_device


def test_a_device_by_its_name_and_the_one_of_this_machine() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpu", "there is no such device"),
        ("cpuu", 'Did you mean "cpu"'),
        ("cuda:99", "this machine has no such device"),
    ],
)
def test_a_device_that_is_not_here_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        choose_device(name)
    assert caught.value.hint == "--device auto"
