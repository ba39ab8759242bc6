"""What a plan costs in the sizes of its axes, and the plan itself, for a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from losslang.codegen.plan import Node, Plan

Monomial = tuple[str, ...]
"""Axes whose sizes are multiplied."""

VIEWS = frozenset(
    "read hyper const size arange chosen view column as_tensor as_truth detach expand select"
    " diagonal".split()
)
PRODUCTS = frozenset(
    "mul div ratio pow sqrt reciprocal prod einsum unit norm"
    " square_share square_ratio hypot_minus_one".split()
)
FUNCTIONS = frozenset(
    "exp log log1p expm1 log1mexp sin cos asin acos atan sinh cosh tanh asinh acosh atanh erf"
    " sigmoid softplus lgamma digamma trigamma xlogy logaddexp log_odds log_softmax logsumexp"
    " log1p_square less_log1p expm1_less".split()
)
SORTS = frozenset("sort rank topk quantile nanquantile".split())


def cost_lines(plan: Plan) -> list[str]:
    """Multiplications, functions, sorts and memory of one forward pass."""
    counts: dict[str, Counter[Monomial]] = {
        "multiplications": Counter(),
        "exp, log, ...": Counter(),
        "sorted numbers": Counter(),
        "numbers kept": Counter(),
    }
    for node in plan.nodes:
        if node.op in VIEWS or node.dtype == "static":
            continue
        counts["numbers kept"][tuple(sorted(node.dims))] += 1
        for title, ops in zip(counts, (PRODUCTS, FUNCTIONS, SORTS), strict=False):
            if node.op in ops:
                counts[title][_work(plan, node)] += 1
    axes = {axis for count in counts.values() for monomial in count for axis in monomial}
    letters = _letters(sorted(axes, key=lambda axis: (axis != "batch", axis)))
    width = max(map(len, counts))
    lines = [f"{t.ljust(width)}  {_polynomial(c, letters)}" for t, c in counts.items() if c]
    meaning = [f"{s} = {'examples' if a == 'batch' else f'size({a})'}" for a, s in letters.items()]
    return [*lines, f"where {', '.join(meaning)}"] if meaning else lines


def _work(plan: Plan, node: Node) -> Monomial:
    """The axes over which a node computes: its own, and those that it sums over."""
    dims = Counter(node.dims)
    for argument in node.args:
        dims |= Counter(plan.nodes[argument].dims)
    return tuple(sorted(dims.elements()))


def _letters(axes: Iterable[str]) -> dict[str, str]:
    letters: dict[str, str] = {}
    for axis in axes:
        wanted = "N" if axis == "batch" else axis[:1].upper()
        plain = axis.isidentifier() and wanted not in letters.values() and wanted not in "EO"
        letters[axis] = wanted if plain else f"|{axis}|"
    return letters


def _polynomial(count: Counter[Monomial], letters: dict[str, str]) -> str:
    parts = []
    for monomial, number in sorted(count.items(), key=lambda item: (-len(item[0]), item[0])):
        powers = Counter(monomial)
        ordered = sorted(powers, key=lambda axis: (axis != "batch", axis))
        shown = [letters[a] + (f"^{powers[a]}" if powers[a] > 1 else "") for a in ordered]
        factors = ([str(number)] if number > 1 or not shown else []) + shown
        parts.append("*".join(factors))
    return " + ".join(parts)


def plan_lines(plan: Plan) -> list[str]:
    """A line for each node: its name, the operation, and the axes of the result."""
    names = [plan.names.get(n, f"%{n}") for n in range(len(plan.nodes))]
    rows = []
    for name, node in zip(names, plan.nodes, strict=True):
        given = [names[a] for a in node.args] + [str(a) for a in node.attrs]
        dims = "number" if node.dtype == "static" else f"{node.dtype} [{', '.join(node.dims)}]"
        rows.append((f"{name} = {node.op}({', '.join(given)})", dims))
    width = max((len(left) for left, _ in rows), default=0)
    lines = [f"{left.ljust(width)}  {right}" for left, right in rows]
    for output in plan.outputs:
        guard = "" if output.guard is None else f" where {names[output.guard]}"
        lines.append(f"{output.name}: {names[output.value]}{guard} [{', '.join(output.axes)}]")
    return lines
