"""The words for a gradient that has travelled: how much of it is left names what it does, by one rule everywhere."""

from __future__ import annotations

GROWS = 2  # above this share of the gradient of the last step
CARRIED, WEAKENS = 0.5, 0.01  # from these shares


def grade(share: float) -> str:
    """The words for a share of the gradient of the last step, rounded as it is printed, so that the two agree.

    >>> [grade(share) for share in (3.0, 2.0, 0.2, 0.0)]
    ['grows', 'is carried', 'weakens', 'vanishes']
    """
    if share > GROWS:
        return "grows"
    return "is carried" if share >= CARRIED else "weakens" if share >= WEAKENS else "vanishes"


def script() -> str:
    """The same rule as JavaScript: a function ``graded``."""
    return (
        f'const graded = (share) => share > {GROWS} ? "grows" : share >= {CARRIED} ? "is carried" : '
        f'share >= {WEAKENS} ? "weakens" : "vanishes";\n'
    )
