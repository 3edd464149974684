"""Files that a program changes, put back before each side runs.

Both sides are the same program in the same place, so what it keeps in a file or a database is
kept for both, and the second side would meet what the first has done.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from .model import CompareError


class Snapshot:
    """Copies of files and folders as they are now.

    Args:
        paths: What to copy; what is not there will be removed again.

    Raises:
        CompareError: Something cannot be copied.
    """

    def __init__(self, paths: tuple[str, ...]) -> None:
        self._paths = [Path(path).absolute() for path in paths]
        self._folder = Path(tempfile.mkdtemp(prefix="miniflask-compare-"))
        for i, path in enumerate(self._paths):
            try:
                _copy(path, self._folder / str(i))
            except (OSError, shutil.Error) as e:
                self.discard()
                raise CompareError(
                    f"{path} cannot be copied, to be put back: {e}. Look at it: ls -l {path}"
                ) from None

    def __bool__(self) -> bool:
        return bool(self._paths)

    def restore(self) -> None:
        """Put everything back as it was."""
        for i, path in enumerate(self._paths):
            # Beside its place first: what is there stays until there is something to replace it.
            new = path.with_name(f".{path.name}.new-{os.getpid()}")
            old = path.with_name(f".{path.name}.old-{os.getpid()}")
            _copy(self._folder / str(i), new)
            if path.exists():
                path.rename(old)
            if new.exists():
                new.rename(path)
            _remove(old)

    def discard(self) -> None:
        """Remove the copies."""
        _remove(self._folder)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    elif source.exists():
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
