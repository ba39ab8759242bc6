"""Recognises what does not belong to the language: strings, numbers, signs and words of others."""

from __future__ import annotations

from losslang.diagnostics.model import Diagnostic
from losslang.source import Span
from losslang.syntax.trouble import Trouble
from losslang.syntax.words import FOREIGN_SIGNS, FOREIGN_WORDS


def unclosed_string(t: Trouble) -> Diagnostic | None:
    """A quote without its partner."""
    if t.kind != "unclosed":
        return None
    quotes = '"""' if t.found.startswith('"""') else '"'
    start = t.here.start
    return t.error(
        "unclosed-string",
        "this string is never closed",
        span=Span(t.source, start, start + len(quotes)),
        help=f"add {quotes} at its end"
        + ("" if len(quotes) == 3 else '; a text of several lines stands in """..."""'),
    )


def number(t: Trouble) -> Diagnostic | None:
    """Digits that run into something else."""
    here, after = t.here, t.at + 1
    if t.kind != "number" or after >= len(t.pieces) or t.pieces[after].start != here.end:
        return None
    tail = t.pieces[after].text
    if not (tail[0].isalpha() or tail[0] in "_."):
        return None
    end = t.pieces[after].end
    if tail.startswith("_"):
        help = "write the digits without underscores"
    elif tail[0] in "." or (tail[0] in "xXbBoO" and t.found == "0"):
        help = "numbers are decimal, such as 20, 0.5 or 1e-4"
    elif tail in ("e", "E"):
        help = "digits follow the `e`, as in 1e-4"
    else:
        help = f"a product needs its sign: {t.found} * {tail}"
    whole = Span(t.source, here.start, end)
    return t.error("malformed-number", f"`{whole.text}` is not a number", span=whole, help=help)


def foreign_sign(t: Trouble) -> Diagnostic | None:
    """Operators and punctuation of other languages."""
    for left, right in ((-1, 0), (0, 1)):
        updating = t.text(left) in {"+", "-", "*", "/", "**"} and t.text(right) == "="
        if updating and t.span(t.at + left).end == t.span(t.at + right).start:
            return t.error(
                "foreign-sign",
                f"there is no `{t.text(left)}=`: a name has one value",
                span=t.span(t.at + left).to(t.span(t.at + right)),
                help="give the new value another name",
            )
    if t.found not in FOREIGN_SIGNS:
        return None
    return t.error(
        "foreign-sign", f"`{t.found}` is not a sign of this language", help=FOREIGN_SIGNS[t.found]
    )


def unknown_character(t: Trouble) -> Diagnostic | None:
    """A character that no token begins with."""
    if t.kind == "word" and not t.found.isascii():
        return t.error(
            "unknown-character",
            f"the name `{t.found}` holds letters other than a to z",
            help="spell it out: tau, gamma, eps",
        )
    if t.kind != "other":
        return None
    char = t.found
    shown = char if char.isprintable() and not char.isspace() else f"U+{ord(char):04X}"
    return t.error("unknown-character", f"the character `{shown}` has no meaning here")


def foreign_word(t: Trouble) -> Diagnostic | None:
    """Keywords of other languages."""
    # Most parse as a name, so the error comes one piece later; a lambda's at its colon.
    for offset in (0, -1, -2):
        word = t.text(offset)
        meant = offset == 0 or (offset == -1 and t.kind in ("word", "number", "sign"))
        if offset and word == "class":  # a usual axis, which only `class Name:` is not
            meant = False
        if word in FOREIGN_WORDS and (meant or (word == "lambda" and t.on_one_line(offset, 0))):
            return t.error(
                "foreign-word",
                f"there is no `{word}` in this language",
                span=t.span(t.at + offset),
                help=FOREIGN_WORDS[word],
            )
    return None
