"""Piano rolls as text and as pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recur.codecs import NotesCodec
from recur.views import roll

PNG = b"\x89PNG\r\n\x1a\n"


def frames() -> np.ndarray:
    """C4 for two steps, then E4 and G4."""
    return NotesCodec().frames([[60], [60], [64, 67], [64, 67]])


def test_a_roll_in_text_has_a_line_for_each_key_that_sounds() -> None:
    assert list(roll.lines(frames(), plain=True)) == ["  G4 ..##", "  E4 ..##", "  C4 ##.."]
    assert list(roll.lines(frames(), plain=True, opening=2))[-1] == "  C4 ##|.."
    assert list(roll.lines(np.zeros((5, 88)))) == []


def test_a_roll_in_text_stays_within_its_width() -> None:
    long = np.zeros((500, 88))
    long[::2, 40] = 1
    assert max(map(len, roll.lines(long, 60, opening=3))) <= 60


def test_a_roll_is_drawn_with_every_note_and_its_opening_apart(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    path = roll.write_png(frames(), tmp_path / "roll.png", title="three notes", opening=2, beat=2)
    assert path.read_bytes().startswith(PNG)
    assert not list(tmp_path.glob("*.part"))
    colours = {tuple(pixel) for pixel in np.asarray(image.open(path).convert("RGB")).reshape(-1, 3).tolist()}
    assert (0x8A, 0x8F, 0x98) in colours
    assert (0x1F, 0x6F, 0xB4) in colours


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_rolls_of_any_length_are_drawn(tmp_path: Path, count: int) -> None:
    pytest.importorskip("matplotlib")
    long = np.zeros((count, 88))
    long[::3, 20] = 1
    assert roll.write_png(long, tmp_path / "roll.png").read_bytes().startswith(PNG)
