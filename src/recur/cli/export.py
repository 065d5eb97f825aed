"""``recur export``: a trained network as files for other programs."""

from __future__ import annotations

from pathlib import Path

from recur.cli.output import emit, emit_json, refuse_folders
from recur.errors import ConfigError


def export(
    run: Path,
    /,
    *,
    onnx: Path | None = None,
    step: bool = False,
    c: Path | None = None,
    name: str = "model",
    single_header: bool = False,
    max_steps: int | None = None,
    json: bool = False,
) -> None:
    """Write a trained network as ONNX or as plain C, and check it by running it.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    onnx
        ONNX file to write.
    step
        Of ONNX, export one step, with its states as inputs and outputs, for a stream; default: whole sequences.
    c
        Folder to write C99 to: a header, a source, their test, a Makefile and a README.
    name
        Of C, the start of every name and of the files.
    single_header
        Of C, one header with everything, in place of header and source.
    max_steps
        Of C, the most steps of a sequence of a network that reads in both directions or searches tags; default: 256.
    json
        Write one JSON document to stdout.
    """
    if onnx is None and c is None:
        raise ConfigError("no file to write was named", hint=f"recur export {run} --onnx model.onnx, or --c a_folder")
    if onnx is not None and c is not None:
        raise ConfigError("--onnx and --c write different files", hint="one of them at a time")
    if c is not None:
        if step:
            raise ConfigError("--step is for ONNX: C code always reads item by item", hint="leave out --step")
        _as_c(run, c, name, single_header, max_steps, json)
        return
    if onnx is not None:
        if name != "model" or single_header or max_steps is not None:
            raise ConfigError(
                "--name, --single-header and --max-steps are for C", hint=f"recur export {run} --c a_folder"
            )
        _as_onnx(run, onnx, step, json)


def _as_c(run: Path, folder: Path, name: str, single_header: bool, max_steps: int | None, json: bool) -> None:
    import recur
    from recur.export.c.exported import compared

    result = recur.load(run).export_c(folder, name=name, single_header=single_header, max_steps=max_steps)
    if json:
        emit_json(
            {
                "folder": str(result.folder),
                "files": result.files,
                "ram_bytes": result.ram,
                "flash_bytes": result.flash,
                "rows": result.rows,
                "held_out": result.held_out,
                "difference": result.difference,
                "compiler": result.compiler,
            }
        )
        return
    emit(f"wrote {result.folder}: {', '.join(result.files)}")
    emit(f"  memory   {result.flash:,} bytes of constants (flash), {result.ram:,} bytes for each state (RAM)")
    text = compared(result)
    emit(f"  checked  built with {result.compiler}, {text[0].lower()}{text[1:]}")


def _as_onnx(run: Path, onnx: Path, step: bool, json: bool) -> None:
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
