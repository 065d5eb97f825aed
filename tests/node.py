"""Scripts that are run by Node.js; the test is skipped where there is none."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

NODE = shutil.which("node")
SECONDS = 120


def evaluated(script: str, given: Any = None) -> Any:
    """Run a script with ``given`` as a constant; return what it has assigned to ``answer`` when it is done."""
    if NODE is None:
        pytest.skip("needs Node.js: apt install nodejs")
    text = f'"use strict";\nconst given = {json.dumps(given)};\nlet answer = null;\n{script}'
    text += '\nprocess.once("beforeExit", () => process.stdout.write(JSON.stringify(answer)));\n'
    done = subprocess.run([NODE, "-"], input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
