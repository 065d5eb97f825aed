"""Convolutions against torch's own, and what must not change with the batch; pictures shifted and mirrored."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from recur.errors import ConfigError
from recur.nn import Augment, Convolutions
from tests.tolerances import close


@pytest.mark.parametrize("grid", [(28, 28, 1), (1, 1, 3), (5, 9, 3), (2, 33, 1)])
@pytest.mark.parametrize("pooling", ["flatten", "mean"])
def test_layers_are_torchs(grid: tuple[int, int, int], pooling: str) -> None:
    torch.manual_seed(0)
    network = Convolutions(grid, [8, 16], pooling).double()
    x = torch.randn(3, *grid, dtype=torch.float64)
    expected = x.permute(0, 3, 1, 2)
    for place in (0, 4):
        convolution, norm = network.layers[place], network.layers[place + 2]
        expected = functional.conv2d(expected, convolution.weight, padding=1)
        expected = functional.max_pool2d(expected, 2, ceil_mode=True)
        expected = functional.group_norm(expected, norm.num_groups, norm.weight, norm.bias).relu()
    close(network.maps(x), expected.permute(0, 2, 3, 1))
    found = network(x)
    assert found.shape == (3, network.size)
    if pooling == "mean":
        close(found, expected.mean((2, 3)))
    elif max(expected.shape[2:]) <= 7:
        close(found, expected.permute(0, 2, 3, 1).flatten(1))


def test_no_convolution_leaves_the_pixels() -> None:
    network = Convolutions((4, 5, 3), [])
    x = torch.randn(2, 4, 5, 3)
    assert network.size == 60
    close(network(x), x.flatten(1))


def test_a_large_picture_is_read_at_seven_by_seven_places() -> None:
    network = Convolutions((64, 40, 3), [8])
    assert network.size == 7 * 7 * 8
    assert network(torch.randn(1, 64, 40, 3)).shape == (1, 392)


def test_other_rows_and_other_frames_change_nothing() -> None:
    torch.manual_seed(0)
    network = Convolutions((8, 8, 1), [8, 8])
    frames = torch.randn(2, 5, 8, 8, 1)
    together = network(frames)
    assert together.shape == (2, 5, network.size)
    for row in range(2):
        close(network(frames[row, :3]), together[row, :3])


def test_gradients_reach_every_parameter_and_the_picture() -> None:
    torch.manual_seed(0)
    network = Convolutions((6, 6, 1), [4]).double()
    x = torch.randn(2, 6, 6, 1, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(network, (x,))
    network(x).square().sum().backward()
    assert all(float(p.grad.abs().sum()) > 0 for p in network.parameters() if p.grad is not None)
    assert all(p.grad is not None for p in network.parameters())


def test_wrong_pictures_and_poolings_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected"):
        Convolutions((8, 8, 1), [4])(torch.randn(1, 8, 9, 1))
    with pytest.raises(ConfigError, match="pooling"):
        Convolutions((8, 8, 1), [4], "max")


def test_pictures_are_mirrored_and_shifted_while_learning_only() -> None:
    torch.manual_seed(0)
    pictures = torch.arange(16 * 16.0).view(1, 16, 16, 1).repeat(200, 1, 1, 1)
    for augment in (Augment(), Augment(shift=True, flip=True).eval()):
        assert augment(pictures) is pictures
    flipped = Augment(flip=True)(pictures)
    same = (flipped == pictures).flatten(1).all(1)
    mirrored = (flipped == pictures.flip(2)).flatten(1).all(1)
    assert bool((same | mirrored).all())
    assert 60 < int(same.sum()) < 140
    shifted = Augment(shift=True)(pictures)
    # the middle of a picture is still in it, up to an eighth of its side away
    moves = {int(each[8, 8, 0]) - int(pictures[0, 8, 8, 0]) for each in shifted}
    assert moves == {16 * down + across for down in range(-2, 3) for across in range(-2, 3)}


def test_frames_of_a_row_are_moved_alike() -> None:
    torch.manual_seed(0)
    frames = torch.rand(4, 1, 8, 8, 3).repeat(1, 6, 1, 1, 1)
    moved = Augment(shift=True, flip=True)(frames)
    assert moved.shape == frames.shape
    assert torch.equal(moved, moved[:, :1].expand_as(moved))
    assert not torch.equal(moved, frames)
