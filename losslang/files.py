"""A user's files: read as text, and written whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def read(path: Path) -> str:
    r"""The text of a file, line breaks as ``\n``, without a byte-order mark.

    Raises ``OSError`` where the file cannot be read and ``UnicodeDecodeError`` where it is not
    UTF-8.
    """
    return path.read_text(encoding="utf-8-sig")


def write_atomically(path: Path, content: str | bytes) -> None:
    """Put ``content`` in place of the file in one step; where that fails, the old file stays.

    A link keeps pointing at what it points at, and an existing file keeps its permissions.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    old = path.stat() if path.exists() else None
    if old is not None and not stat.S_ISREG(old.st_mode):
        # A pipe or a device (`/dev/stdout`) is written to, never replaced.
        path.write_bytes(data)
        return
    target = path.resolve()
    # In the same folder, because a rename is one step only within a file system.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if old is not None:
            temporary.chmod(stat.S_IMODE(old.st_mode))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder, and those around it, where they are missing. Raises ``OSError``."""
    path.mkdir(parents=True, exist_ok=True)
