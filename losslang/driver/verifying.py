"""Reports of what is true of a loss, and certificates checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losslang import bundle
from losslang.diagnostics import DiagnosticError
from losslang.driver.finding import declared, elaborated_config
from losslang.driver.loading import load, read_file

if TYPE_CHECKING:
    from losslang.ir.loss import Loss
    from losslang.verify.report import Report


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
        name = declared(load(path)[0], name).name
    config = bundle.config(given | hyperparameters, path, name)
    texts = bundle.Texts(read_file, Path(".") if path is None else Path(path).parent)
    loss = elaborated_config(config, folder=texts.folder, read=texts, of_values=True)
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
    return _settled(elaborated_config(document.get("loss"), read=texts, of_values=True))


def _settled(loss: Loss) -> Loss:
    """The loss with the hyperparameters that have a value fixed to it."""
    from losslang.verify.readings.fix import fixed

    given = (h for h in loss.hyperparameters if h.given and not h.learn)
    return fixed(loss, {h.name: h.default for h in given})
