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
        "exp log sin cos asin acos atan sinh cosh tanh asinh acosh atanh erf abs sign"
        " log1p sqrt lgamma digamma detach"
    ).split()
}

FUNCTIONS: Mapping[str, str] = {
    "sigmoid": "_sigmoid(@)",
    "softplus": "-nn.functional.logsigmoid(-@)",
    "trigamma": "torch.polygamma(1, @)",
    "expm1": "_expm1(@)",
    "log1mexp": "_log1mexp(@)",
    "log_cosh": "_log_cosh(@)",
    "nonzero": "@.clamp(min=1e-20)",
    "reciprocal": "_reciprocal(@)",
    "binade": "_binade(@)",
    "bounded": "_bounded(@)",
    "floor": "@.detach().floor()",  # a slope of 0 could meet an infinite one
    "angle": "_angle(@)",
    "sine_of_acos": "_sine_of_acos(@)",
    "square_share": "_square_share(@)",
    "hypot_minus_one": "_hypot_minus_one(@)",
    "less_log1p": "_less_log1p(@)",
    "one_minus_cube": "_one_minus_cube(@)",
    "expm1_less": "_expm1_less(@)",
    "logdet": "_logdet(@)",
    "singular_values": "_singular_values(@)",
    "singular_vectors": "_singular_vectors(@)",
}

PAIRS: Mapping[str, str] = {
    "half_difference": "_half_difference",
    "log1p_square": "_log1p_square",
    "xlogy": "_xlogy",
    "square_ratio": "_square_ratio",
    "times_exp": "_times_exp",
    "ratio": "_ratio",
    "logaddexp": "torch.logaddexp",
    "hypot": "_hypot",
    "cos_of_multiple": "_cos_of_multiple",
    "ratio_of_sines": "_ratio_of_sines",
    "maximum": "torch.maximum",
    "minimum": "torch.minimum",
    "static_maximum": "max",
    "static_minimum": "min",
}

ALONG: Mapping[str, str] = {
    **{
        name: f"@.{name}($)"
        for name in "sum mean prod amax amin logsumexp any all argmax argmin cumsum".split()
    },
    "logsumexp_of_any": "_logsumexp(@, $)",
    "log_softmax": "_log_softmax(@, $)",
    "log_share": "_log_share(@, $)",
    "log_rest": "_log_rest(@, $)",
    "norm": "_norm(@, $)",
    "unit": "_unit(@, $)",
    "rank": "@.argsort(dim=$, descending=True, stable=True).argsort(dim=$)",
    "order": "@.argsort(dim=$, descending=True, stable=True)",
    "sort": "@.sort(dim=$, descending=True).values",
}

INFIX: Mapping[str, tuple[str, int]] = {
    "eq": ("==", COMPARE),
    "lt": ("<", COMPARE),
    "le": ("<=", COMPARE),
    "floordiv": ("//", SUM),
    "and": ("&", AND),
    "or": ("|", OR),
}

