"""``recur serve``: trained networks over HTTP."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from recur.cli.decoding import check_range
from recur.cli.limit_flags import LimitFlags
from recur.cli.output import note
from recur.cli.whole_numbers import Whole
from recur.errors import ConfigError, require


def serve(
    *run: Path,
    host: Annotated[str, Parameter(show_default=True)] = "127.0.0.1",
    port: Annotated[Whole, Parameter(show_default=True)] = 8000,
    token: Path | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    access_log: str | None = None,
    state: Path | None = None,
    reload: float | None = None,
    allow_host: Annotated[list[str] | None, Parameter(negative="")] = None,
    threads: Whole | None = None,
    workers: Annotated[Whole, Parameter(show_default=True)] = 1,
    lecture: bool = False,
    limits: LimitFlags | None = None,
) -> None:
    """Serve trained networks: a page that shows how they answer, and an HTTP API.

    Parameters
    ----------
    run
        Run folders that `recur train` wrote, or hf://USER/NAME; requests name them by the folder's name.
    host
        Address to listen on; 0.0.0.0 accepts other machines, which requires a token.
    port
        Port to listen on; 0 takes a free one.
    token
        File with a token per line, of which every request must have one (Authorization: Bearer TOKEN); without this
        option the token is read from the environment variable RECUR_TOKEN, if it is set.
    tls_cert
        PEM file with a certificate and those of its issuers: the server then speaks HTTPS only.
    tls_key
        PEM file with the private key of the certificate; by default it is in the file of the certificate.
    access_log
        File to which a line of JSON per request is appended, or "stdout"; after a renaming, a new file is created.
    state
        Folder of this server alone: its key, which signs snapshots, and its sessions from an end to the next start.
    reload
        Seconds between two looks at the run folders: a run that changed is loaded, and replaces the network.
    allow_host
        Host name that is allowed in requests, in addition to IP addresses; "*" allows any; may be repeated.
    threads
        Number of CPU threads that compute, in each process.
    workers
        Number of processes, which share the weights and the limits of sessions; each session stays in one of them.
    lecture
        Serve the page that explains recurrent networks at /lecture; no run is needed for it.
    limits
    """
    if not run and not lecture:
        raise ConfigError("no network to serve was named", hint="recur serve RUN")
    require("uvicorn", "serve")
    require("fastapi", "serve")
    names = [_name(folder) for folder in run]
    duplicates = {name for name in names if names.count(name) > 1}
    if duplicates:
        raise ConfigError(f'two of the runs are called "{min(duplicates)}"', hint="rename a folder")
    import torch

    import recur
    from recur.nn.freezing import pack_layers
    from recur.serve import Hosts, Limits, Tokens, create_app
    from recur.serve.access_log import AccessLog
    from recur.serve.connections import Hooks, Server
    from recur.serve.group import Group
    from recur.serve.processes import MOST, Processes, check_workers
    from recur.serve.reloading import Reloader
    from recur.serve.sockets import exposed, listen, raise_file_limit, url
    from recur.serve.storage import Storage
    from recur.serve.tls import Renewal, tls_context
    from recur.serve.tokens import readable_by_others

    bounds: dict[str, Any] = (limits or LimitFlags()).given()
    bounds["connections"] = min(bounds.get("connections", Limits.connections), raise_file_limit() * workers)
    bound = Limits(**bounds).share(workers)
    check_range("--reload", reload, 0.1, 86_400)
    if threads is not None:
        check_range("--threads", threads, 1, 1024)
    check_range("--workers", workers, 1, MOST)
    check_workers(workers)
    computing = threads or max(1, torch.get_num_threads() // workers)
    # threads of the parent would not exist in processes that are forked from it
    torch.set_num_threads(computing if workers == 1 else 1)
    tokens, tls = Tokens.find(token), tls_context(tls_cert, tls_key)
    storage = None if state is None else Storage(state)
    log = None if access_log is None else AccessLog(access_log)
    sockets = listen(host, port)
    try:
        if tokens is None and (addresses := exposed(sockets)):
            raise ConfigError(
                f"other machines can reach {addresses[0]}, and no token is set: anyone there could use the server",
                hint="--token FILE, or the environment variable RECUR_TOKEN; --host 127.0.0.1 for this machine only",
            )
        models = {name: recur.load(folder) for name, folder in zip(names, run, strict=True)}
    except BaseException:
        for one in sockets:
            one.close()
        if storage is not None:
            storage.close()
        raise
    group = None if workers == 1 else Group.listening(workers)
    app = create_app(
        models, bound, hosts=Hosts.of(host, allow_host or ()), tokens=tokens, access_log=log,
        signer=None if storage is None else storage.signer,
        reloader=None if reload is None else Reloader(
            {name: model.folder or Path(name) for name, model in models.items()}, reload, note
        ), group=group,
        lecture=lecture,
    )  # fmt: skip
    # objects that live as long as the server are excluded from garbage collection
    gc.collect()
    gc.freeze()
    # a request leaves few cycles; scanning the thousands of connections and sessions each time would delay answers
    gc.set_threshold(50_000, 20, 100)
    here = url(host, sockets[0].getsockname()[1], "http" if tls is None else "https")
    if token is not None and readable_by_others(token):
        note(f"other users of this machine can read the tokens in {token}  (chmod 600 {token})")
    if tls is None and exposed(sockets):
        note("without --tls-cert, tokens and texts are sent unencrypted: use this behind a proxy with TLS only")

    served = app.state.recur
    if storage is not None:
        restored, lost = storage.restore(served)
        if restored or lost:
            note(
                f"{restored:,} sessions restored" + (f", {lost:,} not: too old, or of another network" if lost else "")
            )
    renewal = None if tls is None or tls_cert is None else Renewal(tls, tls_cert, tls_key, note)

    def ready() -> None:
        if group is None or (group.own == 0 and not processes.started):
            pages = [*names, "the lecture"] if lecture else names
            note(f"serving {', '.join(pages)} at {here}  (the API: {here}/docs; Ctrl-C stops)")
            sys.stderr.flush()

    def serve_one(number: int) -> int:
        torch.set_num_threads(computing)
        inside = None
        if group is not None:
            inside = group.join(number)
            served.join(group)
        server = Server(
            app, sockets, bound, tls=renewal, hooks=Hooks(ready, served.close, served.stop, served.refused),
            inside=inside,
        )  # fmt: skip
        server.serve_forever()
        if storage is not None:
            note(f"{storage.save(served, number):,} sessions saved")
        return 1 if server.force_exit else 0

    if group is None:
        code = serve_one(0)
    else:
        for model in models.values():
            pack_layers(model.mode)
        processes = Processes(workers, serve_one, note)
        # the sessions are those of the processes from now on: one that is started again must not begin with old ones
        code = processes.run(lambda: served.sessions.keep(lambda _: False))
        group.close()
    note("stopped")
    if code:
        sys.stderr.flush()
        os._exit(code)  # a normal exit would wait for a thread that still computes


def _name(run: Path) -> str:
    """The name under which a run is served: that of its folder, or of its repository."""
    from recur.hub import address_of

    address = address_of(run)
    return run.resolve().name if address is None else address.name
