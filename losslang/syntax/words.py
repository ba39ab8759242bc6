"""How the explanation of mistakes names things: terminals, and what other languages write."""

from __future__ import annotations

TERMINALS: dict[str, str] = {
    "NAME": "a name",
    "NUMBER": "a number",
    "PATH": "a dotted path, as in `torch.nn.MSELoss`",
    "TEXT": "a string",
    "_CITE": "`cite`",
    "_IMPORT": "`import`",
    "_FN": "`fn`",
    "_CLAIM": "`claim`",
    "_EXAMPLE": "`example`",
    "_ALIAS": "`alias`",
    "_WHERE": "`where`",
    "_STATE": "`state`",
    "_WHEN": "`when`",
    "_FOR": "`for`",
    "_IN": "`in`",
    "_IF": "`if`",
    "_ELSE": "`else`",
    "_AND": "`and`",
    "_OR": "`or`",
    "LOSS": "`loss`",
    "LEARN": "`learn`",
    "NOT": "`not`",
    "ORDER": "a bound such as `>= 0`",
    "EQUAL": "`==`",
    "DIFFER": "`!=`",
    "POWER": "`**`",
    "PLUS": "`+`",
    "MINUS": "`-`",
    "STAR": "`*`",
    "SLASH": "`/`",
    "ASSIGN": "`=`",
    "ARROW": "`->`",
    "_BECOMES": "`<-`",
    "COLON": "`:`",
    "COMMA": "`,`",
    "BAR": "`|`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LPAR": "`(`",
    "RPAR": "`)`",
}

# After an operand all of these may follow, and naming each would say nothing.
OPERATORS = frozenset(
    "PLUS MINUS STAR SLASH POWER ORDER EQUAL DIFFER _AND _OR _IF LSQB LPAR".split()
)

DECLARATIONS = frozenset("_CITE _IMPORT _FN LOSS".split())

# Keywords that begin a declaration, so as an operand they were meant as a name.
STARTERS = frozenset("loss claim cite example alias import learn fn state".split())

FOREIGN_SIGNS: dict[str, str] = {
    "&&": "write `and`",
    "||": "write `or`",
    "&": "write `and`",
    "|": "write `or`; `|` stands only between the choices of a hyperparameter",
    "!": "write `not`",
    "~": "write `not`",
    ":=": "write `=`; parts of a formula are named under `where`",
    "//": "write floor(a / b)",
    "%": "write a - b * floor(a / b)",
    "@": "write sum(a[k] * b[k] for k in axis), or dot(a, b)",
    ".": "there are no attributes or methods: write f(x) in place of x.f(); a file of losses is"
    ' given beside the expression, as in compile("f", path="my.loss")',
    ";": "declarations and definitions are not separated",
    "{": "group with parentheses; arrays stand in [...]",
    "}": "group with parentheses; arrays stand in [...]",
    "'": 'strings stand in "..."',
    "\\": "a formula may go on in the next line without a sign",
    "?": "write a if c else b",
    "−": "write `-` (this is a minus sign from typesetting)",
    "–": "write `-` (this is a dash)",
    "—": "write `-` (this is a dash)",
    "·": "write `*`",
    "×": "write `*`",
    "⋅": "write `*`",
    "∗": "write `*`",
    "÷": "write `/`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "∑": "write sum(... for k in class)",
    "√": "write sqrt(...)",
    "∞": "write inf",
    "²": "write `**2`",
    "³": "write `**3`",
    "“": 'strings stand in "..."',
    "”": 'strings stand in "..."',
    "\u00a0": "this is a no-break space: write an ordinary one",
}

FOREIGN_WORDS: dict[str, str] = {
    "def": "write loss name(...) = formula, or fn name(...) -> real = formula for a helper",
    "lambda": "define a local function under `where`: f(x) = ...",
    "return": "the formula after `=` is the value",
    "class": "write loss name(...) = formula",
    "let": "name parts of a formula under `where`",
    "with": "name parts of a formula under `where`",
    "from": 'write import "my.loss"',
    "elif": "chain conditionals: a if c else b if d else e",
    "then": "write a if c else b",
    "while": "reductions stand for loops: sum(... for k in class)",
    "is": "compare with `==`",
    "xor": "compare with `!=`",
    "function": "write loss name(...) = formula, or fn name(...) -> real = formula for a helper",
}
