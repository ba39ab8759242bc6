"""Recognises what is in the wrong place: brackets, guards, binders, `=`, bounds, keywords."""

from __future__ import annotations

from collections.abc import Sequence

from losslang.diagnostics.model import Diagnostic, Label
from losslang.syntax.scan import KEYWORDS
from losslang.syntax.trouble import RELATIONS, Trouble
from losslang.syntax.words import STARTERS

_CLOSING = {"(": ")", "[": "]"}


def second_guard(t: Trouble) -> Diagnostic | None:
    """Two conditions in a comprehension, or a binder behind the condition."""
    guard, binder = t.last("if"), t.last("for")
    if t.found not in ("if", "for") or guard is None or binder is None or guard < binder:
        return None
    help = "join the conditions with `and`; a conditional in a guard needs parentheses"
    if t.found == "for":
        help = "move the guard behind the last binder: for i in a for j in b if ..."
    return t.error(
        "misplaced-guard",
        "there is one guard, after all binders",
        also=(Label(t.span(guard), "the guard"),),
        help=help,
    )


def binder(t: Trouble) -> Diagnostic | None:
    """Something else than ``for name in axis``."""
    help = None
    if t.text(-1) == "in" and t.text(-3) == "for":
        help = "an index runs over an axis or over range(n): for k in class, for k in range(3)"
    elif t.found == "," and t.text(-2) == "for":
        help = f"one index a binder: for {t.text(-1)} in batch for {t.text(1)} in batch"
    elif t.found == "," and (opened := t.open_brackets()) and opened[-1] > 1:
        if t.pieces[opened[-1] - 1].text == "range" and t.pieces[opened[-1] - 2].text == "in":
            help = "range(n) counts from 0 and takes only the count; shift inside the formula"
    elif t.text(-1) == "for" or t.text(-2) == "for":
        help = "a binder is written: for k in class"
    return None if help is None else t.error("bad-binder", "this is not a binder", help=help)


def crowded_comprehension(t: Trouble) -> Diagnostic | None:
    """A comprehension beside other arguments, or outside of a reduction."""
    opened = t.open_brackets()
    if not opened:
        return None
    if t.found == "," and t.last("for") is not None:
        return t.error(
            "comprehension-argument",
            "a comprehension is the only argument of its call",
            also=(Label(t.span(t.last("for") or 0), "the comprehension"),),
            help="it names the axes it runs over, so `axis=` is not needed",
        )
    if t.found != "for":
        return None
    bracket = t.pieces[opened[-1]].text
    caller = t.pieces[opened[-1] - 1].kind if opened[-1] else ""
    if bracket == "(" and t.last(",") is not None:
        return t.error(
            "comprehension-argument",
            "a comprehension is the only argument of its call",
            help="move the other arguments out of this call",
        )
    if bracket == "[" and caller in ("word", "close", "number"):
        return t.error(
            "comprehension-argument",
            "a comprehension is no subscript",
            also=(Label(t.span(opened[-1]), "after an operand this begins a subscript"),),
            help="an operator is missing before the array, or the formula above it never ended",
        )
    if bracket == "(" and caller != "word":
        return t.error(
            "comprehension-argument",
            "a comprehension in plain parentheses says nothing about what to do with the values",
            help="name a reduction, sum(... for k in class), or build an array with [...]",
        )
    return None


def missing_type(t: Trouble) -> Diagnostic | None:
    """A parameter without its type."""
    if "COLON" not in t.expected or t.found not in (",", ")", "=", "[", *RELATIONS):
        return None
    name = t.text(-1)
    return t.error(
        "missing-type",
        f"the parameter `{name}` has no type",
        span=t.span(t.at - 1),
        help=f"write its type after a colon, such as {name}: real[class]",
    )


def comparison_in_bound(t: Trouble) -> Diagnostic | None:
    """A second comparison in a domain."""
    colon = t.last(":", ",")
    inside = t.statement() in ("loss", "fn") and t.open_brackets()
    if t.found not in RELATIONS or not inside or colon is None or t.pieces[colon].text != ":":
        return None
    if t.found == "==":
        help = "a default is written with one `=`: gamma: real >= 0 = 2"
    elif t.last(*RELATIONS) is None:
        return None
    else:
        help = "two bounds are an interval: real in [0, 1)"
    return t.error(
        "comparison-in-bound", f"a domain is one bound, so `{t.found}` cannot follow", help=help
    )


def assignment(t: Trouble) -> Diagnostic | None:
    """``=`` where a comparison was meant."""
    if t.found != "=" or not ({"ORDER", "EQUAL"} & t.expected):
        return None
    return t.error(
        "assignment-for-comparison",
        "`=` gives a name its value and cannot stand in an expression",
        help="compare with `==`",
    )


def missing_body(t: Trouble) -> Diagnostic | None:
    """``=`` without a formula behind it."""
    if t.text(-1) != "=" or not (t.kind == "end" or t.found in STARTERS | {"where"}):
        return None
    return t.error("missing-body", "no formula follows this `=`", span=t.span(t.at - 1))


