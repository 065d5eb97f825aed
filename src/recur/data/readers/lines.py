"""The lines of a text file with their places; text that is not UTF-8 is refused with its file and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

from recur.data.readers.foreign import Foreign, foreign, sentence
from recur.errors import DataError

LONGEST = 1_000_000  # bytes of a line that a row may have
_JUDGED = 4_000_000  # characters by which the form of a file is judged
BOM = b"\xef\xbb\xbf"
STDIN = Path("stdin")
"""The name of what comes through a pipe, in errors."""
_HEAD = 8192  # bytes by which a file is judged before it is read


class Line(NamedTuple):
    """A line of a file: where its bytes begin, its number from 1, its text with the line end, whether it continues."""

    offset: int
    number: int
    text: str
    cut: bool


def check_text_file(path: Path) -> None:
    """Refuse a path that is not a readable text file.

    Raises
    ------
    DataError
        When the file is missing, a folder, empty, unreadable or binary.
    """
    try:
        exists = path.exists()
    except OSError as error:
        # a text given as a path is longer than a name may be
        raise DataError(f'"{str(path)[:60]}…" is not a path of a file: {error.strerror}', hint="name a file") from None
    if not exists:
        near = _neighbour(path)
        spoken = " " in str(path) and not path.suffix
        hint = f"did you mean {near}?" if near else "a text itself is given in a list, or in a file" if spoken else None
        raise DataError(f'there is no file "{path}"', hint=hint)
    if path.is_dir():
        raise DataError(f"{path} is a folder where one file was expected", hint="name a file in it")
    if not path.is_file():
        # it is read more than once, and a pipe can be read once only
        raise DataError(f"{path} is a pipe or a device; expected a file", hint=f"cat {path} > data.txt, and name that")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            rest = head.removeprefix(BOM)
            while rest and _is_blank(rest):
                rest = file.read(LONGEST)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if not rest:
        raise DataError(f"{path} is empty: expected at least one line of text", hint="give a file with rows")
    check_head(head, path)


def is_empty(path: Path) -> bool:
    """Return whether a file has nothing but a byte-order mark and white space; one of a megabyte has more."""
    with path.open("rb") as file:
        # most files say it at once
        return _is_blank(file.read(_HEAD).removeprefix(BOM)) and (
            path.stat().st_size <= LONGEST and _is_blank(file.read(LONGEST))
        )


def check_head(head: bytes, path: Path) -> None:
    """Refuse first bytes that are not text in UTF-8.

    Raises
    ------
    DataError
        When they are UTF-16 or binary.
    """
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(
            f"{path}:1: the text is in UTF-16; expected UTF-8",
            hint=_conversion("utf-16", path),
        )
    known = foreign(path, head)
    # a text may begin with "SQLite" or "RIFF" too
    if b"\0" in head or (known and not _is_utf8(head)) or head.startswith(b"%PDF-"):
        known = known or Foreign(
            f"binary data (a zero byte at position {head.index(0)})", "give text: txt, csv, tsv, jsonl or conllu"
        )
        raise DataError(sentence(path, known), hint=known.hint)


def _is_blank(raw: bytes) -> bool:
    """Return whether bytes are white space only."""
    return not raw.strip() or not raw.decode("utf-8", "replace").strip()


def _is_utf8(head: bytes) -> bool:
    """Return whether the first bytes of a file are UTF-8, but for a character that is cut at their end."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == _HEAD and error.reason == "unexpected end of data"
    return True


def _neighbour(path: Path) -> str | None:
    """Return the file or folder beside ``path`` that is nearest in spelling."""
    from recur.errors import closest

    try:
        return closest(path.name, [each.name for each in path.parent.iterdir()])
    except OSError:
        return None