HELPERS: Mapping[str, str] = {
    "_logsumexp": '''\
def _logsumexp(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """log(sum(exp(x))); -inf with slope 0 where every entry is -inf."""
    top = _amax(x.detach(), dim, keepdim=True)
    top = torch.where(top.isinf(), 0.0, top)
    total = (x - top).exp().sum(dim)
    none = total == 0
    log = torch.where(none, 1.0, total).log() + top.reshape(total.shape)
    return torch.where(none, float("-inf"), log)
''',
    "_rest": '''\
def _rest(p: Tensor, dim: int) -> Tensor:
    """1 - p for a softmax, with every digit also where it is close to 0."""
    large = p.detach() > 0.5
    return torch.where(large, torch.where(large, 0.0, p).sum(dim, keepdim=True), 1 - p)
''',
    "_log_softmax": '''\
def _log_softmax(x: Tensor, dim: int) -> Tensor:
    """log_softmax; the lowest finite number where it is below the range, as 0 times it is 0."""
    return x.log_softmax(dim).clamp(min=torch.finfo(x.dtype).min)
''',
    "_log_share": '''\
def _log_share(x: Tensor, dim: int) -> Tensor:
    """log_softmax, with every digit also where it is close to 0."""
    log_p = _log_softmax(x, dim)
    large = log_p.detach() > -0.6931471805599453
    others = torch.where(large, float("-inf"), log_p).exp().sum(dim, keepdim=True)
    return torch.where(large, (-others.clamp(max=0.5)).log1p(), log_p)
''',
    "_log_rest": '''\
def _log_rest(x: Tensor, dim: int) -> Tensor:
    """log(1 - softmax(x)), for the largest entry by the sum of the others."""
    largest = x.argmax(dim, keepdim=True)
    first = torch.zeros_like(x, dtype=torch.bool).scatter(dim, largest, True)
    p = torch.where(first, float("-inf"), _log_softmax(x, dim)).exp()
    others = nn.functional.logsigmoid(_log_odds(x, largest, dim)).unsqueeze(dim)
    return torch.where(first, others, (-p).log1p())
''',
    "_expm1": '''\
def _expm1(x: Tensor) -> Tensor:
    """exp(x) - 1; its slope keeps its digits also where the value rounds to -1."""
    return torch.where(x < -1, x.clamp(max=0).exp() - 1, x.expm1())
''',
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
    "_half_difference": '''\
def _half_difference(x: Tensor, y: Tensor) -> Tensor:
    """(x - y) / 2, also where the difference overflows."""
    return torch.sub(x / 2, y, alpha=0.5)
''',
    "_log1p_square": '''\
def _log1p_square(x: Tensor, unit: float | Tensor = 1.0) -> Tensor:
    """log(1 + (x / unit)**2) for unit > 0, also where the square or the quotient overflows."""
    x = x.abs()
    near = x < 1e9 * unit
    small, large = torch.where(near, x, 0.0) / unit, torch.where(near, 1.0, x)
    far = large.log() - torch.as_tensor(unit, dtype=x.dtype, device=x.device).log()
    return torch.where(near, (small * small).log1p(), 2 * far)
''',
    "_square_share": '''\
def _square_share(x: Tensor) -> Tensor:
    """x**2 / (1 + x**2), also where the square overflows."""
    near = x.abs() < 1
    small, inverse = torch.where(near, x, 0.0), 1 / torch.where(near, 1.0, x)
    return torch.where(near, small**2 / (1 + small**2), 1 / (1 + inverse**2))
''',
    "_hypot": '''\
def _hypot(x: Tensor, y: Tensor) -> Tensor:
    """sqrt(x**2 + y**2) without overflow; its slope is 0 where both are 0."""
    none = (x == 0) & (y == 0)
    return torch.where(none, 0.0, torch.hypot(torch.where(none, 1.0, x), y))
''',
    "_hypot_minus_one": '''\
def _hypot_minus_one(x: Tensor) -> Tensor:
    """sqrt(1 + x**2) - 1, without cancellation, and also where the square overflows."""
    return x * (x / (torch.hypot(x, torch.ones_like(x)) + 1))
''',
    "_one_minus_cube": '''\
def _one_minus_cube(x: Tensor) -> Tensor:
    """1 - (1 - x)**3, without cancellation."""
    return x * (3 - x * (3 - x))
''',
    "_less_log1p": '''\
def _less_log1p(x: Tensor) -> Tensor:
    """x - log(1 + x): near 0 by the series of log((1 + s) / (1 - s)) at s = x / (2 + x)."""
    near = (x > -0.3) & (x < 0.5)
    small, large = torch.where(near, x, 0.0), torch.where(near, 1.0, x)
    s = small / (2 + small)
    rest = torch.zeros_like(s)
    for n in range(25, 1, -2):
        rest = rest * s * s + 2 / n
    return torch.where(near, small * s - rest * s**3, large - large.log1p())
''',
    "_expm1_less": '''\
def _expm1_less(x: Tensor) -> Tensor:
    """exp(x) - 1 - x, near 0 by the series."""
    near = x.abs() < 1
    small, large = torch.where(near, x, 0.0), torch.where(near, 1.0, x)
    rest = torch.ones_like(small)
    for n in range(19, 2, -1):
        rest = 1 + rest * small / n
    return torch.where(near, small * small / 2 * rest, large.expm1() - large)
''',
    "_square_ratio": '''\
def _square_ratio(x: Tensor, y: Tensor) -> Tensor:
    """x**2 / y, also where the square overflows."""
    return x * (x / y)
''',
    "_ratio": '''\
def _ratio(x: Tensor, y: Tensor) -> Tensor:
    """x / y, and 0 with gradient 0 where both are 0; 1 / y may overflow."""
    nothing = (x == 0) & (y == 0)
    scale = torch.where(y.abs() < 2.0**25 * torch.finfo(y.dtype).tiny, 2.0**60, 1.0)
    return torch.where(nothing, 0.0, x * scale / torch.where(nothing, 1.0, y * scale))
''',
    "_times_exp": '''\
def _times_exp(x: Tensor, u: Tensor) -> Tensor:
    """x * exp(u), finite also where the power is not, and 0 where x is 0."""
    large = u > (177 if u.dtype == torch.float32 else 1419)
    half = (torch.where(large & (x == 0), 0.0, u) / 2).exp()
    return x * half * half
''',
    "_xlogy": '''\
def _xlogy(x: Tensor, y: Tensor) -> Tensor:
    """x * log(y), and 0 with gradient 0 where both are 0."""
    return torch.xlogy(x, torch.where((x == 0) & (y == 0), 1.0, y))
''',
    "_amin": '''\
def _amin(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """The smallest entry; 0 over a batch without examples, where it does not count."""
    return x.amin(dim) if x.numel() else x.sum(dim)
''',
    "_amax": '''\
def _amax(x: Tensor, dim: int | tuple[int, ...], keepdim: bool = False) -> Tensor:
    """The largest entry; 0 over a batch without examples, where it does not count."""
    return x.amax(dim, keepdim) if x.numel() else x.sum(dim, keepdim)
''',
    "_norm": '''\
def _norm(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """The length of a vector, also where its square overflows or vanishes."""
    if not x.numel():
        return torch.linalg.vector_norm(x, dim=dim)
    size = x.detach().abs().amax(dim, keepdim=True)
    zero = size == 0
    unit = torch.where(zero, 1.0, x / torch.where(zero | size.isinf(), 1.0, size))
    size = torch.where(size.isinf(), 1.0, size)
    return (torch.linalg.vector_norm(unit, dim=dim, keepdim=True) * size).squeeze(dim)
''',
    "_root_mean_square": '''\
def _root_mean_square(x: Tensor, count: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """The root of the sum of squares over their count, also where squares overflow or vanish."""
    if not x.numel():
        return torch.linalg.vector_norm(x, dim=dim)
    size = x.detach().abs().amax(dim, keepdim=True)
    size = torch.where((size == 0) | size.isinf(), 1.0, size)
    length = torch.linalg.vector_norm(x / size, dim=dim)
    return length / count.sqrt() * size.squeeze(dim)
''',
    "_sigmoid": '''\
def _sigmoid(x: Tensor) -> Tensor:
    """The logistic function; its slope keeps its digits also near 1, and is 0 where it is lost."""
    below = x < 0
    small = torch.where(below, x, -x).clamp(min=-1e4).sigmoid()
    return torch.where(below, small, 1 - small)
''',
    "_reciprocal": '''\
def _reciprocal(x: Tensor) -> Tensor:
    """1 / x, and 0 with gradient 0 where x is 0."""
    zero = x == 0
    return torch.where(zero, 0.0, 1 / torch.where(zero, 1.0, x))
''',
    "_bounded": '''\
def _bounded(x: Tensor) -> Tensor:
    """x, and the largest number of its sign where it is infinite."""
    return x.clamp(torch.finfo(x.dtype).min, torch.finfo(x.dtype).max)
''',
    "_binade": '''\
def _binade(x: Tensor) -> Tensor:
    """The greatest power of two that is not above x; 1 for 0."""
    x = torch.where(x == 0, 1.0, x)
    return x / (2 * x.frexp().mantissa)
''',
    "_sine_of_acos": '''\
def _sine_of_acos(x: Tensor) -> Tensor:
    """sqrt(1 - x**2), with gradient 0 at 1 and -1."""
    square = (1 - x) * (1 + x)
    flat = square <= 0
    return torch.where(flat, 0.0, torch.where(flat, 1.0, square).sqrt())
''',
    "_over": '''\
def _over(x: float, size: float) -> float:
    """x / size, as floats have it where the size is 0."""
    return x / size if size else x * float("inf")
''',
    "_angle": '''\
def _angle(x: Tensor) -> Tensor:
    """The angle from 0 to pi of a cosine, with gradient 0 at 1 and -1."""
    return torch.atan2(_sine_of_acos(x), x)
''',
    "_cos_of_multiple": '''\
def _cos_of_multiple(x: Tensor, n: float | Tensor) -> Tensor:
    """cos(n acos(x)), with the slopes of its series at 1 and -1, where acos has none."""
    value, beyond = (n * _angle(x)).cos(), x.abs() - 1
    series = 1 + n**2 * beyond * (1 + (n**2 - 1) / 6 * beyond)
    return torch.where(beyond >= 0, value * series, value)
''',
    "_ratio_of_sines": '''\
def _ratio_of_sines(x: Tensor, n: float | Tensor) -> Tensor:
    """sin(n acos(x)) / sin(acos(x)), and its limit at 1 and -1."""
    angle, sine = _angle(x), _sine_of_acos(x)
    end = sine == 0
    ratio = (n * angle).sin() / torch.where(end, 1.0, sine)
    return torch.where(end, n * ((n - 1) * angle).cos(), ratio)
''',
    "_unit": '''\
def _unit(x: Tensor, dim: int) -> Tensor:
    """A vector divided by its length; a zero vector stays zero."""
    if not x.numel():
        return x
    largest = x.detach().abs().amax(dim, keepdim=True)
    zero = largest == 0
    x = torch.where(zero, 1.0, x / torch.where(zero, 1.0, largest))
    return torch.where(zero, 0.0, x / torch.linalg.vector_norm(x, dim=dim, keepdim=True))
''',
    "_log_odds": '''\
class _LogOdds(torch.autograd.Function):
    """Keeps one array for the gradient: the share of each class among those not labelled."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, label: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        others = x.scatter(dim, label, -float("inf"))
        share = others.softmax(dim)
        return others.amax(dim) - x.gather(dim, label).squeeze(dim) - share.amax(dim).log(), share

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.dim = inputs[2]
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(inputs[0], inputs[1], output[1])
        ctx.save_for_forward(inputs[0], inputs[1], output[1])

    @staticmethod
    def backward(ctx, slope: Tensor, _):
        x, label, share = ctx.saved_tensors
        if torch.is_grad_enabled():  # the slope will be differentiated, too
            share = x.scatter(ctx.dim, label, -float("inf")).softmax(ctx.dim)
        slope = slope.unsqueeze(ctx.dim)
        return (slope * share).scatter(ctx.dim, label, -slope), None, None

    @staticmethod
    def jvp(ctx, along: Tensor, *_):
        x, label, share = ctx.saved_tensors
        return (share * along).sum(ctx.dim) - along.gather(ctx.dim, label).squeeze(ctx.dim), None


def _log_odds(x: Tensor, label: Tensor, dim: int) -> Tensor:
    """log(sum of exp(x[k] - x[label]) over k != label); a large finite number if it is infinite."""
    if torch.compiler.is_compiling() or x.shape[dim] == 1:
        odds = (x - x.gather(dim, label)).scatter(dim, label, -float("inf"))
        odds = odds.squeeze(dim) if x.shape[dim] == 1 else odds.logsumexp(dim)
    else:
        odds, _ = _LogOdds.apply(x, label, dim)
    return odds.clamp(torch.finfo(x.dtype).min, torch.finfo(x.dtype).max)
''',
    "_singular_values": '''\
def _singular_values(x: Tensor) -> Tensor:
    """The singular values of matrices, the largest first; nan where an entry is not finite."""
    broken = ~x.isfinite().all(-1).all(-1)[..., None]
    found = torch.linalg.svdvals(torch.where(broken[..., None], 0.0, x))
    return torch.where(broken, float("nan"), found)
''',
    "_singular_vectors": '''\
def _singular_vectors(x: Tensor) -> Tensor:
    """The product of the two unit vectors of each singular value of matrices."""
    left, _, right = torch.linalg.svd(x, full_matrices=False)
    return torch.einsum("...in,...nj->...nij", left, right)
''',
    "_lowered": '''\
def _lowered(x: Tensor, keep: Tensor) -> Tensor:
    """Symmetric matrices whose eigenvalues for what is not kept are the last."""
    size = x.detach().abs().sum((-2, -1), keepdim=True)
    last = torch.linspace(-2, -3, x.shape[-1], dtype=x.dtype, device=x.device).diag()
    return torch.where(keep, x, torch.where(size == 0, 1.0, size) * last)
''',
    "_eigenvalues": '''\
def _eigenvalues(x: Tensor) -> Tensor:
    """The eigenvalues of symmetric matrices, the largest first; nan if an entry is not finite."""
    broken = ~x.isfinite().all(-1).all(-1)[..., None]
    found = torch.linalg.eigvalsh(torch.where(broken[..., None], 0.0, x))
    return torch.where(broken, float("nan"), found.flip(-1))
''',
    "_logdet": '''\
def _logdet(x: Tensor) -> Tensor:
    """The logarithm of determinants of symmetric matrices; nan where one is not positive."""
    factor, broken = torch.linalg.cholesky_ex(x)
    log = 2 * factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    return torch.where(broken == 0, log, float("nan"))
''',
    "_eigenvectors": '''\
def _eigenvectors(x: Tensor) -> Tensor:
    """The unit vector of each eigenvalue of symmetric matrices, times itself."""
    vectors = torch.linalg.eigh(x).eigenvectors
    return torch.einsum("...in,...jn->...nij", vectors, vectors).flip(-3)
''',
    "_windows": '''\
def _windows(x: Tensor, dim: int, size: int) -> Tensor:
    """Each run of `size` places along a dimension, its places last; none where there are fewer."""
    if x.shape[dim] < size:
        return x.narrow(dim, 0, 0).unsqueeze(-1).expand(*(-1,) * x.ndim, size)
    return x.unfold(dim, size, 1)
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
    "_following": '''\
def _following(old: Tensor, new: Tensor, training: bool) -> Tensor:
    """A state after the call: in training what it was given, without gradient."""
    return new.detach().to(old.dtype) if training else old
''',
    "_scattered": '''\
def _scattered(old: Tensor, places: tuple[Tensor, ...], rows: Tensor, keep: Tensor) -> Tensor:
    """A state where each place has the mean of the rows that are written there, if any are."""
    flat = places[0]
    for index, size in zip(places[1:], old.shape[1:]):
        flat = flat * size + index
    flat, order = flat.sort(stable=True)
    group = (flat.diff(prepend=flat[:1]) != 0).cumsum(0)  # rows of one place lie together
    keep, beside = keep[order], (..., *(None,) * (rows.ndim - 1))
    total = torch.where(keep[beside], rows.detach()[order], 0.0)
    total = torch.zeros_like(total).index_add(0, group, total)[group]
    count = torch.zeros_like(flat).index_add(0, group, keep.to(flat.dtype))[group][beside]
    whole = old.flatten(0, len(places) - 1)
    new = torch.where(count > 0, (total / count.clamp(min=1)).to(old.dtype), whole[flat])
    return whole.index_copy(0, flat, new).reshape(old.shape)
''',
    "_pushed": '''\
def _pushed(old: Tensor, rows: Tensor, keep: Tensor) -> Tensor:
    """A queue with the rows that count at its beginning, the last one first."""
    order = (~keep).flip(0).to(torch.uint8).argsort(stable=True)
    place, count = torch.arange(len(old), device=old.device), keep.sum()
    source = torch.where(place < count, place, place - count + len(rows))
    return torch.cat([rows.detach().flip(0)[order].to(old.dtype), old])[source]
''',
}
"""Functions that a module defines if its formula calls them."""