def missing_equals(t: Trouble) -> Diagnostic | None:
    """A formula that no ``=`` introduces."""
    if "ASSIGN" not in t.expected or "ORDER" in t.expected:
        return None
    if t.found == "->":
        return t.error(
            "missing-equals", "a loss has no result type: it is real", help="write `=` in its place"
        )
    if t.found == ":":
        return t.error(
            "missing-equals", "a formula follows `=`, not `:`", help="write `=` in its place"
        )
    named = t.pieces[t.at - 1].kind == "word"
    if named and t.operand_ends_at(-2) and t.on_one_line(-2, -1):
        return _unjoined(t, -1)
    opens = t.kind == "open" and t.text(-1) == ")"
    if (
        opens
        or t.operand_at()
        or t.kind in ("string", "end")
        or t.found in ("-", "+", "==", "where")
    ):
        previous = t.span(t.at - 1)
        return t.error(
            "missing-equals",
            "a formula is introduced by `=`",
            "`=` is missing before this" if t.kind != "end" else "`=` and a formula are missing",
            also=(Label(previous),) if t.kind == "end" else (),
            help="loss name(...) = formula, and under `where`: name = formula",
        )
    return None


def misplaced_text(t: Trouble) -> Diagnostic | None:
    """A string inside a formula."""
    if t.kind != "string":
        return None
    help = "documentation stands before its declaration, outside of it"
    if t.open_brackets() and t.text(-1) == "=":
        help = f"a word stands without quotes: {t.text(-2)}={t.text(0)[1:-1]}"
    return t.error("misplaced-text", "a string cannot stand in a formula", help=help)


def when_and_if(t: Trouble) -> Diagnostic | None:
    """``if`` in a claim, ``when`` in a formula."""
    swap = {("claim", "if"): "when", ("loss", "when"): "if", ("fn", "when"): "if"}
    better = swap.get((t.statement(), t.found))
    if better is None or (t.open_brackets() and t.found == "if"):
        return None
    return t.error(
        "when-for-if",
        f"a condition is introduced by `{better}` here",
        help="a claim holds `when` its condition does; a guard is an `if`",
    )


def missing_else(t: Trouble) -> Diagnostic | None:
    """A conditional that has no value in one case."""
    condition = t.last("if")
    if "_ELSE" not in t.expected or condition is None or t.operand_at():
        return None
    return t.error(
        "missing-else",
        "this conditional has no `else`",
        also=(Label(t.span(condition), "the condition"),),
        help="a formula has a value in every case: a if c else b; a part of a sum may be (c) * a",
    )


def brackets(t: Trouble) -> Diagnostic | None:
    """Brackets that are not closed, or not opened."""
    opened = t.open_brackets()
    if t.kind == "close":
        if not opened:
            return t.error("unmatched-bracket", f"no bracket is open that `{t.found}` could close")
        opening = t.pieces[opened[-1]].text
        if _CLOSING[opening] != t.found and t.statement() != "" and not _in_interval(t, opened):
            return t.error(
                "unmatched-bracket",
                f"`{t.found}` cannot close `{opening}`",
                also=(Label(t.span(opened[-1]), "opened here"),),
                help=f"close it with `{_CLOSING[opening]}`",
            )
        return None
    if not opened or (t.kind != "end" and not _starts_something(t)):
        return None
    bracket = t.pieces[opened[-1]].text
    return t.error(
        "unclosed-bracket",
        f"`{bracket}` is never closed",
        span=t.span(opened[-1]),
        also=(Label(t.here, f"`{_CLOSING[bracket]}` is missing before this"),)
        if t.kind != "end"
        else (),
        help=f"add `{_CLOSING[bracket]}`",
    )


def _in_interval(t: Trouble, opened: Sequence[int]) -> bool:
    return opened[-1] > 0 and t.pieces[opened[-1] - 1].text == "in"


def _starts_something(t: Trouble) -> bool:
    """Whether the offending piece looks like the beginning of what follows the bracket."""
    if t.found in {"where", "loss", "fn", "claim", "example", "alias", "cite", "import", "="}:
        return t.found not in t.expected
    return t.kind == "word" and not t.on_one_line(-1, 0) and t.text(1) in ("=", "(", ",")


def keyword_as_name(t: Trouble) -> Diagnostic | None:
    """A keyword where a name is introduced or used."""
    if t.found not in KEYWORDS or "NAME" not in t.expected:
        return None
    after = t.text(1)
    if after not in ("=", ":") and (t.found not in STARTERS or after not in ("(", "[", ",", ")")):
        return None
    return t.error(
        "keyword-as-name",
        f"`{t.found}` is a keyword and cannot be a name",
        help=f"write `{t.found}_`, say",
    )


def missing_operator(t: Trouble) -> Diagnostic | None:
    """Two operands side by side."""
    if (
        not (t.operand_at() or t.found == "(")
        or not t.operand_ends_at(-1)
        or "PLUS" not in t.expected
    ):
        return None
    return _unjoined(t, 0)


def half_update(t: Trouble) -> Diagnostic | None:
    """An indexed name where a definition may begin, and no `<-` behind it."""
    if "_BECOMES" not in t.expected or "PLUS" in t.expected or t.text(-1) != "]":
        return None
    depth, offset = 1, -1
    while depth:
        offset -= 1
        kind = t.pieces[t.at + offset].kind
        depth += (kind == "close") - (kind == "open")
    name = offset - 1
    if t.operand_ends_at(name - 1) and t.on_one_line(name - 1, name):
        return _unjoined(t, name)
    return t.error(
        "unexpected-token",
        f"unexpected `{t.found}`",
        help=f"a state is updated with `<-`: {t.text(name)}[...] <- ...",
    )


def _unjoined(t: Trouble, offset: int) -> Diagnostic:
    left, right = t.span(t.at + offset - 1), t.span(t.at + offset)
    return t.error(
        "missing-operator",
        f"nothing joins `{left.text}` and `{right.text}`",
        span=right,
        also=(Label(left),),
        help="write a product with `*`; arguments are parted by commas",
    )