def lines(path: Path, *, start: int = 0, cut: bool = False) -> Iterator[Line]:
    """Yield the lines of a UTF-8 file, holding one at a time.

    Parameters
    ----------
    path : Path
        The file.
    start : int
        Byte to begin at; the first line is numbered 1 wherever it is.
    cut : bool
        Whether a line longer than `LONGEST` comes in pieces (at a space where there is one) or is refused.

    Raises
    ------
    DataError
        At a byte that is no UTF-8, a zero byte, or a line too long.
    """
    with path.open("rb") as file:
        file.seek(start)
        if start == 0 and file.read(3) != BOM:
            file.seek(0)
        yield from lines_of(file, path, cut=cut)


def first_lines(path: Path, count: int, *, cut: bool = False, filled: bool = False) -> Iterator[Line]:
    """Yield at most ``count`` first lines, fewer if they are long, for format detection.

    Parameters
    ----------
    path : Path
    count : int
    cut : bool
        As for `lines`.
    filled : bool
        Whether lines of white space are left out.
    """
    length = 0
    for line in lines(path, cut=cut):
        if filled and not line.text.strip():
            continue
        yield line
        count -= 1
        length += len(line.text)
        if count <= 0 or length > _JUDGED:
            return


class LineSource(Protocol):
    """What lines are read from; only lines that are cut need a place to go back to."""

    def readline(self, most: int, /) -> bytes:
        """Return the next line, or its first bytes."""
        ...

    def tell(self) -> int:
        """Return how many bytes were read."""
        ...


def lines_of(file: BinaryIO | LineSource, path: Path, *, cut: bool = False) -> Iterator[Line]:
    """Yield the lines of an open file, or of a part of it in memory, from where it stands; see `lines`."""
    number = 1
    offset = file.tell()
    while raw := file.readline(LONGEST + 1):
        unfinished = len(raw) > LONGEST and not raw.endswith(b"\n")
        if unfinished:
            raw = _piece(raw, cast(BinaryIO, file), path, number) if cut else _refuse(path, number, raw)
        yield Line(offset, number, _decode(raw, path, number), unfinished)
        offset += len(raw)
        number += not unfinished


def _piece(raw: bytes, file: BinaryIO, path: Path, number: int) -> bytes:
    """Return the first part of a long line, up to a space or a whole character, and go back to its end."""
    place = raw.rfind(b" ") + 1
    if place == 0:
        place = len(raw)
        # a byte 10xxxxxx continues a character
        while place > len(raw) - 4 and raw[place - 1] & 0xC0 == 0x80:
            place -= 1
        place -= raw[place - 1] >= 0xC0
    if place <= 0:
        _decode(raw, path, number)
    file.seek(place - len(raw), 1)
    return raw[:place]


def _refuse(path: Path, number: int, raw: bytes) -> bytes:
    """Say that a line is too long to be a row."""
    start = raw[:30].decode("utf-8", "replace")
    raise DataError(
        f'{path}:{number}: a line of more than {LONGEST:,} bytes ("{start}…"); expected rows of at most that length',
        hint="a quotation mark may be missing, or it is one long text: --format text --documents file",
    )


def _conversion(encoding: str, path: Path) -> str:
    command = f"iconv -f {encoding} -t utf-8"
    return f"{command} FILE | recur …" if path.name == STDIN.name else f"{command} {path.name} > utf8-{path.name}"


def _decode(raw: bytes, path: Path, number: int) -> str:
    """Return bytes as text, or say where they are no UTF-8."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        seen = raw[max(error.start - 12, 0) : error.start + 12].decode("latin-1")
        raise DataError(
            f"{path}:{number}: byte 0x{raw[error.start]:02x} is not UTF-8 (near {seen!r}); expected text in UTF-8",
            hint=f"if it is Latin-1: {_conversion('latin1', path)}",
        ) from None
    if "\0" in text:
        raise DataError(f"{path}:{number}: a zero byte; expected text in UTF-8", hint="the file may be cut or binary")
    return text[:-2] + "\n" if text.endswith("\r\n") else text
