"""Last word: an Elman network and an LSTM of the same size, trained side by side, with near and with distant cues.

    the clouds are in the ( )                                          the cue is close by
    I grew up in France . <0 to 60 other words> . I speak fluent ( )   the cue is far away

Both networks read the same lines as language models: h_t = f(h_{t-1}, x_t), and from h_t the probability of the next
word. They are not told that only the last word will be tested. The sentences of the test, and their distances, are
not in training.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recur.bounded import MIB, parse_json, read_text
from recur.config import Config
from recur.demos import corpus
from recur.demos.display import Display
from recur.demos.explain import write_report
from recur.demos.side_by_side import Job, together
from recur.views.terminal import bar, bold

FOLDER = Path("runs") / "demo-last-word"
NETWORKS = {"elman": "Elman network", "lstm": "LSTM"}
NEAR = "the clouds are in the"
FAR = "I grew up in France ..... I speak fluent"
LONG = (
    "I grew up in France . two friends are tired most days . on Sunday we played chess until noon . my sister likes "
    "apple pie with tea . I speak fluent"
)
QUESTIONS = (NEAR, FAR, LONG)
LINES = 24_000  # of training; with two thirds of them the LSTM is right on 92 % at the worst distance, not on 97 %
TOP = 3


@dataclass(frozen=True)
class Answers:
    """Answers of a trained network to the questions of the test.

    Attributes
    ----------
    by_distance : dict
        Words between cue and question -> share of right last words.
    near : float
        Share of right last words where the cue is in the same sentence.
    answers : dict
        Prompt -> the most probable words, with probabilities.
    seconds : float
        Time spent learning.
    """

    by_distance: dict[int, float]
    near: float
    answers: dict[str, list[tuple[str, float]]]
    seconds: float


def recipe(cell: str, folder: Path) -> Config:
    """The configuration of a network: data, sizes and updates are the same; learning rate and initialisation differ.

    The gates of the LSTM are initialised for long memories (Tallec and Ollivier 2018). The Elman network has no gates;
    its recurrent matrix is initialised orthogonal, and it learns less at the higher learning rate of the LSTM.
    """
    gated = cell == "lstm"
    return Config.of(
        source=str(folder / "corpus" / "train.txt"),
        dev=str(folder / "corpus" / "dev.txt"),
        documents="line",
        cell=cell,
        hidden_size=256,
        embedding_size=128,
        memory_steps=200 if gated else None,
        recurrent_init="uniform" if gated else "orthogonal",
        epochs=5,
        batch_size=32,
        lr=6e-3 if gated else 2e-3,
        warmup_steps=100,
        threads=1,
        device="cpu",
        prompts=[NEAR, FAR],
    )


def main(out: Path | None = None) -> dict[str, Any]:
    """Train both networks and return their answers; the same call again resumes training, or only asks again.

    Parameters
    ----------
    out : Path, optional
        Folder for the corpus and the two run folders.

    Returns
    -------
    dict
        Network -> accuracy by distance, near accuracy, answers, run folder.

    Raises
    ------
    Paused
        On Ctrl-C, after both have saved a checkpoint.
    """
    folder = FOLDER if out is None else Path(out)
    _write_corpus(folder / "corpus")
    jobs = [Job(cell, recipe(cell, folder), folder / cell) for cell in NETWORKS]
    command = "recur demo last-word" + (f" --out {folder}" if out is not None else "")
    results: dict[str, Answers] = {}
    with Display(NETWORKS) as display:
        for event in together(jobs, ask, command=command):
            if event.kind == "done":
                results[event.job] = event.content
            display.show(event)
    return {
        "networks": {
            name: {
                "run": str(folder / name),
                "near": results[name].near,
                "by_distance": {str(distance): share for distance, share in results[name].by_distance.items()},
                "answers": results[name].answers,
                "seconds": results[name].seconds,
            }
            for name in NETWORKS
        },
        "corpus": str(folder / "corpus"),
        "report": str(write_report(folder / "report.html", [folder / name for name in NETWORKS], (NEAR, LONG))),
    }


def ask(job: Job) -> Answers:
    """Ask a trained network the questions of the test, and those of the lecture."""
    from recur.continuation import last_word_scores
    from recur.model import load

    model = load(job.folder)
    near: list[str] = []
    far: dict[int, list[str]] = {}
    path = job.folder.parent / "corpus" / "test.jsonl"
    for line in read_text(path, 64 * MIB).splitlines():
        row = parse_json(line, str(path))
        if row["kind"] == "far":
            far.setdefault(row["distance"], []).append(row["text"])
        else:
            near.append(row["text"])
    return Answers(
        {distance: last_word_scores(model.mode, lines).accuracy for distance, lines in sorted(far.items())},
        last_word_scores(model.mode, near).accuracy,
        {prompt: [(one.word, one.probability) for one in model.complete(prompt, top=TOP)] for prompt in QUESTIONS},
        float(model.metrics["seconds"]),
    )


def _write_corpus(folder: Path) -> None:
    """Write the corpus unless it exists; a run resumes with the lines that it started with."""
    if not (folder / "test.jsonl").is_file():
        corpus.build(train=LINES).write(folder)


def report(result: dict[str, Any], width: int) -> Iterable[str]:
    """Lay out the answers of the networks.

    Parameters
    ----------
    result : dict
        What `main` returned.
    width : int
        Columns.
    """
    networks = result["networks"]
    names = [NETWORKS[name] for name in networks]
    column = max(24, min(34, (width - 22) // 2))
    yield "Right last words in held-out sentences, by the number of words between cue and question:"
    yield ""
    yield bold(f"{'distance':>20}  " + "  ".join(f"{name:<{column}}" for name in names).rstrip())
    yield _row("same sentence", [network["near"] for network in networks.values()], column)
    first = next(iter(networks.values()))["by_distance"]
    for distance in first:
        shares = [network["by_distance"][distance] for network in networks.values()]
        yield _row(f"{distance} words", shares, column)
    for prompt in QUESTIONS:
        yield ""
        yield bold(f"{prompt} ( )")
        for name, network in networks.items():
            words = ", ".join(f"{word} {100 * share:.1f} %" for word, share in network["answers"][prompt])
            yield f"    {NETWORKS[name]:<14} {words}"
    yield ""
    yield "The runs:  " + "  ".join(network["run"] for network in networks.values())
    run = networks["lstm"]["run"]
    yield "Ask more:  " + f'recur complete {run} "my family is from Japan . at home we speak"'
    yield "           " + f"recur complete {run} --interactive"
    yield "See why:   " + f"open {result['report']} in a browser; it works offline"
    yield "           " + f'recur inspect {run} "{NEAR}"'
    yield "           " + f"recur compare {' '.join(network['run'] for network in networks.values())}"


def _row(label: str, shares: Iterable[float], column: int) -> str:
    cells = [f"{100 * share:5.1f} %  {bar(share, column - 10)}" for share in shares]
    return f"{label:>20}  " + "  ".join(f"{cell:<{column}}" for cell in cells).rstrip()
