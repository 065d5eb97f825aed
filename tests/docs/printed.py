"""Compare what a page shows below a command, or a block of Python, with what it prints.

Lines and words are exact. The rules for the rest:

* ``...`` alone on a line stands for any number of lines; at the end of a line, for the rest of it.
* A whole number that counts (rows, steps, parameters) is exact.
* A measured number is near: one with a decimal point, or before ``%``, ``times`` or ``bytes``, or a number of steps
  after "after". How near: see `near`.
* Times, speeds and random names are masked, since they belong to the machine and to the moment.
* A sampled text is another one on another processor: of what `recur generate --seed` prints, the prompt alone
  is compared.
* Bars and sparklines follow from the numbers beside them, and are left out; spaces only align.
"""

from __future__ import annotations

import re
import shlex

MASKS = {
    r"less than a second|\d+ h \d\d min|[\d.,]+ ?(?:µs|ms|s|min|seconds|minutes|microseconds)\b": "TIME",
    r"[\d.,]+ (?:tokens|rows|steps)/s": "SPEED",
    r'"cmpl-\w+"|"created":\d+': "NAME",
}
BARS = re.compile(r"[▁▂▃▄▅▆▇█▏▎▍▌▋▊▉━]+|(?<=  )#+$")
NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w]|\.\d)")
# of a pipe alone: on a terminal these are one live line
STEPS = re.compile(r"epoch \d+/\d+  step ")


def near(shown: float, said: float, unit: str) -> bool:
    """Return whether a measured number is the one on the page, on another processor too.

    Percents differ by 3 points at most, other figures by a tenth or 0.02. Numbers so small or large that they are
    written with an exponent, and odds, are products of many factors: they agree within a factor of ten, or three.
    """
    if unit == "exponent":
        return 0.1 <= abs(said) / abs(shown) <= 10 if shown and said else shown == said
    if unit == "times":
        return 1 / 3 <= said / shown <= 3
    if unit == "steps":
        return abs(said - shown) <= 2
    return abs(said - shown) <= (3.0 if unit == "%" else max(0.1 * abs(shown), 0.02))


def difference(shown: str, said: str, command: str = "") -> str | None:
    """Return the first line of a page that is not what was printed, or that is missing in it; None if all agree."""
    if re.match(r"recur generate .*--seed ", command):
        return _unlike_sample(shown, said, shlex.split(command))
    lines = [line for line in said.strip("\n").splitlines() if not STEPS.match(line)]
    parts: list[list[str]] = [[]]
    for line in shown.strip("\n").splitlines():
        if line.strip() == "...":
            parts.append([])
        else:
            parts[-1].append(line)
    place = 0
    for number, part in enumerate(parts):
        last = len(lines) - len(part)
        starts = [0] if number == 0 else range(place, last + 1)
        if number and number == len(parts) - 1 and part:
            starts = [last] if last >= place else []
        found = next((start for start in starts if _agrees(part, lines[start:])), None)
        if found is None:
            return _first(part, lines, starts)
        place = found + len(part)
    if place < len(lines) and (len(parts) == 1 or parts[-1]):
        return f"the page does not show: {lines[place]}"
    return None


def _unlike_sample(shown: str, said: str, words: list[str]) -> str | None:
    """What is wrong with a sampled continuation: it does not begin with the prompt, or it is empty."""
    prompt = words[words.index("--prompt") + 1] if "--prompt" in words else ""
    for place, text in (("the page", shown), ("what is printed", said)):
        if not text.strip().removeprefix(prompt).strip() or prompt not in text:
            return f"{place} is no continuation of {prompt!r}: {text.strip()!r}"
    return None


def _first(part: list[str], lines: list[str], starts: range | list[int]) -> str:
    """The line of a part that is not printed, where most of its lines agree."""
    best = max((_count(part, lines[start:]) for start in starts), default=0)
    return f"the page shows, and the command does not print: {part[best]}"


def _count(part: list[str], lines: list[str]) -> int:
    """How many lines agree, up to the first that does not."""
    for count, line in enumerate(part):
        if count >= len(lines) or not same(line, lines[count]):
            return count
    return len(part)


def _agrees(part: list[str], lines: list[str]) -> bool:
    return _count(part, lines) == len(part)


def same(shown: str, said: str) -> bool:
    """Return whether a line of a page is a printed one by these rules.

    >>> same("sky  94.9 %  ███▏", "sky   93.1 %  ██▉"), same("216 rows", "217 rows")
    (True, False)
    """
    cut = shown.rstrip().endswith("...") and not said.rstrip().endswith("...")
    left, right = _pieces(shown.rstrip().removesuffix("...") if cut else shown), _pieces(said)
    if cut and left and len(left) <= len(right):
        # a word may be cut in its middle, and so may a number, which is then not compared
        word, unit = left.pop()
        if not unit and not right[len(left)][0].startswith(word):
            return False
        right = right[: len(left)]
    return len(left) == len(right) and all(_equal(one, other) for one, other in zip(left, right, strict=True))


def _pieces(line: str) -> list[tuple[str, str]]:
    """A line as (number, its unit) and (word, "")."""
    for pattern, name in MASKS.items():
        line = re.sub(pattern, name, line)
    line = BARS.sub(" ", line)
    found: list[tuple[str, str]] = []
    end = 0
    for number in NUMBER.finditer(line):
        found += [(word, "") for word in line[end : number.start()].split()]
        found.append((number[0], _unit(number[0], line[: number.start()], line[number.end() :])))
        end = number.end()
    return found + [(word, "") for word in line[end:].split()]


def _unit(number: str, before: str, after: str) -> str:
    """What a number measures: a percent, odds, ...; "count" of one that is exact."""
    if "e" in number:
        return "exponent"
    if re.match(r" ?%", after):
        return "%"
    if re.match(r" times\b", after):
        return "times"
    if re.match(r" steps\b", after) and before.endswith("after "):
        return "steps"
    return "measured" if "." in number or re.match(r" bytes\b", after) else "count"


def _equal(one: tuple[str, str], other: tuple[str, str]) -> bool:
    if one == other:
        return True
    units = {one[1], other[1]}
    if "" in units:
        return False
    if units == {"count"}:
        return False
    if "exponent" in units:
        unit = "exponent"
    else:
        unit = one[1] if one[1] != "count" else other[1]
    return near(float(one[0].replace(",", "")), float(other[0].replace(",", "")), unit)
