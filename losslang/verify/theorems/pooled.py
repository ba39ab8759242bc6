"""Losses of logits: one-vs-all sums, losses with a free offset, standardised and centred logits.

L_p(z) = sum_k p_k l_k(z). Each l_k is the same formula of z_k and of sums over all classes.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.heads import ONE, Max
from losslang.ir.reduce import Reduce
from losslang.verify.readings.local import Local
from losslang.verify.readings.pooled import Pooled
from losslang.verify.statement import LINE, UNIT, Bounds
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems import local, local_proper
from losslang.verify.theorems.local import HALF, THEORY, at_least, at_most
from losslang.verify.theorems.local_proper import T
from losslang.verify.theorems.pieces import (
    Pieces,
    Silent,
    bends_up,
    continuous,
    everywhere,
    inside,
    known_pieces,
    number,
    one_piece,
    premises,
    sign,
    tends,
)
from losslang.verify.theorems.sums import Sums, sums_of

# ---------------------------------------------------------------- one class against all others


def one_vs_all(reading: Pooled) -> Pieces:
    """A and B where l_y = A(z_y) + the sum over k != y of B(z_k)."""
    found = sums_of(reading)
    own, everywhere_ = found.separate()
    both = sympy.expand(own + everywhere_), everywhere_
    return known_pieces(found.region, found.z, LINE, *both)


def _above(f: Pieces, k: int, floor: Expr) -> Iterator[Premise]:
    yield from everywhere(f, "it is bounded below", lambda n: f.formula(n, 0, k) - floor, ">=")


@premises()
def _is_separable(case: Case) -> Iterator[Premise]:
    """A - B falls; A is infinite at -oo, B at oo; both are smooth and bounded below."""
    f, last = one_vs_all(case.reading), len(one_vs_all(case.reading)) - 1
    yield from everywhere(f, "(A - B)' < 0", lambda n: f.formula(n, 1) - f.formula(n, 1, 1), "<")
    for k in (0, 1):
        yield from continuous(f, 0, k)
        yield from continuous(f, 1, k)
    for n, joint in enumerate(f.joints):
        slope = f.at(n, joint, 1) - f.at(n, joint, 1, 1)
        yield sign("(A - B)' < 0 at a joint", slope, "<", f.region)
    yield from _above(f, 0, case.guess["floor"])
    yield from _above(f, 1, case.guess["base"])
    yield tends(f, "A(-oo) = oo", f.formula(0), 0, True, S.Infinity)
    yield tends(f, "B(oo) = oo", f.formula(last, 0, 1), last, False, S.Infinity)


@premises()
def _ties(case: Case) -> Iterator[Premise]:
    """One score is best for two probabilities, of which three classes may have the greater."""
    f = one_vs_all(case.reading)
    first, second, place = (case.guess[name] for name in ("first", "second", "place"))
    if not first.is_Rational or not second.is_Rational:
        raise Silent
    rest = 1 - first - second
    yield at_least(3, case.reading)
    yield sign("the second is positive", second, ">", f.region)
    yield sign("the first is greater", first - second, ">", f.region)
    yield sign("the first is greater than the rest", first - rest, ">", f.region)
    yield sign("the rest is no probability below 0", rest, ">=", f.region)
    for k in (0, 1):
        yield from continuous(f, 0, k)
    for p in (first, second):
        best = p * f.value(place) + (1 - p) * f.value(place, 1)
        yield from everywhere(
            f,
            f"no score is better for probability {p}",
            lambda n, p=p, best=best: p * f.formula(n) + (1 - p) * f.formula(n, 0, 1) - best,  # type: ignore[misc]
            ">=",
        )


@premises()
def _is_idle(case: Case) -> Iterator[Premise]:
    """One score is least for A and for B."""
    f, place = one_vs_all(case.reading), case.guess["place"]
    for k, name in enumerate("AB"):
        least = f.value(place, k)
        yield from continuous(f, 0, k)
        yield from everywhere(
            f,
            f"{name} is least there",
            lambda n, k=k, least=least: f.formula(n, 0, k) - least,  # type: ignore[misc]
            ">=",
        )


@premises()
def _is_margin_sum(case: Case) -> Iterator[Premise]:
    """Two classes, B(v) = A(-v), A convex and falling at 0."""
    f, region = one_vs_all(case.reading), case.reading.region
    z = f.variable
    yield at_most(2, case.reading)
    mirrored = substitute(f.functions[1], {z: -z})
    yield sign("B mirrors A", f.functions[0] - mirrored, "==", region.having(z, LINE))
    yield from everywhere(f, "A'' >= 0", lambda n: f.formula(n, 2), ">=")
    yield from bends_up(f)
    piece = number(case.guess, "piece", len(f))
    yield from inside(f, piece, S.Zero)
    yield sign("A'(0) < 0", f.at(piece, S.Zero, 1), "<", f.region)
    yield from _above(f, 0, case.guess["floor"])


SEPARABLE = tuple(
    Theorem(
        f"one-vs-all-{word}",
        prop,
        Pooled,
        "a sum of binary losses, one for each class, whose minimisers rise strictly with the "
        "probability",
        f"Zhang 2004, Statistical Analysis of Some Multi-Category Large Margin Classification "
        f"Methods; {THEORY}: One-vs-all sums",
        _is_separable,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
TIES = tuple(
    Theorem(
        f"one-vs-all-ties-{word}",
        prop,
        Pooled,
        "a sum of binary losses, one for each class, where one score is best for two probabilities",
        f"Zhang 2004; {THEORY}: One-vs-all sums",
        _ties,
        holds=False,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
IDLE = tuple(
    Theorem(
        f"one-vs-all-idle-{word}",
        prop,
        Pooled,
        "a sum of binary losses, one for each class, both least at one score: with it for all "
        "classes no label costs more than it must",
        "the definition",
        _is_idle,
        holds=False,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
MARGIN_SUM = tuple(
    Theorem(
        f"one-vs-all-two-{word}",
        prop,
        Pooled,
        "for two classes, a sum of a calibrated convex margin loss of each score",
        f"Bartlett, Jordan, McAuliffe 2006, theorem 2; {THEORY}: One-vs-all sums",
        _is_margin_sum,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)

# ---------------------------------------------------------------- an offset that is free


def shifted(reading: Pooled) -> tuple[Local, Expr, sympy.Symbol]:
    """f and Phi where l_y = f(softmax(z)[y]) + Phi(logsumexp(z)), if there is no other pool.

    Phi is taken at the probability 1/2, up to its value at 0, in the symbol that is returned.
    """
    if len(reading.pools) != 1:
        raise Silent
    symbol, pool = reading.pools[0]
    plain = pool.op == "logsumexp" and pool.guard == ONE and len(pool.binders) == 1
    if not plain or _entry_of(pool) is None:
        raise Silent
    p = reading.region.fresh("p", positive=True)
    joint = sympy.expand(substitute(reading.h, {reading.z: symbol + sympy.log(p)}))
    f = substitute(joint, {symbol: S.Zero})
    phi = sympy.expand(substitute(joint - f, {p: HALF}))
    if phi == 0:
        raise Silent  # a loss of the label's probability alone reads so by itself
    return Local(reading.region, f, p, reading.classes, reading.input), phi, symbol


def _entry_of(pool: Reduce) -> Expr | None:
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
        *(local.FALLING, local.CONVEX, local.RISING, local.ORDER_CONVEX, local.ORDER_FALLING),
        *(local.DISORDER_RISING, local.DISORDER_VERTEX),
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
        if _entry_of(pool) is not None:
            mean = symbol, pool
        else:
            variance = symbol, pool
    if mean is None or variance is None or len(reading.pools) != 2:
        raise Silent
    (k,), _, body = variance[1].open()
    if body != (_own_read(body, k) - mean[1]) ** 2:
        raise Silent
    return mean[0], variance[0]


def _own_read(body: Expr, k: Expr) -> Expr:
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

# ---------------------------------------------------------------- logits that sum to zero


def _centred(case: Case) -> Pieces:
    """psi where l_y is the sum over k != y of psi(z_k - mean)."""
    reading = case.reading
    found = [(s, e) for s, e in reading.pools if e.op == "mean" and _entry_of(e) is not None]
    if len(found) != 1:
        raise Silent
    mean, _ = found[0]
    sums: Sums = sums_of(reading)
    zero = {symbol: S.Zero for symbol, body in sums.sums if body == sums.z}
    centre = Sums(
        sums.region,
        substitute(sums.h, zero),
        sums.z,
        tuple((s, substitute(b, {mean: S.Zero})) for s, b in sums.sums if s not in zero),
        (),
        sums.classes,
    )
    own, everywhere_ = centre.separate()
    both = sympy.expand(own + everywhere_), everywhere_
    return known_pieces(reading.region, sums.z, LINE, *both)


def _moves_with_mean(case: Case) -> Premise:
    """Adding a number to all logits changes nothing, so that the mean may be taken to be 0."""
    reading = case.reading
    by = reading.region.fresh("c")
    moved = {reading.z: reading.z + by}
    wide = reading.region.having(reading.z, LINE).having(by, LINE)
    for symbol, pool in reading.pools:
        inner = _inner(pool, reading)
        if inner is None:
            moved[symbol] = symbol
        else:
            moved[symbol] = symbol + by
        wide = wide.having(symbol, LINE)
    change = sympy.expand(substitute(reading.h, moved) - reading.h)
    return sign("a common offset does not matter", change, "==", wide)


def _inner(pool: Reduce, reading: Pooled) -> Expr | None:
    """The entry that is reduced where an offset moves the pool along, ``None`` where it does not.

    Raises :class:`Silent` for any other pool.
    """
    if pool.op in ("mean", "logsumexp", "max", "min") and _entry_of(pool) is not None:
        return _entry_of(pool)
    (k,), _, body = pool.open() if len(pool.binders) == 1 else ((None,), ONE, pool)
    means = [e for _, e in reading.pools if e.op == "mean" and _entry_of(e) is not None]
    by = sympy.Dummy("c", real=True)
    if pool.op == "sum" and means and k is not None:
        own = _own_read(body, k)
        moved = substitute(body, {own: own + by, means[0]: means[0] + by})
        if sympy.expand(moved - body) == 0 or _same(moved, body, by):
            return None
    raise Silent


def _same(moved: Expr, body: Expr, by: sympy.Symbol) -> bool:
    """Whether an offset cancels in every part of a formula."""
    if by not in moved.free_symbols:
        return True
    args = [sympy.expand(a) if isinstance(a, Expr) else a for a in moved.args]
    return bool(args) and by not in moved.func(*args).free_symbols


def _constrained(case: Case) -> Iterator[Premise]:
    """psi convex, smooth from 0 on and rising there, bounded below; own losses are constant."""
    f = _centred(case)
    yield _moves_with_mean(case)
    yield from everywhere(f, "the own part is constant", lambda n: f.formula(n, 1), "==")
    yield from continuous(f)
    yield from everywhere(f, "psi'' >= 0", lambda n: f.formula(n, 2, 1), ">=")
    yield from bends_up(f, 1)
    for joint in f.joints:
        yield sign("psi is smooth from 0 on", joint, "<", f.region)
    last = len(f) - 1
    yield sign("psi'(0) > 0", f.at(last, S.Zero, 1, 1), ">", f.region)
    yield from _above(f, 1, case.guess["base"])


@premises()
def _is_constrained(case: Case) -> Iterator[Premise]:
    yield from _constrained(case)


CONSTRAINED = Theorem(
    "centred-sum-calibrated",
    "calibrated",
    Pooled,
    "a sum over the other classes of a convex function of the centred logit that rises at 0",
    f"Lee, Lin, Wahba 2004 and Zhang 2004 (the losses); {THEORY}: Constrained losses",
    _is_constrained,
)


def _constrained_like(case: Case, psi: Expr) -> Iterator[Premise]:
    yield from _constrained(case)
    f = _centred(case)
    gap = f.functions[1] - case.guess["factor"] * psi
    yield sign("psi is of this form", gap, "==", f.region.having(f.variable, LINE))
    yield sign("the factor is positive", case.guess["factor"], ">", f.region)


@premises()
def _is_constrained_exponential(case: Case) -> Iterator[Premise]:
    yield from _constrained_like(case, sympy.exp(case.reading.z))


@premises()
def _is_constrained_hinge(case: Case) -> Iterator[Premise]:
    yield from _constrained_like(case, Max(case.reading.z + 1, S.Zero))


_AWASTHI = "Awasthi, Mao, Mohri, Zhong 2022, Multi-Class H-Consistency Bounds, constrained losses"

CONSTRAINED_EXPONENTIAL = Theorem(
    "centred-exponential-bound",
    "h_consistent",
    Pooled,
    "T(excess of the 0-1 risk) is at most the excess of the risk, for scores that take all values",
    _AWASTHI,
    _is_constrained_exponential,
    value=lambda case: case.guess["factor"] * (2 - sympy.sqrt(4 - T**2)),
)
CONSTRAINED_HINGE = Theorem(
    "centred-hinge-bound",
    "h_consistent",
    Pooled,
    "T(excess of the 0-1 risk) is at most the excess of the risk, for scores that take all values",
    _AWASTHI,
    _is_constrained_hinge,
    value=lambda case: case.guess["factor"] * T,
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
    *(*SEPARABLE, *TIES, *IDLE, *MARGIN_SUM),
    *LIFTED.values(),
    STANDARDISED_NONNEGATIVE,
    *STANDARDISED,
    *(CONSTRAINED, CONSTRAINED_EXPONENTIAL, CONSTRAINED_HINGE),
    *SQUENTROPY,
)
