"""How each operation of a plan is written in torch: one entry per operation.

An entry takes the texts of its operands, already in parentheses where they need them, and the
node's constants. ``@`` in a template stands for the operand, ``$`` for the dimension.
"""

from __future__ import annotations

from collections.abc import Mapping

ATOM, POWER, UNARY, PRODUCT, SUM, AND, OR, COMPARE, CHOICE = 9, 8, 7, 6, 5, 4, 3, 2, 0
"""Binding strengths of Python's operators, strongest first."""

METHODS: Mapping[str, str] = {
    name: f"@.{name}()"
    for name in (
        "exp log sin cos asin acos atan sinh cosh tanh asinh acosh atanh erf abs sign floor"
        " sigmoid log1p expm1 sqrt lgamma digamma detach"
    ).split()
}

FUNCTIONS: Mapping[str, str] = {
    "softplus": "-nn.functional.logsigmoid(-@)",
    "trigamma": "torch.polygamma(1, @)",
    "log1mexp": "_log1mexp(@)",
    "log_cosh": "_log_cosh(@)",
    "nonzero": "@.clamp(min=1e-20)",
    "reciprocal": "_reciprocal(@)",
}

PAIRS: Mapping[str, str] = {
    "xlogy": "torch.xlogy",
    "logaddexp": "torch.logaddexp",
    "maximum": "torch.maximum",
    "minimum": "torch.minimum",
    "static_maximum": "max",
    "static_minimum": "min",
}

ALONG: Mapping[str, str] = {
    **{
        name: f"@.{name}($)"
        for name in (
            "sum mean prod amax amin logsumexp any all argmax argmin log_softmax cumsum"
        ).split()
    },
    "norm": "torch.linalg.vector_norm(@, dim=$)",
    "unit": "_unit(@, $)",
    "rank": "@.argsort(dim=$, descending=True, stable=True).argsort(dim=$)",
    "sort": "@.sort(dim=$, descending=True).values",
}

INFIX: Mapping[str, tuple[str, int]] = {
    "eq": ("==", COMPARE),
    "lt": ("<", COMPARE),
    "le": ("<=", COMPARE),
    "and": ("&", AND),
    "or": ("|", OR),
}

HELPERS: Mapping[str, str] = {
    "_log1mexp": '''\
def _log1mexp(x: Tensor) -> Tensor:
    """log(1 - exp(x)) for x < 0, without cancellation at either end."""
    near = x > -0.6931471805599453
    close, far = torch.where(near, x, -1.0), torch.where(near, -1.0, x)
    return torch.where(near, (-close.expm1()).log(), (-far.exp()).log1p())
''',
    "_log_cosh": '''\
def _log_cosh(x: Tensor) -> Tensor:
    """log(cosh(x)), accurate near 0 and without overflow."""
    small = x.abs() < 1
    near, far = torch.where(small, x, 0.0), torch.where(small, 1.0, x.abs())
    large = far + (-2 * far).exp().log1p() - 0.6931471805599453
    return torch.where(small, (2 * (near / 2).sinh() ** 2).log1p(), large)
''',
    "_reciprocal": '''\
def _reciprocal(x: Tensor) -> Tensor:
    """1 / x, and 0 with gradient 0 where x is 0."""
    zero = x == 0
    return torch.where(zero, 0.0, 1 / torch.where(zero, 1.0, x))
''',
    "_unit": '''\
def _unit(x: Tensor, dim: int) -> Tensor:
    """A vector divided by its length; a zero vector stays zero."""
    largest = x.detach().abs().amax(dim, keepdim=True)
    x = x / torch.where(largest == 0, 1.0, largest)
    return x * _reciprocal(torch.linalg.vector_norm(x, dim=dim, keepdim=True))
''',
    "_pick": '''\
def _pick(values: Tensor, index: Tensor) -> Tensor:
    """The entry of each example, of one array or of an array per example."""
    if values.ndim == 1:
        return values[index]
    return values.gather(-1, index.unsqueeze(-1)).squeeze(-1)
''',
    "_column": '''\
def _column(value: float | Tensor, axes: int) -> float | Tensor:
    """A hyperparameter with one entry per example, beside further axes."""
    return value[(..., *(None,) * axes)] if isinstance(value, Tensor) and value.ndim else value
''',
    "_ema": '''\
def _ema(
    averages: dict[str, Tensor], name: str, value: Tensor, decay: float | Tensor, training: bool
) -> Tensor:
    """Take a value into a running average in training; the average, without gradient."""
    if training:
        averages[name] = decay * averages[name] + (1 - decay) * value.detach()
    return averages[name]
''',
}
"""Functions that a module defines if its formula calls them."""
