"""What each lesson is there to show: (page, regular expression in what is typed) -> check of what that prints.

The seeds on the pages are fixed, but the last bits differ between processors; so each check has room: what the guide
prints as 100 % must be 90 % here, and what it calls a guess must be near the share of a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Check = Callable[[str], bool]


def says(*texts: str) -> Check:
    """All of these texts are printed."""
    return lambda said: all(text in said for text in texts)


def matches(*patterns: str) -> Check:
    """All of these regular expressions match in what is printed; ^ is the beginning of a line."""
    return lambda said: all(re.search(pattern, said, re.MULTILINE) for pattern in patterns)


def figure(name: str, *, least: float = -1.0, most: float = 1e9) -> Check:
    """A figure of ``recur evaluate`` lies between two values, both included; shares are in percent."""

    def check(said: str) -> bool:
        found = re.search(rf"^{name} +([\d.]+)", said, re.MULTILINE)
        return found is not None and least <= float(found[1]) <= most

    return check


def contributes_most(word: str) -> Check:
    """This item contributes most to the answer, by at least 1 nat."""

    def check(said: str) -> bool:
        found = re.search(r"“([^”]+)” contributes most: \+([\d.]+) nats", said)
        return found is not None and found[1] == word and float(found[2]) >= 1

    return check


def contributes_alone(word: str) -> Check:
    """This item contributes most to the first network's answer; to the second one's no item contributes 1 nat.

    Over five seeds the first has at least 6.3 nats, the second at most 0.5.
    """

    def check(said: str) -> bool:
        found = re.findall(r"“([^”]+)” contributes most: ([+-][\d.]+) nats", said)
        return len(found) == 2 and found[0][0] == word and float(found[0][1]) >= 4 and abs(float(found[1][1])) < 1

    return check


def follows_the_country(said: str) -> bool:
    """The first network's answer follows the country; the second gives one answer to all."""
    rows = [line.split() for line in said.splitlines()]
    languages = ["French", "Spanish", "Polish", "Greek", "Turkish"]
    return [row[1] for row in rows] == languages and len({row[2] for row in rows}) == 1


def surely(*labels: str) -> Check:
    """These are the answers, each with a probability of 60 % at least: the worst seed has 80 %."""

    def check(said: str) -> bool:
        best = re.findall(r"^(\w+)\n  (\w+) +([\d.]+) %", said, re.MULTILINE)
        sure = all(said == first and float(share) >= 60 for said, first, share in best)
        return sure and [one[0] for one in best] == list(labels)

    return check


def verdict(outcome: str) -> Check:
    """The verdict of a training; below it is only the folder of the run."""
    return lambda said: said.rstrip().splitlines()[-2].startswith(f"verdict: {outcome} than the simple guess")


def remembers(run: str, *, forgets: bool) -> Check:
    """A comparison says of a run that the gradient falls below 1 % within ten steps, or that it stays above 1 %."""

    def check(said: str) -> bool:
        text = " ".join(said.split())
        found = re.search(rf"{run}(?: \(\w+\))?: a step.*?; it (stays above|falls below) 1 %(?: after (\d+))?", text)
        if found is None:
            return False
        return (found[1] == "falls below" and int(found[2]) <= 10) if forgets else found[1] == "stays above"

    return check


def cache_helps(said: str) -> bool:
    """The perplexity with a cache is a tenth lower than without."""
    found = {name: float(value) for name, value in re.findall(r"^(perplexity[a-z ]*?) +([\d.]+)$", said, re.MULTILINE)}
    return found["perplexity"] < 0.9 * found["perplexity without cache"]


def shares_received(said: str) -> list[float]:
    """What step 1 receives, of every printed line."""
    return [float(share) for share in re.findall(r"step 1 receives ([\d.e+-]+) of", said)]


def vanishes_and_explodes(said: str) -> bool:
    """With a small recurrent matrix, a middling and a large one."""
    small, middling, large = shares_received(said)
    return small < 1e-6 < 1e-3 < middling < 1e2 < large


def lstm_receives_more(said: str) -> bool:
    """Of the last step's gradient, the first step of an LSTM receives at least a hundred times as much."""
    elman, lstm = shares_received(said)
    return lstm > 100 * elman


def both(*checks: Check) -> Check:
    """All of these."""
    return lambda said: all(check(said) for check in checks)


