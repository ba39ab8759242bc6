"""Every diagnostic code with a one-line title; ``docs/errors.md`` has a section for each."""

from __future__ import annotations

TITLES: dict[str, str] = {
    # syntax: what the text may look like
    "assignment-for-comparison": "`=` stands where a comparison was meant",
    "bad-binder": "an index is bound by something else than `for k in axis`",
    "bad-claim": "the arguments of a claimed property are not names and numbers",
    "bad-size": "the fixed size of an axis is not a whole number, at least 1",
    "claim-without-loss": "a claim has no loss above it",
    "comparison-in-bound": "a domain holds a second comparison",
    "comprehension-argument": "a comprehension is not the only argument of a call",
    "dangling-text": "a string or citation has no declaration below it",
    "duplicate-name": "a name is given twice",
    "duplicate-text": "a declaration has two documentation strings",
    "empty-expression": "a config holds no expression",
    "example-without-loss": "a worked example has no loss above it",
    "foreign-sign": "a sign of another language is used",
    "foreign-word": "a word of another language is used",
    "keyword-as-name": "a keyword is used as a name",
    "malformed-number": "digits run into something that is not part of a number",
    "misplaced-guard": "a comprehension has two guards, or one before a binder",
    "misplaced-star": "the `*` of a signature has no use where it stands",
    "misplaced-text": "a string stands inside a formula",
    "missing-body": "no formula follows an `=`",
    "missing-else": "a conditional has no `else`",
    "missing-equals": "a formula is not introduced by `=`",
    "missing-operator": "two operands stand side by side",
    "missing-type": "a parameter has no type",
    "positional-after-keyword": "an argument without a name follows one with a name",
    "reserved-name": "a name is taken by Python or by every loss's call",
    "unclosed-bracket": "a bracket is never closed",
    "unclosed-string": "a string is never closed",
    "unexpected-end": "the text ends in the middle of a construct",
    "unexpected-token": "the text does not go on as the grammar allows",
    "unknown-character": "a character has no meaning in the language",
    "unmatched-bracket": "a closing bracket has no partner",
    "when-for-if": "a condition is introduced by the wrong word",
    # warnings about layout
    "text-before-claim": "a string stands between a loss and its claim",
    "unclear-layout": "a line silently continues the formula above it",
    # limits on size
    "list-too-long": "a list has too many elements",
    "literal-too-large": "a number has too many digits or too large an exponent",
    "nesting-too-deep": "an expression or its brackets nest too deep",
    "source-too-large": "a file has too many characters",
    "too-many-nodes": "a program has too many parts",
}
