"""The compiler as a whole: from files and config strings to diagnostics, text and live modules."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losslang import bundle, files, resources
from losslang.diagnostics import Diagnostic, DiagnosticError, fail
from losslang.source import Source, Span
from losslang.syntax import nodes
from losslang.syntax.parse import parse_expression, parse_module

if TYPE_CHECKING:
    from losslang.accuracy.measure import Row
    from losslang.ir.loss import Loss
    from losslang.ir.scope import Entry, Scope
    from losslang.runtime.module import Module
    from losslang.verify.report import Report

_DECLARED = re.compile(r"^(?:loss|fn)\s+([A-Za-z_]\w*)", re.MULTILINE)

# Listing the library parses nothing: its files are in the standard layout, which a test holds.
_DOCUMENTED = re.compile(
    r'(?:^"""(?P<doc>(?:(?!""").)*)"""\s+)?(?:^cite\s+"[^"\n]*"\s+)*^loss\s+(?P<name>[A-Za-z_]\w*)',
    re.MULTILINE | re.DOTALL,
)


class StandardLibrary:
    """The losses in ``stdlib/``: found by file name, read when used."""

    def __init__(self) -> None:
        self._scopes: dict[Path, Scope] = {}
        self._index: dict[str, Path] | None = None

    def find(self, name: str) -> Entry | None:
        """The declaration of that name, or ``None``."""
        path = resources.library_files().get(name) or self._declared().get(name)
        return None if path is None else self._scope(path).find_own(name)

    def names(self) -> Iterable[str]:
        """Every loss and function the library publishes."""
        return self._declared()

    def _declared(self) -> dict[str, Path]:
        if self._index is None:
            self._index = {
                name: path
                for path in resources.library_files().values()
                for name in _DECLARED.findall(path.read_text(encoding="utf-8"))
            }
        return self._index

    def _scope(self, path: Path) -> Scope:
        from losslang.ir.scope import Scope

        if path not in self._scopes:
            module = parse_module(Source(path.read_text(encoding="utf-8"), str(path)))
            self._scopes[path] = Scope(module, (), self)
        return self._scopes[path]


@cache
def standard_library() -> StandardLibrary:
    """The one instance a process needs."""
    return StandardLibrary()


@dataclass(frozen=True)
class LibraryEntry:
    """One loss of the standard library, for a listing."""

    name: str
    family: str
    summary: str
    path: Path


def library() -> tuple[LibraryEntry, ...]:
    """Every loss of the standard library, by family and name."""
    root = resources.folder("stdlib")
    found: list[LibraryEntry] = []
    for path in resources.library_files().values():
        family = path.relative_to(root).parts[0]
        for match in _DOCUMENTED.finditer(path.read_text(encoding="utf-8")):
            summary = (match["doc"] or "").strip().split("\n")[0]
            found.append(LibraryEntry(match["name"], family, summary, path))
    return tuple(sorted(found, key=lambda entry: (entry.family, entry.name)))


# ---------------------------------------------------------------- files and scopes


def load(path: Path | str, text: str | None = None) -> tuple[nodes.Module, Scope]:
    """Parse a file and the files it imports. ``text`` stands in for the file's own content."""
    read = _read if text is None else partial(_read_instead, Path(path), text)
    return _load(Path(path), read, (), None, {})


MAX_IMPORTS = 100
"""How deep files may import files."""


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


def _read_instead(path: Path, text: str, other: Path, span: Span | None) -> str:
    return text if other == path else _read(other, span)


def _read(path: Path, span: Span | None) -> str:
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


# ---------------------------------------------------------------- elaboration


def elaborated(
    spec: str | Mapping[str, Any] | None = None,
    *,
    path: Path | str | None = None,
    name: str | None = None,
) -> Loss:
    """The IR of a config expression, or of the loss ``name`` of a file.

    ``spec`` is an expression over the standard library and, with ``path``, over that file, or a
    config. Raises :class:`~losslang.diagnostics.DiagnosticError`.
    """
    from losslang.ir.compose import elaborate

    if spec is not None and not isinstance(spec, str):
        return elaborated_config(spec)
    module, scope = load(path) if path is not None else _no_file()
    if spec is None:
        return _complete(elaborate(*_named(module, name, scope)))
    expression = parse_expression(Source(spec, "<spec>"))
    return _complete(elaborate(expression, scope, name or _title(expression)))


def elaborated_config(
    config: Any, *, folder: Path | str = ".", read: bundle.Read | None = None
) -> Loss:
    """The IR of a config: a string, or a mapping with ``spec`` and what it uses.

    Paths of files in the config are relative to ``folder``, and ``read`` gives their texts. Raises
    :class:`~losslang.diagnostics.DiagnosticError`.
    """
    from losslang.ir import config as configs

    understood = configs.read(config)
    loaded: dict[Path, tuple[nodes.Module, Scope]] = {}
    scopes = [
        _load(Path(folder) / file, read or _read, (), None, loaded)[1] for file in understood.files
    ]
    return _complete(configs.elaborate(understood, _no_file(*scopes)[1]))


def _complete(loss: Loss) -> Loss:
    """A loss that a training loop can call."""
    if not loss.inputs:
        fail(
            "no-inputs",
            "this loss has no inputs, so it would be the same whatever a model predicts",
            None if loss.written is None else loss.written.expression.span,
            help="name a loss, or give the signature its inputs",
        )
    return loss


def _no_file(*imported: Scope) -> tuple[nodes.Module, Scope]:
    from losslang.ir.scope import Scope

    module = nodes.Module(Span(Source("", "<spec>"), 0, 0), ())
    return module, Scope(module, imported, standard_library())


def _named(module: nodes.Module, name: str | None, scope: Scope) -> tuple[nodes.Expr, Scope, str]:
    losses = {d.name: d for d in module.declarations if isinstance(d, nodes.Loss)}
    if name is None and len(losses) == 1:
        name = next(iter(losses))
    if name is None or name not in losses:
        from losslang.ir.scope import suggestion

        wanted = "which loss?" if name is None else f"no loss {name!r} in this file"
        known = ", ".join(losses) or "none"
        fail("unknown-loss", wanted, help=suggestion(name or "", losses) or f"it has {known}")
    return nodes.Name(losses[name].name_span, name), scope, name


def _title(expression: nodes.Expr) -> str:
    if isinstance(expression, nodes.Name):
        return expression.id
    if isinstance(expression, nodes.Call):
        return expression.function.id
    return "loss"


def check_file(path: Path | str, text: str | None = None) -> tuple[Diagnostic, ...]:
    """Errors and warnings of a file; loads no torch."""
    from losslang.ir.compose import elaborate
    from losslang.syntax.mistakes import layout_warnings

    try:
        module, scope = load(path, text)
    except DiagnosticError as error:
        return error.diagnostics
    found: list[Diagnostic] = list(layout_warnings(module))
    for declaration in module.declarations:
        if isinstance(declaration, nodes.Loss) and not _takes_losses(declaration):
            try:
                name = nodes.Name(declaration.name_span, declaration.name)
                _complete(elaborate(name, scope, declaration.name))
            except DiagnosticError as error:
                found.extend(error.diagnostics)
                # Whatever uses a loss that is too large is so too, after as long a time.
                if any(problem.code == "formula-too-large" for problem in error.diagnostics):
                    break
    return tuple(found)


def check(path: Path | str) -> tuple[Diagnostic, ...]:
    """Errors and warnings of a file, with their places; none if all is well."""
    return check_file(path)


def _takes_losses(loss: nodes.Loss) -> bool:
    from losslang.ir.signatures import split_inputs

    return loss.signature is not None and bool(split_inputs(loss)[0])


# ---------------------------------------------------------------- text and live modules


def emit(
    spec: str | Mapping[str, Any] | None = None,
    *,
    path: Path | str | None = None,
    name: str | None = None,
) -> str:
    """Python source that imports only torch, of a config expression or of a file's losses.

    With ``path`` alone the module holds every loss of the file that can stand alone.
    """
    from losslang.codegen.torch.emit import emit as emitted

    if spec is None and name is None and path is not None:
        return emitted(_all_of(path)).text
    return emitted([elaborated(spec, path=path, name=name)]).text


def losses(path: Path | str) -> tuple[str, ...]:
    """The names of a file's losses that can stand alone, in order; at least one."""
    return tuple(loss.name for loss in _alone(load(path)[0], path))


def _alone(module: nodes.Module, path: Path | str) -> list[nodes.Loss]:
    found = [d for d in module.declarations if isinstance(d, nodes.Loss) and not _takes_losses(d)]
    if not found:
        fail("unknown-loss", f"{path} declares no loss that can stand alone")
    return found


def _all_of(path: Path | str, text: str | None = None) -> list[Loss]:
    from losslang.ir.compose import elaborate

    module, scope = load(path, text)
    names = [nodes.Name(loss.name_span, loss.name) for loss in _alone(module, path)]
    return [_complete(elaborate(name, scope, name.id)) for name in names]


def compile(
    spec: str | Mapping[str, Any] | None = None,
    *,
    path: Path | str | None = None,
    name: str | None = None,
    backend: str = "auto",
    **settings: Any,
) -> Module:
    """A live ``nn.Module`` of a config expression, or of a loss of a file.

    ``settings`` are the module's own keywords: hyperparameters, and defaults of the call contract.
    ``backend`` is ``"auto"`` or ``"torch"``. Raises
    :class:`~losslang.diagnostics.DiagnosticError` for a mistake in the program.
    """
    with _collection_postponed():
        return _live(elaborated(spec, path=path, name=name), backend, settings)


@contextmanager
def _collection_postponed() -> Iterator[None]:
    """No search for garbage: with torch loaded it takes longer than the compiling it interrupts."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _live(loss: Loss, backend: str, settings: Mapping[str, Any]) -> Module:
    from losslang.codegen.torch.emit import emit as emitted
    from losslang.runtime.module import load as load_module

    if backend not in ("auto", "torch"):
        raise ValueError(f"backend must be 'auto' or 'torch', not {backend!r}")
    text = emitted([loss])
    _check_settings(loss, settings, text.keywords[loss.name])
    module = load_module(text.text, text.digest)
    made: Module = getattr(module, text.entries[loss.name][1])(**settings)
    return made


def _check_settings(loss: Loss, settings: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse keywords that no call of the loss would accept, and numbers outside their domains."""
    from losslang.ir.scope import suggestion

    hypers = {hyper.name: hyper for hyper in loss.hyperparameters}
    for name, value in settings.items():
        if name not in known:
            fail(
                "unknown-keyword",
                f"{loss.name!r} has no keyword {name!r}",
                help=suggestion(name, known) or f"it has {', '.join(known)}",
            )
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and name in hypers and value not in hypers[name].domain:
            domain = hypers[name].domain
            fail("out-of-domain", f"hyperparameter {name!r} must be {domain}, but is {value}")


def show(
    spec: str | Mapping[str, Any],
    *,
    path: Path | str | None = None,
    expand: str | None = None,
    order: int = 4,
    plan: bool = False,
) -> str:
    """A page about a loss: signature, formula, gradient, cost; loads no torch.

    ``spec`` is an expression, over the losses of the file ``path`` too, or a config. ``expand``
    adds the series in that basis (``"1 - p"``) up to ``order``, ``plan`` what backends receive.
    """
    from losslang.codegen import cost
    from losslang.codegen.lower import lower
    from losslang.ir import expansion
    from losslang.ir import show as showing

    loss = elaborated(spec, path=path)
    more: list[showing.Section] = []
    if expand is not None:
        more.append(("Expansion", [expansion.expansion(loss, expand, order)]))
    planned = lower(loss).hard.plan
    more.append(("Cost", cost.cost_lines(planned)))
    if plan:
        more.append(("Plan", cost.plan_lines(planned)))
    return showing.show(loss, more)


@dataclass(frozen=True)
class ExampleResult:
    """One worked example: where it stands, its text, and what is wrong with it."""

    loss: str
    line: int
    text: str
    problem: Diagnostic | None


def run_examples(path: Path | str, text: str | None = None) -> tuple[ExampleResult, ...]:
    """Every ``example ... == value`` of a file, checked to the digits written.

    Raises :class:`~losslang.diagnostics.DiagnosticError` for a file that does not parse.
    """
    from losslang.ir import examples

    module, scope = load(path, text)
    found: list[ExampleResult] = []
    for loss in (d for d in module.declarations if isinstance(d, nodes.Loss)):
        for example in loss.examples:
            span = example.span
            line = span.source.position(span.start)[0]
            problem = examples.problem(loss, example, scope)
            shown = " ".join(span.text.split()).removeprefix("example ")
            found.append(ExampleResult(loss.name, line, shown, problem))
    return tuple(found)


@dataclass(frozen=True)
class AccuracyResult:
    """How exact the emitted code of one loss is; no rows for a loss that draws random numbers."""

    loss: str
    rows: tuple[Row, ...]


def accuracy(
    spec: str | None = None, *, path: Path | str | None = None, text: str | None = None
) -> Iterator[AccuracyResult]:
    """Measure the emitted code of an expression, or of every loss of a file that stands alone.

    ``text`` stands in for the content of the file. Raises
    :class:`~losslang.diagnostics.DiagnosticError` for a mistake in the program.
    """
    from losslang.accuracy.inputs import needed_settings
    from losslang.accuracy.measure import measure

    found = [elaborated(spec)] if path is None else _all_of(path, text)
    for loss in found:
        if loss.draws:
            yield AccuracyResult(loss.name, ())
            continue
        module = _live(loss, "torch", needed_settings(loss)).eval()
        yield AccuracyResult(spec or loss.name, tuple(measure(loss, module, name=spec)))


def from_config(
    config: Any = None, *, folder: Path | str = ".", backend: str = "auto", **keys: Any
) -> Module:
    """A live ``nn.Module`` of a config: an expression, or a mapping with its ``spec``.

    ``keys`` are added to the config, so Hydra can call this as a ``_target_``. Raises
    :class:`~losslang.diagnostics.DiagnosticError` for a mistake in the config.
    """
    from losslang.ir.config import merged

    return _live(elaborated_config(merged(config, keys), folder=folder), backend, {})


# ---------------------------------------------------------------- verification


def verify(
    spec: str | Mapping[str, Any] | None = None,
    *,
    path: Path | str | None = None,
    name: str | None = None,
    timeout: float = 60.0,
    **hyperparameters: Any,
) -> Report:
    """What is true of a loss: a mapping from ``"convex(logits)"`` and the like to verdicts.

    Each verdict is computed when it is asked for; all together take ``timeout`` seconds at most.
    Hyperparameters with a value, here or in ``spec``, are fixed to it, the others are free over
    their domains. Raises :class:`~losslang.diagnostics.DiagnosticError`.
    """
    from losslang.verify.digest import digest
    from losslang.verify.engine import Engine
    from losslang.verify.properties import PROPERTIES
    from losslang.verify.report import Report

    given = {"spec": spec} if isinstance(spec, str) else dict(spec or {})
    if path is not None and "spec" not in given:
        module, scope = load(path)
        name = _named(module, name, scope)[2]
    config = bundle.config(given | hyperparameters, path, name)
    texts = bundle.Texts(_read, Path(".") if path is None else Path(path).parent)
    loss = elaborated_config(config, folder=texts.folder, read=texts)
    source = {"loss": config, "files": texts.known, "digest": digest(_settled(loss))}
    settings = {h.name: bundle.shown(h.default) for h in loss.hyperparameters if h.given}
    return Report(loss.name, Engine(loss, timeout), PROPERTIES, source, settings)


@dataclass(frozen=True)
class CertificateResult:
    """What a certificate proves, line by line; or the problem, if it proves nothing."""

    proved: tuple[str, ...]
    problem: str | None = None


def check_certificate(document: Any, timeout: float = 60.0) -> CertificateResult:
    """Replay the proofs of a certificate, as JSON gives it; reads no file, searches nothing."""
    from losslang.verify.check import check_document
    from losslang.verify.proof import Rejected
    from losslang.verify.report import CERTIFICATE_FORMAT, VERSION
    from losslang.verify.watchdog import within

    if not isinstance(document, dict) or document.get("format") != CERTIFICATE_FORMAT:
        return CertificateResult((), "this is no certificate")
    if document.get("version") != VERSION:
        return CertificateResult((), f"its format is not that of version {VERSION}")
    try:
        proved = within(timeout, lambda: check_document(document, _certified))
    except Rejected as error:
        return CertificateResult((), str(error))
    except DiagnosticError as error:
        return CertificateResult((), f"its loss has a mistake: {error.diagnostics[0].message}")
    except Exception as error:  # what a rule stumbles over, it does not accept
        return CertificateResult((), f"{type(error).__name__}: {error}")
    if proved is None:
        return CertificateResult((), f"it was not checked within {timeout:g} seconds")
    return CertificateResult(tuple(proved))


def _certified(document: Mapping[str, Any]) -> Loss:
    """The loss that a certificate is about, from the texts that it brings along."""
    texts = bundle.Texts(bundle.nowhere, known=document.get("files"))
    return _settled(elaborated_config(document.get("loss"), read=texts))


def _settled(loss: Loss) -> Loss:
    """The loss with the hyperparameters that have a value fixed to it."""
    from losslang.verify.readings.fix import fixed

    given = (h for h in loss.hyperparameters if h.given and not h.learn)
    return fixed(loss, {h.name: h.default for h in given})
