"""The proof of a page: its own script computes the answers to rows in Node.js, where that is installed."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from typing import Any

from recur.errors import BackendError

SECONDS = 300

_COMPARE = """
const given = %s;
let difference = 0, largest = 0;
const failed = (what) => { process.stdout.write(JSON.stringify({ what })); process.exit(0); };
const compare = (found, rows) => {
  if (found.length !== rows.length) difference = Infinity;
  rows.forEach((row, n) => row.forEach((value, i) => {
    const gap = Math.abs(found[n][i] - value);
    if (!(gap <= difference)) difference = gap;
    largest = Math.max(largest, Math.abs(value));
  }));
};
for (const { x, y, text, ids, sound, tags, written } of given) {
  if (text !== undefined) {
    // documents begin with symbols that a stream lacks
    const read = local.reads.pieces(text).map(([, id]) => id), own = ids.slice(ids.length - read.length);
    if (read.length > ids.length || read.some((id, n) => String(id) !== String(own[n]))) failed(text);
  }
  if (sound) compare(local.frames(Float64Array.from(sound.samples), sound.rate), x);
  if (written) {
    const found = network.writer.told(x, written);
    compare(found.answers, y);
    if (written.attention) compare(found.attention, written.attention);
    if (found.beam) compare([found.beam.map((one) => one.score)], [written.beam.map((one) => one.score)]);
    continue;
  }
  const found = network.answers(x);
  compare(found, y);
  // tags that are equally probable are equally right
  if (tags) compare([[network.chain.score(found, network.chain.tags(found))]], [[network.chain.score(found, tags)]]);
}
process.stdout.write(JSON.stringify({ share: largest > 0 ? difference / largest : difference }));
"""


def node() -> str | None:
    """The path of Node.js; None where there is none."""
    return shutil.which("node") or shutil.which("nodejs")


def prove(program: str, script: str, rows: list[dict[str, Any]]) -> float:
    """Return the largest difference from the answers of rows, as a share of the largest value.

    Parameters
    ----------
    program : str
        Node.js.
    script : str
        What defines ``network`` and ``local``.
    rows : list of dict
        Inputs ``x`` and answers ``y``; of a text also the ``text`` and its ``ids``, of a sound its samples, of a chain
        the best ``tags``, of a network that writes what it has ``written``.

    Raises
    ------
    BackendError
        When the script fails, or reads a text as other symbols.
    """
    text = f"{script}\n{_COMPARE % json.dumps(rows)}"
    try:
        done = subprocess.run(
            [program, "-"], input=text, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BackendError(f"the page's script has not finished within {SECONDS} s in Node.js") from None
    except OSError as error:
        raise BackendError(f"{program} cannot be started: {error.strerror}") from None
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise _bug(f"does not run in Node.js: {' '.join(done.stderr.split())[-300:]}") from None
    if "what" in found:
        raise _bug(f"reads the text {str(found['what'])[:80]!r} as other symbols than the network")
    return math.inf if found["share"] is None else float(found["share"])


def _bug(message: str) -> BackendError:
    return BackendError(
        f"the page of this network {message}",
        hint="this is a bug in recur: please report it with the configuration of the run",
    )
