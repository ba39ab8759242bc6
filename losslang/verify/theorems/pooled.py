"""Losses of logits and of sums over all classes: a free offset, standardised logits, squentropy.

L_p(z) = sum_k p_k l_k(z). Each l_k is the same formula of z_k and of sums over all classes.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.heads import ONE
from losslang.ir.reduce import Reduce
from losslang.verify.readings.local import Local
from losslang.verify.readings.pooled import Pooled
from losslang.verify.statement import LINE, UNIT, Bounds
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems import local, local_order, local_proper
from losslang.verify.theorems.local_parts import HALF, THEORY
from losslang.verify.theorems.pieces import Pieces, Silent, known_pieces, one_piece
from losslang.verify.theorems.premises import premises, sign
from losslang.verify.theorems.sums import sums_of


# ---------------------------------------------------------------- an offset that is free
def shifted(reading: Pooled) -> tuple[Local, Expr, sympy.Symbol]:
    """f and Phi where l_y = f(softmax(z)[y]) + Phi(logsumexp(z)), if there is no other pool.

    Phi is taken at the probability 1/2, up to its value at 0, in the symbol that is returned.
    """
    if len(reading.pools) != 1:
        raise Silent
    symbol, pool = reading.pools[0]
    plain = pool.op == "logsumexp" and pool.guard == ONE and len(pool.binders) == 1
    if not plain or entry_of(pool) is None:
        raise Silent
    p = reading.region.fresh("p", positive=True)
    joint = sympy.expand(substitute(reading.h, {reading.z: symbol + sympy.log(p)}))
    f = substitute(joint, {symbol: S.Zero})
    phi = sympy.expand(substitute(joint - f, {p: HALF}))
    if phi == 0:
        raise Silent  # a loss of the label's probability alone reads so by itself
    return Local(reading.region, f, p, reading.classes, reading.input), phi, symbol


def entry_of(pool: Reduce) -> Expr | None:
    """The entry that a pool reduces, if it reduces the entries themselves."""
    (k,), _, body = pool.open()
    return body if getattr(body, "indices", ())[-1:] == (k,) else None


def _lifted(theorem: Theorem) -> Theorem:
    """A theorem on losses of the label's probability for those with a term in the offset."""

    def build(case: Case) -> Iterator[Premise]:
        reading, phi, offset = shifted(case.reading)
        p = reading.p
        needed = theorem.premises(Case(reading, case.question, case.guess))
        if needed is None:
            raise Silent
        free = reading.region.having(offset, LINE)
        joint = sympy.expand(substitute(case.reading.h, {case.reading.z: offset + sympy.log(p)}))
        rest = joint - reading.f - phi
        yield sign("the offset is free", rest, "==", free.having(p, UNIT))
        yield sign("its term is bounded below", phi - case.guess["offset"], ">=", free)
        yield from needed

    return Theorem(
        f"offset-{theorem.name}",
        theorem.property,
        Pooled,
        f"the logits' common offset adds a term of its own; besides, {theorem.says}",
        f"{theorem.source}; {THEORY}: A free offset",
        premises()(build),
        holds=theorem.holds,
    )


LIFTED = {
    theorem.name: _lifted(theorem)
    for theorem in (
        *(local.FALLING, local.CONVEX, local.RISING),
        *(local_order.ORDER_CONVEX, local_order.ORDER_FALLING),
        *(local_order.DISORDER_RISING, local_order.DISORDER_VERTEX),
        *(local_proper.LOGARITHMIC, local_proper.LOGARITHMIC_WEAKLY),
        *(local_proper.UNBALANCED, local_proper.UNBALANCED_WEAKLY),
    )
}


# ---------------------------------------------------------------- standardised logits
def _standardised(reading: Pooled) -> tuple[sympy.Symbol, sympy.Symbol]:
    """The symbols of the mean and of the variance, if these are the pools."""
    mean = variance = None
    for symbol, pool in reading.pools:
        if pool.op != "mean" or pool.guard != ONE or len(pool.binders) != 1:
            raise Silent
        if entry_of(pool) is not None:
            mean = symbol, pool
        else:
            variance = symbol, pool
    if mean is None or variance is None or len(reading.pools) != 2:
        raise Silent
    (k,), _, body = variance[1].open()
    if body != (own_read(body, k) - mean[1]) ** 2:
        raise Silent
    return mean[0], variance[0]


