"""``recur export``: a trained network as a file for other programs."""

from __future__ import annotations

from pathlib import Path

from recur.cli.output import emit, emit_json, no_folders
from recur.errors import ConfigError


def export(run: Path, /, *, onnx: Path | None = None, step: bool = False, json: bool = False) -> None:
    """Write a trained network as ONNX, and check the file in onnxruntime.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    onnx
        ONNX file to write.
    step
        Export one step, with its states as inputs and outputs, for a stream; default: whole sequences.
    json
        Write one JSON document to stdout.
    """
    if onnx is None:
        raise ConfigError("no file to write was named", hint=f"recur export {run} --onnx model.onnx")
    no_folders(onnx)
    import recur

    found = recur.load(run).export(onnx, step=step)
    worst = max(found.differences.values())
    if json:
        emit_json(
            {
                "file": str(found.path),
                "inputs": found.inputs,
                "outputs": found.outputs,
                "differences": found.differences,
            }
        )
        return
    emit(f"wrote {found.path}, {found.path.stat().st_size / 1e6:.1f} MB")
    for name, each in (("inputs", found.inputs), ("outputs", found.outputs)):
        emit(f"  {name:<8} {'; '.join(each)}")
    *some, most = map(str, found.differences)
    at = "one step" if step else f"{', '.join(some)} and {most} steps" if some else "one call"
    emit(f"  checked in onnxruntime at {at}: the largest difference is {worst:.1e}")
