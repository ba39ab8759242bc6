"""How each operation on numbers is written in C++; ``@`` and ``$`` stand for the operands."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS = frozenset(
    "exp log log1p expm1 log1mexp log_cosh sqrt sigmoid softplus tanh sinh cosh sin cos asin acos"
    " atan asinh acosh atanh erf lgamma digamma pow xlogy log1p_square".split()
)
"""Functions of ``mathematics.h``, by their names there."""

TEMPLATES: Mapping[str, str] = {
    "abs": "absolute(@)",
    "neg": "-@",
    "sign": "A((@ > 0) - (@ < 0))",
    "floor": "__builtin_floor(@)",
    "nonzero": "(@ < A(1e-20) ? A(1e-20) : @)",
    "reciprocal": "(@ == 0 ? A(0) : A(1) / @)",
    "cast": "A(@)",
    "not": "!@",
    "exp_less": "exp_of_difference<A>(@, $)",
    "logaddexp": "log_of_sum<A>(@, $)",
    "square_ratio": "(@ * (@ / $))",
    "sine_of_acos": "losslang::sqrt(@ * @ < 1 ? (A(1) - @) * (A(1) + @) : A(0))",
    "ratio": "((@ == 0) & ($ == 0) ? A(0) : @ / $)",
    "div": "(@ / $)",
    "minimum": "($ < @ ? $ : @)",
    "maximum": "($ > @ ? $ : @)",
    "static_minimum": "($ < @ ? $ : @)",
    "static_maximum": "($ > @ ? $ : @)",
    "clamp_min": "(@ < $ ? $ : @)",
    "clamp_max": "(@ > $ ? $ : @)",
    "eq": "(@ == $)",
    "lt": "(@ < $)",
    "le": "(@ <= $)",
}

JOINED: Mapping[str, str] = {"mul": " * ", "and": " & ", "or": " | "}
