"""Remote stores: s3://, gs://, https:// and others by fsspec, hf:// by huggingface_hub; fetched once and kept."""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from recur.codecs.plain_text import shorten
from recur.data.sources.kept import kept
from recur.errors import DataError, MissingExtraError, RecurError, require

HUB = "hf"
_URL = re.compile(r"(?P<protocol>[A-Za-z][A-Za-z0-9+.-]+):/+(?P<rest>[^/].*)", re.DOTALL)
# what a store says of a file that differs for every other content
_VERSIONS = (
    "etag",
    "last-modified",
    "lastmodified",
    "mtime",
    "created",
    "generation",
    "content-md5",
    "md5hash",
    "sha256",
)
_PIECE = 2**22
_WEB = ("http", "https")
_SILENCE = 60  # seconds without a byte after which a server is given up
# where the name in a URL does not say the format
_ENDINGS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
}
_DATASETS = "datasets/"
_PASSWORD = re.compile(r"(?P<before>[^:/?#]+://[^:@/?#]*):[^@/?#]*@")


def url_of(source: str | Path) -> str | None:
    """Return a source as a URL, or None for a path; a `Path` has lost one of the slashes.

    >>> url_of(Path("s3://bucket/a.csv")), url_of("file:///a.csv"), url_of("data/a.csv"), url_of("C:/a.csv")
    ('s3://bucket/a.csv', 'file:///a.csv', None, None)
    """
    match = _URL.fullmatch(str(source))
    return None if match is None else _url(match["protocol"].lower(), match["rest"])


def is_pattern(url: str) -> bool:
    """Return whether a URL is a pattern of names: ``*`` or ``[`` in its path, and not in host or query.

    >>> is_pattern("s3://bucket/*.csv"), is_pattern("https://[::1]/a.csv?part[]=*")
    (True, False)
    """
    protocol, _, rest = url.partition("://")
    if protocol in _WEB:
        rest = re.split(r"[?#]", rest)[0].partition("/")[2]
    return any(sign in rest for sign in "*[")


def _url(protocol: str, path: str) -> str:
    """Return a URL; that of a local file keeps the slash at the beginning of its path."""
    root = "/" if protocol in ("file", "local") else ""
    return f"{protocol}://{root}{path.lstrip('/')}"


def name_of(url: str) -> str:
    """Return the name of the file that a URL leads to.

    >>> name_of("https://a.org/data/reviews.csv.gz?download=1")
    'reviews.csv.gz'
    """
    return PurePosixPath(re.split(r"[?#]", url)[0]).name


def fetched(url: str) -> list[tuple[str, Path]]:
    """Return the files of a URL, or of a pattern of URLs, each with its name for messages; fetched once and kept.

    Raises
    ------
    DataError
        When there is no such file, it cannot be fetched whole, or the URL has a password.
    MissingExtraError
        When the package of the store is not installed.
    """
    secret = _PASSWORD.match(url)
    if secret is not None:
        # the source of a run is written into its folder and printed
        raise DataError(
            f"{shorten(url[: secret.end('before')], 120)}:...@ has a password; it would be written into the run folder",
            hint="download the file, and give its path",
        )
    if url.startswith(f"{HUB}://"):
        return _of_hub(url.removeprefix(f"{HUB}://"))
    fsspec = require("fsspec", "data")
    protocol = url.partition("://")[0]
    try:
        store, path = fsspec.core.url_to_fs(url, **(_web_options() if protocol in _WEB else {}))
    except ImportError as error:
        package = _package_of(error) or f"the file system of {protocol}://"
        raise MissingExtraError(
            f"{shorten(url, 120)}: {protocol}:// needs {package}, which is not installed",
            hint=f"pip install {package}" if _package_of(error) else str(error),
        ) from error
    except ValueError as error:
        raise DataError(
            f"{shorten(url, 120)}: there is no store of the protocol {protocol}://; {error}",
            hint="give a path, or s3://, gs://, https://, hf://datasets/USER/NAME",
        ) from error
    paths = _paths(store, path, url)
    # a URL of the web is its own path
    return [(each if protocol in _WEB else _url(protocol, str(each)), _copy(store, each, url)) for each in paths]


def _web_options() -> dict[str, Any]:
    """Return how files of the web are requested: as they are stored, and with a limit on silence only.

    What a server compresses all the same is kept compressed: unpacking it afterwards detects where it was cut.
    """
    web = require("aiohttp", "data")
    timeout = web.ClientTimeout(total=None, sock_connect=_SILENCE, sock_read=_SILENCE)
    headers = {"Accept-Encoding": "identity"}
    return {"client_kwargs": {"auto_decompress": False, "timeout": timeout, "headers": headers}}


