"""A report as a table, for a terminal and for a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

from losslang.verify.claims import ClaimResult
from losslang.verify.statement import Sign
from losslang.verify.verdict import Verdict
from losslang.verify.wording import details, short

if TYPE_CHECKING:
    from losslang.verify.report import Report

WIDTH = 100
LONGEST_QUESTION = 34
STATUS, SECONDS = 11, 9


def heading(report: Report) -> str:
    """``poly1 with eps = -3, a loss of the probability of the right class``."""
    given = ", ".join(f"{name} = {value}" for name, value in report.settings.items())
    return f"{report.name}{f' with {given}' if given else ''}: {report.kind}"


def table(report: Report, verdicts: Sequence[Verdict], claims: Sequence[ClaimResult]) -> str:
    """Verdicts and claims in lines of at most 100 columns."""
    lines = [*wrap(heading(report), WIDTH), ""]
    names = [str(verdict.question) for verdict in verdicts]
    width = min(max(map(len, names), default=0), LONGEST_QUESTION)
    for name, verdict in zip(names, verdicts, strict=True):
        lines += _row(name, verdict, width)
    if claims:
        lines += ["", "claims", *(line for claim in claims for line in _claim(claim))]
    return "\n".join(line.rstrip() for line in lines)


def _row(name: str, verdict: Verdict, width: int) -> Iterator[str]:
    room = WIDTH - width - STATUS - SECONDS - 5
    said = [line for text in details(verdict) for line in wrap(text, room)] or [""]
    time = f"{verdict.seconds:.2f} s"
    names = wrap(name, width) or [""]
    for n in range(max(len(said), len(names))):
        left = names[n] if n < len(names) else ""
        text = said[n] if n < len(said) else ""
        status, right = (verdict.status, time) if n == 0 else ("", "")
        yield f"{left:<{width}}  {status:<{STATUS}}  {text:<{room}} {right:>{SECONDS}}"


def _claim(claim: ClaimResult) -> list[str]:
    line, _ = claim.span.source.position(claim.span.start)
    mark = "ok    " if claim.ok else "FAILED"
    more = "" if claim.ok else f"  (line {line}: {claim.says or claim.verdict.status})"
    return wrap(f"{mark}  {claim.text}{more}", WIDTH, subsequent_indent=" " * 8)


def explanation(report: Report, verdict: Verdict) -> str:
    """One verdict, the steps that lead to it, and the source of the theorem behind it."""
    lines = [*wrap(heading(report), WIDTH), "", f"{verdict.question}: {verdict.status}"]
    lines += [line for text in details(verdict) for line in _indented(f"  {text}")]
    if verdict.steps:
        lines += ["", *(line for step in verdict.steps for line in _indented(step))]
    if verdict.witness is not None and verdict.witness.facts:
        lines += ["", "the numbers, each confirmed in intervals and in float64:"]
        lines += [line for fact in verdict.witness.facts for line in _indented(f"  {_fact(fact)}")]
    if verdict.citation is not None:
        lines += ["", *_indented(f"source: {verdict.citation}")]
    return "\n".join(lines)


def _fact(fact: Sign) -> str:
    rough = fact.expr.evalf(8)
    about = f"  (about {rough})" if not fact.expr.is_Rational and rough.is_Float else ""
    return f"{short(fact.expr)} {fact.relation} 0{about}"


def _indented(text: str) -> list[str]:
    """Text in lines of at most 100 columns; what follows the first stands further in."""
    indent = len(text) - len(text.lstrip())
    return wrap(text, WIDTH, subsequent_indent=" " * (indent + 4)) or [""]


def html(report: Report, verdicts: Sequence[Verdict], claims: Sequence[ClaimResult]) -> str:
    """The same as an HTML table; whatever comes from a program is escaped."""
    rows = "".join(_html_row(verdict) for verdict in verdicts)
    head = "".join(f"<th>{title}</th>" for title in ("property", "verdict", "", "seconds"))
    stands = "".join(_html_claim(claim) for claim in claims)
    return (
        f"<table><caption>{escape(heading(report))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        + (f"<ul>{stands}</ul>" if stands else "")
    )


def _html_row(verdict: Verdict) -> str:
    said = "<br>".join(map(escape, details(verdict)))
    cells = (escape(str(verdict.question)), verdict.status, said, f"{verdict.seconds:.2f}")
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _html_claim(claim: ClaimResult) -> str:
    mark = "ok" if claim.ok else "failed"
    says = f": {escape(claim.says)}" if claim.says and not claim.ok else ""
    return f"<li>{mark}: <code>{escape(claim.text)}</code>{says}</li>"
