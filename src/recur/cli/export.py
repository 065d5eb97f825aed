"""``recur export``: a trained network as a file for other programs."""

from __future__ import annotations

from pathlib import Path

from recur.cli.output import emit, emit_json, refuse_folders
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
    refuse_folders(onnx)
    import recur

    result = recur.load(run).export(onnx, step=step)
    worst = max(result.differences.values())
    if json:
        emit_json(
            {
                "file": str(result.path),
                "inputs": result.inputs,
                "outputs": result.outputs,
                "differences": result.differences,
            }
        )
        return
    emit(f"wrote {result.path}, {result.path.stat().st_size / 1e6:.1f} MB")
    for name, each in (("inputs", result.inputs), ("outputs", result.outputs)):
        emit(f"  {name:<8} {'; '.join(each)}")
    *some, most = map(str, result.differences)
    at = "one step" if step else f"{', '.join(some)} and {most} steps" if some else "one call"
    emit(f"  checked in onnxruntime at {at}: the largest difference is {worst:.1e}")