def _paths(store: Any, path: str, url: str) -> list[str]:
    if not is_pattern(url):
        return [path]
    with _talking(url):
        paths = sorted(str(each) for each in store.glob(path))
    if not paths:
        raise DataError(f"no file matches {shorten(url, 120)}", hint="check the pattern")
    return paths


def _copy(store: Any, path: str, url: str) -> Path:
    with _talking(url):
        info: Mapping[str, Any] = store.info(path)
    if info.get("type") == "directory":
        raise DataError(
            f"{shorten(url, 120)} is a folder; expected a file or a pattern", hint=f"'{url.rstrip('/')}/*.parquet'"
        )
    versions = {name: str(value) for name, value in info.items() if name.lower() in _VERSIONS and value}
    # a store that says nothing of its files may have others of the same size
    identity = f"fetched {url} {path} {info.get('size')} {sorted(versions.items()) or secrets.token_hex(8)}"

    # one answer, and not pieces of a file that may change between them
    options = {"block_size": 0} if url.partition("://")[0] in _WEB else {}

    def make(part: Path) -> None:
        with _talking(url), store.open(path, "rb", **options) as source, part.open("wb") as target:
            while piece := source.read(_PIECE):
                target.write(piece)
        size, length = info.get("size"), part.stat().st_size
        # a server that compresses on the way says the size of what it sends
        if isinstance(size, int) and length < size:
            raise DataError(
                f"{shorten(url, 120)}: {length:,} of {size:,} bytes arrived; expected the whole file", hint="try again"
            )

    name = name_of(path) or "data"
    if not PurePosixPath(name).suffix:
        name += _ENDINGS.get(str(info.get("mimetype")), "")
    return kept(identity, name, make)


class _talking:
    """Translate what a store raises into a sentence with its URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, RecurError) or not isinstance(error, Exception):
            return
        shown = shorten(self._url, 120)
        # fsspec says "not found" of servers that do not answer, too
        cause = error.__cause__ if isinstance(error, FileNotFoundError) else error
        if cause is None or isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) in (404, 410):
            raise DataError(f"there is no file {shown}", hint="check the address") from error
        words = " ".join(str(cause).split())[:160] or type(cause).__name__
        if isinstance(cause, TimeoutError):
            words = f"no answer in {_SILENCE} seconds"
        raise DataError(
            f"{shown} cannot be read: {words}", hint="check the address, the network and the rights"
        ) from error


def _package_of(error: ImportError) -> str | None:
    """Return the package that fsspec asks for: ``Install s3fs to access S3``."""
    match = re.search(r"[Ii]nstall\s+['\"`]?(?:\"?)([A-Za-z0-9_.-]+)", str(error))
    return match[1] if match and match[1].lower() not in ("the", "a") else None


def _of_hub(rest: str) -> list[tuple[str, Path]]:
    """Return the files of ``datasets/USER/NAME[@REVISION]/PATTERN`` from the Hugging Face hub, or its local cache."""
    if not rest.startswith(_DATASETS):
        raise DataError(
            f"hf://{shorten(rest, 80)}: expected hf://datasets/USER/NAME/FILES",
            hint="'hf://datasets/USER/NAME/data/*.parquet'",
        )
    user, name, *inside = [*rest.removeprefix(_DATASETS).split("/"), ""]
    repository, _, revision = f"{user}/{name}".partition("@")
    pattern = "/".join(each for each in inside if each) or "**/*.parquet"
    hub = require("huggingface_hub", "data")
    errors = require("huggingface_hub.errors", "data")
    try:
        folder = Path(
            hub.snapshot_download(
                repository, repo_type="dataset", revision=revision or None,
                allow_patterns=[pattern, pattern.removeprefix("**/")],
            )
        )  # fmt: skip
    except (
        errors.HfHubHTTPError,
        errors.LocalEntryNotFoundError,
        errors.HFValidationError,
        OSError,
        ValueError,
    ) as error:
        words = " ".join(str(error).split())[:200]
        raise DataError(
            f"hf://datasets/{repository} cannot be read: {words}",
            hint=f"check name and network; hf download --repo-type dataset {shlex.quote(repository)} fetches it",
        ) from error
    paths = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not paths:
        raise DataError(
            f"hf://datasets/{repository} has no file {pattern}", hint="name its files, such as 'data/*.csv'"
        )
    return [(f"hf://{_DATASETS}{repository}/{path.relative_to(folder).as_posix()}", path) for path in paths]
