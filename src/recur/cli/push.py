"""``recur push``: a run folder becomes a repository of the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

from recur.cli.output import emit, emit_json, note


def push(
    run: Path,
    repository: str,
    /,
    *,
    public: bool = False,
    license: str | None = None,
    dataset: list[str] | None = None,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Upload a run to the Hugging Face hub, with a model card.

    What is uploaded is printed first: weights, codecs, configuration, metrics and card. Logs, samples and checkpoints
    stay here. The token is that of HF_TOKEN, or of `hf auth login`.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote.
    repository
        USER/NAME; it is made if it does not exist, and a run that is there is replaced in one commit.
    public
        Make a new repository public; default: private.
    license
        License of the weights, as the hub calls it: apache-2.0, mit, cc-by-4.0, ...
    dataset
        USER/NAME of a data set of the hub that the network was trained on; may be repeated.
    dry_run
        Print what would be uploaded, and upload nothing.
    json
        Write one JSON document to stdout.
    """
    from recur.hub import prepare

    upload = prepare(run, repository, licence=license, datasets=dataset or ())
    verb = "would upload" if dry_run else "uploading"
    note(f"{verb} to {upload.address}: {len(upload.files)} files, {upload.size:,} bytes")
    for name, content in upload.files.items():
        note(f"  {name}  {len(content):,} bytes")
    if upload.left_out:
        note(f"not uploaded: {', '.join(upload.left_out)}")
    for line in upload.reveals:
        note(f"contains {line}")
    commit = None if dry_run else upload.send(public=public)
    if json:
        files = {name: len(content) for name, content in upload.files.items()}
        facts = {"files": files, "not_uploaded": upload.left_out, "contains": upload.reveals}
        emit_json({"address": str(upload.address), "commit": commit, **facts})
    elif commit is not None:
        emit(f"uploaded {commit}")
        emit(f'  use it  recur predict {upload.address} "a text", or recur.load("{upload.address}")')
