"""Addresses of runs on the hub: ``hf://USER/NAME`` and ``hf://USER/NAME@REVISION``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from recur.errors import RunError

_ADDRESS = re.compile(r"hf:/{1,2}(?P<rest>.*)", re.DOTALL)
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_REPOSITORY = re.compile(rf"(?P<name>{_PART}/{_PART})(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]{{0,254}}))?")
_DOUBLED = re.compile(r"--|\.\.")
_EXPECTED = "hf://USER/NAME, or hf://USER/NAME@REVISION for a branch, a tag or a commit"
_LONGEST = 120


@dataclass(frozen=True)
class Address:
    """A run on the hub.

    Attributes
    ----------
    repository : str
        ``USER/NAME``.
    revision : str or None
        A branch, a tag or a commit; None for the newest commit.
    """

    repository: str
    revision: str | None = None

    @property
    def name(self) -> str:
        """The name without its user."""
        return self.repository.partition("/")[2]

    def __str__(self) -> str:
        return f"hf://{self.repository}" + (f"@{self.revision}" if self.revision else "")


def address_of(source: str | Path) -> Address | None:
    """Return a source as an address of the hub, or None for a path; a `Path` has lost one of the slashes.

    Raises
    ------
    RunError
        When it begins as an address and is not one.

    Examples
    --------
    >>> address_of(Path("hf://ada/names")), address_of("runs/names")
    (Address(repository='ada/names', revision=None), None)
    """
    match = _ADDRESS.fullmatch(str(source))
    return None if match is None else parse(match["rest"], str(source))


def parse(text: str, shown: str | None = None) -> Address:
    """Return ``USER/NAME[@REVISION]`` as an address.

    Raises
    ------
    RunError
        When it has another form.
    """
    match = _REPOSITORY.fullmatch(text)
    if match is None or _DOUBLED.search(text):
        what = shown or text
        what = what if len(what) <= _LONGEST else f"{what[: _LONGEST - 1]}…"
        raise RunError(f'"{what}" is not the name of a run on the hub; expected {_EXPECTED}', hint="hf://USER/NAME")
    return Address(match["name"], match["revision"])