def own_read(body: Expr, k: Expr) -> Expr:
    """The entry at the index ``k`` that a body reads. Raises :class:`Silent`."""
    reads = [e for e in sympy.preorder_traversal(body) if getattr(e, "indices", ())[-1:] == (k,)]
    if not reads:
        raise Silent
    return reads[0]


def _standard_form(case: Case) -> tuple[Pieces, Premise]:
    """F where l_y = F((z_y - mean) / deviation), and that the loss is of this form."""
    reading = case.reading
    mean, variance = _standardised(reading)
    u, scale = reading.region.fresh("u"), reading.region.fresh("s", positive=True)
    at = substitute(reading.h, {reading.z: mean + scale * u, variance: scale**2})
    wide = reading.region.having(mean, LINE).having(scale, Bounds(S.Zero)).having(u, LINE)
    standard = substitute(reading.h, {reading.z: u, mean: S.Zero, variance: S.One})
    f = one_piece(known_pieces(reading.region, u, LINE, standard))
    label = "the loss sees standardised logits"
    return f, sign(label, sympy.expand(at) - standard, "==", wide)


@premises()
def _is_standardised(case: Case) -> Iterator[Premise]:
    f, form = _standard_form(case)
    yield form
    yield sign("F' < 0", f.formula(0, 1), "<", f.where(0))


@premises()
def _is_nonnegative(case: Case) -> Iterator[Premise]:
    f, form = _standard_form(case)
    yield form
    yield sign("F >= 0", f.formula(0), ">=", f.where(0))


STANDARDISED_NONNEGATIVE = Theorem(
    "standardised-nonnegative",
    "nonnegative",
    Pooled,
    "a function of the label's standardised logit that is nowhere negative",
    "definition",
    _is_nonnegative,
)

STANDARDISED = tuple(
    Theorem(
        f"standardised-{word}",
        prop,
        Pooled,
        "a smooth falling function of the label's standardised logit: on the sphere of those "
        "logits a minimiser exists, and swapping or parting two classes improves a wrong order",
        f"de Brébisson, Vincent 2016, The Z-loss (the loss); {THEORY}: Standardised logits",
        _is_standardised,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)


# ---------------------------------------------------------------- squentropy
def _squentropy(case: Case) -> Iterator[Premise]:
    """l_y = logsumexp(z) - z_y + weight * the sum over k != y of z_k**2, weight > 0."""
    found, weight = sums_of(case.reading), case.guess["weight"]
    own, z = found.h, found.z
    sums = {}
    for symbol, body in found.sums:
        kind = {sympy.exp(z): "exponentials", z**2: "squares"}.get(body)
        if kind is None or kind in sums:
            raise Silent
        sums[kind] = symbol
    if len(sums) != 2:
        raise Silent
    form = sympy.log(sums["exponentials"]) - z + weight * (sums["squares"] - z**2)
    region = found.region.having(z, LINE).having(sums["squares"], LINE)
    region = region.having(sums["exponentials"], Bounds(S.Zero))
    yield sign("cross-entropy and the squares of the others", own - form, "==", region)
    yield sign("the weight is positive", weight, ">", found.region)


@premises()
def _is_squentropy(case: Case) -> Iterator[Premise]:
    yield from _squentropy(case)


SQUENTROPY = tuple(
    Theorem(
        f"squentropy-{word}",
        prop,
        Pooled,
        "cross-entropy plus a multiple of the squares of the other logits: "
        + (
            "softmax of the minimiser is p only where p is uniform"
            if prop in ("strictly_proper", "proper")
            else "the minimiser rises strictly with the probability"
        ),
        f"Hui, Belkin, Wright 2023, Cut Your Losses with Squentropy (the loss); "
        f"{THEORY}: Squentropy",
        _is_squentropy,
        holds=prop not in ("strictly_proper", "proper"),
    )
    for word, prop in (
        ("order", "order_preserving"),
        ("calibrated", "calibrated"),
        ("strictly-proper", "strictly_proper"),
        ("proper", "proper"),
    )
)

POOLED = (
    *LIFTED.values(),
    STANDARDISED_NONNEGATIVE,
    *STANDARDISED,
    *SQUENTROPY,
)
