"""File formats of other programs, recognised by their first bytes and name, with a command that converts them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from recur.codecs.plain_text import shorten

_OTHER = "give text: txt, csv, tsv, jsonl or conllu"
_UNPACK = "unpack it first"
_TABLE = 'save it as CSV there (UTF-8), or in Python: recur.fit(pandas.{call}("{name}"))'


class Foreign(NamedTuple):
    """What a file is, and what to do."""

    what: str
    hint: str


_MAGIC: dict[bytes, tuple[str, str]] = {
    b"\x89PNG": ("a PNG image", _OTHER),
    b"\xff\xd8\xff": ("a JPEG image", _OTHER),
    b"\x1f\x8b": ("a gzip archive", _UNPACK),
    b"PK\x03\x04": ("a zip archive (or an Excel or Word document)", _UNPACK),
    b"%PDF": ("a PDF document", _OTHER),
    b"RIFF": ("a WAV or AVI file", _OTHER),
    b"SQLite": ("an SQLite database", 'in Python: recur.fit(pandas.read_sql("SELECT ...", connection))'),
    b"BZh": ("a bzip2 archive", _UNPACK),
    b"\xfd7zXZ": ("an xz archive", _UNPACK),
    b"7z\xbc\xaf": ("a 7z archive", _UNPACK),
    b"\x93NUMPY": ("a NumPy array", "name it .npy"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an Excel or Word document of an old format", "read_excel"),
    b"\x89HDF": ("an HDF5 file", "read_hdf"),
    b"$FL2": ("an SPSS file", "read_spss"),
}
# a zip archive by its name
_ZIPPED = {
    ".xlsx": ("an Excel workbook", "read_excel"),
    ".xlsm": ("an Excel workbook", "read_excel"),
    ".ods": ("an OpenDocument spreadsheet", "read_excel"),
    ".docx": ("a Word document", "save it as plain text (UTF-8)"),
    ".odt": ("an OpenDocument text", "save it as plain text (UTF-8)"),
    ".npz": ("a file of NumPy arrays", "name it .npz"),
}
_MARKUP = re.compile(r"\s*<(\?xml|!doctype\b|tmx\b|html\b|[A-Za-z][\w:.-]*[\s>/])", re.IGNORECASE)

_PLAIN = ("", ".txt", ".text", ".train", ".test", ".data", ".label", ".srt", ".vtt", ".html", ".htm")
_MOST_LINES = 0.9
_LEAST_LINES = 5
# a class and a part of it before each text, as in TREC: DESC:manner How did it end ?
_CLASSED = re.compile(r"([A-Z]{2,}:[a-z]+)\s+\S.*")
_SUBTITLE = re.compile(r"\d+:\d{2}(:\d{2})?[.,]\d{3}\s+-->\s")
# lines with labels: what they are, the form of nearly all of them, and how to make a table or columns of them
_LINES = (
    (
        "a file of LIBSVM (places and values); expected a table",
        re.compile(r"[-+]?\d[\d.,:]*(\s+\d+:[-+]?\d[\d.eE+-]*)+"),
        'in Python: recur.fit({{"x": X.toarray(), "y": y}}) after X, y = sklearn.datasets.load_svmlight_file("{name}")',
    ),
    (
        "a file of fastText (__label__ before each text); expected a table",
        re.compile(r"__label__\S+\s.*"),
        "sed -E 's/^__label__([^ ]+) /\\1\\t/' {name} > {stem}.tsv",
    ),
    (
        "words with tags after a slash; expected a word and its tag on each line",
        re.compile(r"(?:\S+/[A-Z$.,:`'()-]{{1,6}}(?:\s+|$)){{3,}}".replace("{{", "{").replace("}}", "}")),
        "sed 's/$/ /' {name} | tr ' ' '\\n' | sed 's|/\\([^/]*\\)$| \\1|' > {stem}.conll",
    ),
)


def foreign(path: Path, head: bytes) -> Foreign | None:
    """Return what a binary file is by its first bytes, or None where they are unknown."""
    known_format = next((known for magic, known in _MAGIC.items() if head.startswith(magic)), None)
    if known_format is None:
        return None
    suffix = path.suffix.lower()
    if head.startswith(b"PK\x03\x04") and suffix in _ZIPPED:
        known_format = _ZIPPED[suffix]
    what, hint = known_format
    if what.startswith("an Excel or Word") and suffix in (".doc", ".dot"):
        what, hint = "a Word document of an old format", "save it as plain text (UTF-8)"
    return Foreign(what, _TABLE.format(call=hint, name=path.name) if hint.startswith("read_") else hint)


def foreign_text(path: Path, first: str) -> Foreign | None:
    """Return what a text file of another form is by its beginning, or None for lines and tables.

    Parameters
    ----------
    path : Path
    first : str
        Its first lines.
    """
    start = first.lstrip()
    name, stem = path.name, path.stem
    if start[:9].lower() == "@relation" or (path.suffix.lower() == ".arff" and "@attribute" in start.lower()):
        what = "an ARFF file"
        return Foreign(what, f"sed '/^[@%]/d;/^$/d' {name} > {stem}.csv, and put the names in a first row")
    if path.suffix.lower() == ".tmx" or "<tmx" in start[:2000].lower():
        hint = f"two text files line by line, and: recur train --source {stem}.en --target {stem}.de"
        return Foreign("a translation memory (TMX, a form of XML)", f"convert it, as with tmx2corpus, to {hint}")
    markup = _MARKUP.match(start)
    if markup and path.suffix.lower() not in (".txt", ".text"):
        html = markup[1].lower() in ("!doctype", "html", "html>") or "<html" in start[:2000].lower()
        what = "an HTML page" if html else "XML"
        return Foreign(
            what, "take its text or table out of it first, as CSV or JSON lines; --format text reads it as it is"
        )
    if markup and markup[1].lower().rstrip("> /") in ("?xml", "!doctype", "html"):
        return Foreign("XML or HTML", "take its text or table out of it first; --format text reads it as it is")
    return _labelled(path, start) or _json(path, start)


def _labelled(path: Path, start: str) -> Foreign | None:
    """Return what lines with labels or times in them are, which would be read as words of running text."""
    if path.suffix.lower() not in _PLAIN:
        return None
    name, stem = path.name, path.stem
    lines = [line.strip() for line in start.split("\n") if line.strip()]
    for what, form, hint in _LINES:
        if len(lines) > 1 and sum(bool(form.fullmatch(line)) for line in lines) >= _MOST_LINES * len(lines):
            return Foreign(what, f"{hint.format(name=name, stem=stem)}; --format text reads it as it is")
    classes = [match[1] for line in lines if (match := _CLASSED.fullmatch(line))]
    if len(classes) == len(lines) >= _LEAST_LINES and 1 < len(set(classes)) <= len(lines) / 2:
        command = f"printf 'class\\tpart\\ttext\\n'; sed -E 's/^([A-Z]+):([a-z]+) +/\\1\\t\\2\\t/' {name}"
        return Foreign(
            f'lines with a class before each text, as in TREC ("{classes[0]}"); expected a table',
            f"({command}) > {stem}.tsv, then --input text --target class; --format text reads it as it is",
        )
    if any(_SUBTITLE.match(line) for line in lines[:6]):
        hint = f"sed -E '/^[0-9]*$|-->/d' {name} > {stem}-lines.txt; --format text reads it as it is"
        return Foreign("a file of subtitles; expected lines of text", hint)
    return None


def _json(path: Path, start: str) -> Foreign | None:
    """Return what JSON is that is not one object a line; None for JSON lines and for text in brackets."""
    lines = [line.strip() for line in start.split("\n") if line.strip()]
    if not lines or start[0] not in "[{" or (start[0] == "{" and _parses(lines[0])):
        return None
    alone = lines[0] in ("[", "{", "[{")
    if start[0] == "[" and (alone or path.suffix.lower() == ".json" or _parses(start)):
        hint = f"jq -c '.[]' {path.name} > {path.stem}.jsonl"
        return Foreign("one JSON array; expected JSON lines, one object a line", hint)
    if start[0] == "{" and (alone or _parses(start)):
        hint = f"jq -c . {path.name} > {path.stem}-lines.jsonl; jq -c '.KEY[]' for a list in it"
        return Foreign("JSON over several lines; expected JSON lines, one object a line", hint)
    return None


def _parses(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False


def sentence(path: Path, other: Foreign) -> str:
    """Return a sentence about the fault of a file.

    >>> sentence(Path("a.xlsx"), Foreign("an Excel workbook", ""))
    'a.xlsx is an Excel workbook; expected text in UTF-8'
    """
    expected = "" if "expected" in other.what else "; expected text in UTF-8"
    return f"{shorten(str(path), 200)} is {other.what}{expected}"
