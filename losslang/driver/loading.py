"""Files to scopes: a file, and the files it imports."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from losslang import bundle, files
from losslang.diagnostics import fail
from losslang.driver.stdlib import standard_library
from losslang.source import Source, Span
from losslang.syntax import nodes
from losslang.syntax.parse import parse_module

if TYPE_CHECKING:
    from losslang.ir.scope import Scope

MAX_IMPORTS = 100
"""How deep files may import files."""


def load(path: Path | str, text: str | None = None) -> tuple[nodes.Module, Scope]:
    """Parse a file and the files it imports. ``text`` stands in for the file's own content."""
    read = read_file if text is None else partial(_instead, Path(path), text)
    return _load(Path(path), read, (), None, {})


def load_each(paths: Iterable[Path], read: bundle.Read) -> list[Scope]:
    """The scopes of several files, each file parsed once; ``read`` gives their texts."""
    loaded: dict[Path, tuple[nodes.Module, Scope]] = {}
    return [_load(path, read, (), None, loaded)[1] for path in paths]


def _load(
    path: Path,
    read: bundle.Read,
    stack: tuple[Path, ...],
    span: Span | None,
    loaded: dict[Path, tuple[nodes.Module, Scope]],
) -> tuple[nodes.Module, Scope]:
    from losslang.ir.scope import Scope

    place = path.resolve()
    if place in loaded:
        return loaded[place]
    if place in stack:
        names = " -> ".join(p.name for p in (*stack[stack.index(place) :], place))
        fail("import-cycle", f"files import each other: {names}", span)
    if len(stack) > MAX_IMPORTS:
        fail("nesting-too-deep", f"files import files more than {MAX_IMPORTS} deep", span)
    source = Source(read(path, span), str(path))
    module = parse_module(source)
    scopes = [
        _load(path.parent / item.path, read, (*stack, place), item.span, loaded)[1]
        for item in module.declarations
        if isinstance(item, nodes.Import)
    ]
    loaded[place] = module, Scope(module, tuple(scopes), standard_library())
    return loaded[place]


def no_file(*imported: Scope) -> tuple[nodes.Module, Scope]:
    """A module that declares nothing, in whose scope the library and ``imported`` are known."""
    from losslang.ir.scope import Scope

    module = nodes.Module(Span(Source("", "<spec>"), 0, 0), ())
    return module, Scope(module, imported, standard_library())


def _instead(path: Path, text: str, other: Path, span: Span | None) -> str:
    return text if other == path else read_file(other, span)


def read_file(path: Path, span: Span | None) -> str:
    """The text of a file that is named at the span, or a message there that says why not."""
    from losslang.syntax.limits import MAX_SOURCE

    try:
        if path.stat().st_size > 4 * MAX_SOURCE:
            fail("source-too-large", f"{path} is larger than {MAX_SOURCE} characters", span)
        return files.read(path)
    except UnicodeDecodeError:
        fail("not-utf-8", f"{path} is not a text in UTF-8", span, help="save it as UTF-8")
    except FileNotFoundError:
        fail("file-not-found", f"there is no file {path}", span)
    except IsADirectoryError:
        fail("file-unreadable", f"{path} is a folder", span)
    except OSError as error:
        fail("file-unreadable", f"{path} cannot be read: {error.strerror}", span)
