"""Latency of the live page after a key: candidates, the network, influence, states and gates, in a headless Chromium.

    recur demo last-word
    python -m benchmarks.following runs/demo-last-word/lstm

A key is the sentence put into the page's text box with another space behind it. What is asked for when the keys rest is
held back, as it is while one types. Server, browser and driver share the machine. Needs playwright and Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.serve import free_port, wait_for
from recur.demos.last_word import LONG, NEAR

PAUSE = 0.3  # seconds between keys, for a slow machine to finish drawing
# what is asked for when the keys rest is not sent; a route of the driver would delay every request
HELD_BACK = """const asked = window.fetch;
window.fetch = (path, options) =>
  String(options?.body).includes('"flow"') ? new Promise(() => {}) : asked(path, options);
"""
# milliseconds from the key until candidates, network, and everything are drawn, and until the next frame is due
MEASURE = """(text) => new Promise((done) => {
  const column = document.querySelector(".column"), box = document.querySelector("#text"), began = performance.now();
  let candidates = null, network = null;
  const watch = new MutationObserver((changes) => {
    const now = performance.now() - began;
    // an older picture that is dimmed changes its class alone
    const drawn = (part) => changes.some((one) => one.type === "childList" && one.target.querySelector(part));
    if (candidates === null && drawn(".next")) candidates = now;
    if (network === null && drawn(".chain")) network = now;
    if (column.dataset.followed !== text) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done([candidates, network, now, performance.now() - began]), 0));
  });
  watch.observe(column, { attributes: true, childList: true, subtree: true });
  box.value = text;
  box.dispatchEvent(new Event("input"));
})"""


def typed(address: str, texts: list[str], keys: int) -> dict[str, list[list[float]]]:
    """(keys, 4) milliseconds of each text."""
    from playwright.sync_api import sync_playwright

    chromium = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.add_init_script(HELD_BACK)
        page.goto(address)
        page.wait_for_selector("#text")
        found: dict[str, list[list[float]]] = {}
        for text in texts:
            page.evaluate(MEASURE, text)
            for key in range(keys):
                time.sleep(PAUSE)
                found.setdefault(text, []).append(page.evaluate(MEASURE, text + " " * (1 + key % 2)))
        browser.close()
    return found


def main() -> None:
    """Serve, type and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--keys", type=int, default=40, help="of each sentence")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "recur", "serve", str(given.run), "--port", str(port)])
    try:
        wait_for(f"http://127.0.0.1:{port}", server)
        found = typed(f"http://127.0.0.1:{port}", [NEAR, LONG], given.keys)
    finally:
        server.terminate()
        server.wait(30)
    figures: dict[str, Any] = {}
    for text, rows in found.items():
        for name, waits in zip(
            ("candidates", "network", "everything", "next frame"), zip(*rows, strict=True), strict=True
        ):
            figures[f"{len(text.split())} words, {name}"] = [round(min(waits)), round(statistics.median(waits))]
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"machine  {machine.describe()}")
    print(f"{'ms after a key':<24} {'least':>6} {'median':>7}")
    for name, (least, median) in figures.items():
        print(f"{name:<24} {least:>6} {median:>7}")


if __name__ == "__main__":
    main()
