"""Colour scales that colour-blind readers can tell apart: blue to orange for signed values, viridis for sizes."""

from __future__ import annotations

import os

Colour = tuple[int, int, int]
SIGNED: tuple[Colour, ...] = ((5, 80, 160), (122, 176, 219), (247, 247, 247), (244, 168, 97), (179, 74, 4))
VIRIDIS: tuple[Colour, ...] = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))

# each path of the gradient with the class of its elements, and its colour on light and on dark paper
PATHS: dict[str, tuple[str, str, str]] = {
    "hidden to output": ("hy", "#1d7a3e", "#6cc08a"),
    "input to hidden": ("xh", "#76489d", "#c19be4"),
    "hidden to hidden": ("hh", "#bf5204", "#ee9550"),
}


def paths_style() -> str:
    """The colours of the three paths as CSS: ``--hy``, ``--xh``, ``--hh``."""
    light, dark = (
        " ".join(f"--{paths[0]}: {paths[place]};" for paths in PATHS.values()) for place in (1, 2)
    )  # fmt: skip
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def mix(stops: tuple[Colour, ...], share: float) -> Colour:
    """The colour at a share of the scale.

    >>> mix(SIGNED, 0.5)
    (247, 247, 247)
    """
    place = max(0.0, min(1.0, share)) * (len(stops) - 1)
    index = min(len(stops) - 2, int(place))
    rest = place - index
    a, b = stops[index], stops[index + 1]
    red, green, blue = (round(x + (y - x) * rest) for x, y in zip(a, b, strict=True))
    return red, green, blue


def signed(value: float, most: float) -> Colour:
    """The colour of a signed number on a scale from -most to most."""
    return mix(SIGNED, 0.5 + 0.5 * value / (most or 1.0))


def painted(text: str, colour: Colour) -> str:
    """The text on a background, in black or white, for terminals: 24-bit colours where supported, else 256."""
    red, green, blue = colour
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        back = f"48;2;{red};{green};{blue}"
    else:
        cube = [round(one / 255 * 5) for one in colour]
        back = f"48;5;{16 + 36 * cube[0] + 6 * cube[1] + cube[2]}"
    return f"\x1b[{back};38;5;{15 if dark else 16}m{text}\x1b[0m"
