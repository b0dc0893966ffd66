"""Files are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, content: str) -> bool:
    """Writes a file by renaming a finished one into place; False when it already has that content. Raises OSError."""
    data = content.encode()
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise
    return True


def is_stale(path: Path, content: str) -> bool:
    """Whether a file is missing or has other content."""
    return not path.is_file() or path.read_bytes() != content.encode()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file to be filled, which takes the place of ``path`` at the end; after an error the earlier one is there.

    A query may read the file that it is to write. What is no plain file (``/dev/null``, a pipe) is filled itself: it must
    not be replaced. Raises OSError in the name of ``path``.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        yield path
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield beside
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)
