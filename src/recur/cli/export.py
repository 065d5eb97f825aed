"""``recur export``: a trained network as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recur.cli.output import emit, emit_json, refuse_folders
from recur.cli.whole_numbers import Whole
from recur.errors import ConfigError


def export(
    run: Path,
    /,
    *,
    onnx: Path | None = None,
    step: bool = False,
    c: Path | None = None,
    python: Path | None = None,
    rtneural: Path | None = None,
    nam: Path | None = None,
    web: Path | None = None,
    float32: bool = False,
    no_examples: bool = False,
    no_wasm: bool = False,
    name: str = "model",
    single_header: bool = False,
    max_steps: Whole | None = None,
    int8: bool = False,
    int16: bool = False,
    run_folder: Path | None = None,
    weights: str = "float32",
    json: bool = False,
) -> None:
    """Write a trained network as ONNX, plain C, Python without torch, a web page or a smaller run folder, and check it.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote, or hf://USER/NAME of the Hugging Face hub.
    onnx
        ONNX file to write.
    step
        Of ONNX, export one step, with its states as inputs and outputs, for a stream; default: whole sequences.
    c
        Folder to write C99 to: a header, a source, their test, a Makefile and a README.
    python
        Python file to write, which needs NumPy alone; beside it a compiled library of the network.
    rtneural
        JSON file to write for RTNeural, of LSTM or GRU layers from numbers to numbers.
    nam
        .nam file to write, of LSTM layers from one number to one, at 48 kHz.
    web
        HTML file to write: one offline page in which the network runs.
    float32
        Of a page, keep weights of 32 bits; default: rounded to 16 bits, half the size.
    no_examples
        Of a page, leave out the up to three short held-out inputs that it offers to begin with.
    no_wasm
        Of a page, leave its steps in JavaScript alone; default: WebAssembly too, where ziglang is installed.
    name
        Of C, the start of every name and of the files.
    single_header
        Of C, one header with everything, in place of header and source.
    max_steps
        Of C and Python, the most steps of a sequence of a network that reads in both directions or searches tags;
        default: 256.
    int8
        Of C, weights of 8 bits, in a quarter of the flash; what it costs on held-out rows is printed.
    int16
        Of C, whole numbers of 16 bits with a fixed point, for processors without float.
    run_folder
        Run folder to write, without what only training needs.
    weights
        Of a run folder, how weights are stored: float32, or float16 for half the size; networks compute in float32.
    json
        Write one JSON document to stdout.
    """
    files = {
        "onnx": onnx, "c": c, "python": python, "rtneural": rtneural, "nam": nam, "web": web, "run-folder": run_folder,
    }  # fmt: skip
    asked = [f"--{form}" for form, value in files.items() if value is not None]
    if not asked:
        raise ConfigError(
            "no file to write was named",
            hint=f"recur export {run} --onnx model.onnx, --c a_folder, --python model.py or --web page.html",
        )
    if len(asked) > 1:
        raise ConfigError(f"{' and '.join(asked)} write different files", hint="one of them at a time")
    if onnx is None and step:
        raise ConfigError(f"--step is for ONNX: {asked[0]} has no such form", hint="leave out --step")
    if c is None and int8:
        raise ConfigError("--int8 is for C", hint=f"recur export {run} --c a_folder --int8")
    if c is None and int16:
        raise ConfigError("--int16 is for C", hint=f"recur export {run} --c a_folder --int16")
    if c is None and (name != "model" or single_header):
        raise ConfigError("--name and --single-header are for C", hint=f"recur export {run} --c a_folder")
    if max_steps is not None and c is None and python is None:
        raise ConfigError("--max-steps is for C and Python", hint="leave out --max-steps")
    if float32 and web is None:
        raise ConfigError("--float32 is for pages", hint="leave out --float32")
    if no_examples and web is None:
        raise ConfigError("--no-examples is for pages", hint="leave out --no-examples")
    if no_wasm and web is None:
        raise ConfigError("--no-wasm is for pages", hint="leave out --no-wasm")
    if run_folder is None and weights != "float32":
        raise ConfigError("--weights is for --run-folder", hint=f"recur export {run} --run-folder a_folder")
    if web is not None:
        _as_page(run, web, json, float32=float32, examples=not no_examples, wasm=not no_wasm)
        return
    if c is not None:
        _as_c(run, c, json, name=name, single_header=single_header, max_steps=max_steps, int8=int8, int16=int16)
    elif python is not None:
        _as_python(run, python, max_steps, json)
    elif run_folder is not None:
        _as_run(run, run_folder, weights, json)
    elif onnx is not None:
        _as_onnx(run, onnx, step, json)
    else:
        _for_plugins(run, rtneural, nam, json)


def _for_plugins(run: Path, rtneural: Path | None, nam: Path | None, json: bool) -> None:
    refuse_folders(rtneural, nam)
    import recur
    from recur.export import export_nam, export_rtneural

    mode = recur.load(run).mode
    if rtneural is not None:
        export_rtneural(mode, rtneural)
    elif nam is not None:
        export_nam(mode, nam)
    path = rtneural or nam
    if json:
        emit_json({"file": str(path)})
    else:
        emit(f"wrote {path}")


def _as_python(run: Path, path: Path, max_steps: int | None, json: bool) -> None:
    refuse_folders(path)
    import recur
    from recur.export.reference import rows_in_words

    result = recur.load(run).export_python(path, max_steps=max_steps)
    if json:
        emit_json(
            {
                "file": str(result.path),
                "library": str(result.library) if result.library else None,
                "reason": result.reason,
                "rows": result.rows,
                "held_out": result.held_out,
                "differences": result.differences,
            }
        )
        return
    beside = f", and {result.library.name} beside it" if result.library else ""
    emit(f"wrote {result.path}, {result.path.stat().st_size / 1e6:.1f} MB{beside}")
    if result.reason:
        emit(f"  no library: {result.reason}")
    rows = rows_in_words(result.rows, result.held_out)
    found = ", ".join(f"{share:.1e} ({name})" for name, share in result.differences.items())
    emit(f"  checked  on {rows}: the largest difference from the network is {found} of the largest value")


def _as_run(run: Path, folder: Path, weights: str, json: bool) -> None:
    import torch

    import recur
    from recur.hub import address_of
    from recur.run.layout import WEIGHTS

    model = recur.load(run)
    source = model.folder or run
    if folder.exists() and folder.samefile(source):
        raise ConfigError(
            f"{folder} is the run itself, whose weights would be replaced",
            hint=f"recur export {run} --run-folder a_new_folder",
        )
    model.save(folder, weights=weights)
    before, after = ((place / WEIGHTS).stat().st_size for place in (source, folder))
    kept = recur.load(folder).mode.state_dict()
    difference = max(
        (float((value - kept[name]).abs().max()) for name, value in model.mode.state_dict().items()
         if value.dtype == torch.float32 and value.numel()), default=0.0,
    )  # fmt: skip
    if json:
        emit_json({"folder": str(folder), "bytes_before": before, "bytes": after, "difference": difference})
        return
    shown = address_of(run) or run
    emit(f"wrote {folder}: weights in {weights}, {after:,} bytes ({before:,} in {shown})")
    emit(f"  checked  loaded again: the largest difference of a weight is {difference:.1e}")
    emit(f"  compare  recur evaluate {folder} FILE, and the same of {shown}")


def _as_c(run: Path, folder: Path, json: bool, **options: Any) -> None:
    import recur
    from recur.export.c.exported import compared
    from recur.export.reference import rows_in_words

    result = recur.load(run).export_c(folder, **options)
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
                "cost": result.cost,
            }
        )
        return
    emit(f"wrote {result.folder}: {', '.join(result.files)}")
    emit(f"  memory   {result.flash:,} bytes of constants (flash), {result.ram:,} bytes for each state (RAM)")
    text, name = compared(result), options["name"]
    emit(f"  checked  built with {result.compiler}, {text[0].lower()}{text[1:]}")
    if result.held_out:
        emit(f"  contains {rows_in_words(result.rows, held_out=True)}, in {name}_test.c alone")


def _as_page(run: Path, path: Path, json: bool, **options: bool) -> None:
    import recur
    from recur.export.web.exported import compared

    result = recur.load(run).export_web(path, **options)
    if json:
        emit_json(
            {
                "file": str(result.path),
                "bytes": result.size,
                "bits": result.bits,
                "examples": result.examples,
                "wasm_bytes": result.modules,
                "rows": result.rows,
                "held_out": result.held_out,
                "difference": result.difference,
            }
        )
        return
    emit(f"wrote {result.path}, {result.size / 1e6:.1f} MB; open it in any browser, it needs no network and no server")
    rounded = "rounded to 16 bits; --float32 keeps all" if result.bits == 16 else "as they are, 32 bits"
    emit(f"  weights  {rounded}")
    if result.modules:
        emit(f"  steps    WebAssembly, {result.modules:,} bytes, and JavaScript for browsers that refuse it; --no-wasm")
    else:
        emit("  steps    JavaScript")
    if result.examples:
        count = "a held-out input is" if result.examples == 1 else f"{result.examples} held-out inputs are"
        emit(f"  examples {count} in the page, to begin with; --no-examples leaves them out")
    emit(f"  checked  {compared(result)}")


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