OUTCOMES: dict[tuple[str, str], Check] = {
    ("README", "step 1 receives"): lstm_receives_more,
    ("README", r"recur train reviews\.csv"): verdict("better"),
    ("README", r"recur train sentences\.txt"): verdict("better"),
    ("README", "recur complete runs/sentences"): lambda said: said.split()[0] == "sky",
    ("README", r'recur inspect runs/sentences "all clouds are in the"$'): contributes_most("clouds"),
    ("README", r"recur\.load"): matches(r"^\[\('bad'"),
    ("use-your-sequences", "--out runs/mine "): verdict("better"),
    ("use-your-sequences", "--out runs/honest"): both(verdict("better"), says("test accuracy")),
    ("train-on-your-own-file", r"recur evaluate runs/labels reviews-new\.csv$"): figure("accuracy", least=90),
    ("train-on-your-own-file", "recur complete runs/next-word"): lambda said: said.split()[0] == "sky",
    ("train-on-your-own-file", "recur evaluate runs/next-word"): figure("accuracy", least=90),
    ("train-on-your-own-file", "recur evaluate runs/text"): cache_helps,
    ("train-on-your-own-file", "recur evaluate runs/tagged"): figure("accuracy", least=80, most=95),
    ("train-on-your-own-file", "recur evaluate runs/spelled"): figure("accuracy", least=96),
    ("train-on-your-own-file", "recur predict runs/spelled"): says("oldest/ADJ", "warmly/ADV"),
    ("train-on-your-own-file", 'recur predict runs/pairs "a red house"'): says("une maison rouge"),
    ("train-on-your-own-file", "recur generate runs/pairs"): says("ma petite maison rouge"),
    ("train-on-your-own-file", "recur evaluate runs/pairs"): figure("accuracy", least=95),
    ("train-on-your-own-file", "recur predict runs/names polish"): matches(r"^\w+ski$"),
    ("train-on-your-own-file", "recur predict runs/names italian"): matches(r"^\w+ini$"),
    ("train-on-your-own-file", "recur predict runs/flowers"): surely("setosa", "virginica"),
    ("train-on-your-own-file", "--out runs/load"): verdict("better"),
    ("train-on-your-own-file", "--out runs/ahead"): verdict("better"),
    ("train-on-your-own-file", "--out runs/corners"): verdict("better"),
    ("train-on-your-own-file", "recur predict runs/corners"): matches(r"^left$"),
    ("train-on-your-own-file", "--out runs/songs"): verdict("better"),
    ("train-on-your-own-file", "--out runs/tunes"): verdict("better"),
    ("train-on-your-own-file", "--out runs/sounds"): verdict("better"),
    ("train-on-your-own-file", "recur predict runs/sounds"): matches(r"^low$"),
    ("learn-and-teach", "recur lecture$"): matches(r"^lecture\.html$"),
    ("learn-and-teach", "recur cells elman"): says("h = tanh(W_xh @ x + W_hh @ h + b)", "Elman (1990)"),
    ("learn-and-teach", "recur demo --list"): says(
        "one-to-one:", "one-to-many:", "many-to-one:", "many-to-many:", "synced:"
    ),
    ("learn-and-teach", "step 1 receives"): vanishes_and_explodes,
    ("learn-and-teach", "recur evaluate runs/plain"): figure("accuracy", most=35),
    ("learn-and-teach", "recur evaluate runs/gated"): figure("accuracy", least=90),
    ("learn-and-teach", "recur compare"): both(remembers("plain", forgets=True), remembers("gated", forgets=False)),
    ("bptt", "recur inspect runs/places"): contributes_most("clouds"),
    ("bptt", r"recur inspect runs/lstm .* --html why\.html"): says("wrote why.html"),
    ("bptt", r"recur inspect runs/lstm .* --beside runs/elman$"): both(contributes_alone("Poland"), says("vanishes")),
    ("bptt", "for country in"): follows_the_country,
    ("bptt", "recur compare .* 32$"): both(remembers("elman", forgets=True), remembers("lstm", forgets=False)),
    ("bptt", r"inspect\.find_units\(brackets"): says("inside brackets: layer 1"),
    ("bptt", "recur inspect runs/brackets .* --match"): says("“inside brackets” holds at"),
    ("deploy-small-models", r"python ask_onnx\.py"): says("a warm meal: good", "what a dull film: bad"),
    ("deploy-small-models", r"python ask_numpy\.py"): says("['sky', ", "True"),
    ("deploy-small-models", "recur evaluate runs/opinion"): says('"rows": 27'),
    ("run-folder-and-resume", "--out runs/kept "): verdict("better"),
}  # fmt: skip
