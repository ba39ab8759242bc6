"""What a plan costs in the sizes of its axes, and the plan itself, for a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from losslang.codegen import sums
from losslang.codegen.native.call import MATRIX
from losslang.codegen.plan import Node, Plan, loops_around
from losslang.codegen.products import COLUMNS, Cut
from losslang.codegen.rows import Rows, rows
from losslang.ir.loss import BATCH

Monomial = tuple[str, ...]
"""Axes whose sizes are multiplied."""

ROUNDS = "rounds of a loop"

VIEWS = frozenset(
    "read hyper const size arange chosen view column as_tensor as_truth detach expand select"
    " prior round loop select_at full"
    " diagonal slice narrow windows flip".split()
)
PRODUCTS = frozenset(
    "mul div ratio pow integer_pow sqrt reciprocal prod einsum unit norm root_mean_square"
    " square_share square_ratio hypot_minus_one".split()
)
FUNCTIONS = frozenset(
    "exp log log1p expm1 log1mexp sin cos asin acos atan sinh cosh tanh asinh acosh atanh erf"
    " sigmoid softplus lgamma digamma trigamma xlogy logaddexp log_odds log_softmax log_share"
    " log_rest logsumexp logsumexp_of_any less_one times_exp"
    " log1p_square hypot less_log1p expm1_less angle cos_of_multiple ratio_of_sines".split()
)
SORTS = frozenset("sort rank order topk quantile nanquantile".split())
MATRICES = frozenset("logdet eigenvalues singular_values eigenvectors singular_vectors".split())


def cost_lines(plan: Plan) -> list[str]:
    """Multiplications, functions, sorts and memory of one forward pass."""
    counts: dict[str, Counter[Monomial]] = {
        "multiplications": Counter(),
        "exp, log, ...": Counter(),
        "sorted numbers": Counter(),
        "decomposing matrices": Counter(),
        "numbers kept": Counter(),
    }
    for node, loops in zip(plan.nodes, loops_around(plan), strict=True):
        if node.op in VIEWS or node.dtype == "static":
            continue
        again = (ROUNDS,) * len(loops)
        counts["numbers kept"][tuple(sorted((*node.dims, *again)))] += 1
        for title, ops in zip(counts, (PRODUCTS, FUNCTIONS, SORTS, MATRICES), strict=False):
            if node.op in ops:
                counts[title][tuple(sorted((*_work(plan, node), *again)))] += 1
    axes = {axis for count in counts.values() for monomial in count for axis in monomial}
    letters = _letters(sorted(axes, key=lambda axis: (axis != "batch", axis)))
    width = max(map(len, counts))
    lines = [f"{t.ljust(width)}  {_polynomial(c, letters)}" for t, c in counts.items() if c]
    special = {BATCH.name: "examples", ROUNDS: ROUNDS}
    meaning = [f"{s} = {special.get(a, f'size({a})')}" for a, s in letters.items()]
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
        plain = (
            (axis.isidentifier() or axis == ROUNDS)
            and wanted not in letters.values()
            and wanted not in "EO"
        )
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


def row_lines(found: Rows) -> list[str]:
    """What must be known of each row, a line for each statistic, pass by pass."""
    reader = _Reader(found)
    lines: list[str] = []
    for number, level in enumerate(found.passes, start=1):
        for n in level:
            node = found.plan.nodes[n]
            what = {"amax": "max", "amin": "min"}.get(node.op, node.op)
            body, axis = reader.text(node.args[0]), _shown(str(node.attrs[0])) or BATCH.name
            lines.append(f"pass {number}  {reader.name(n)} = {what}({body} for k in {axis})")
    for output in found.plan.outputs:
        place = "[k]" if len(output.axes) > 1 else ""
        lines.append(f"{_shown(output.name)}{place} from {', '.join(reader.sources(output.value))}")
    return lines


def product_lines(found: Cut) -> list[str]:
    """The matrix of products that a loss of pairs needs first, then what of each row of it."""
    inner = found.factors.outputs[0].axes[-1]
    entry = f"matrix[i, k] = sum(left[i, {inner}] * right[k, {inner}] for {inner})"
    return [*plan_lines(found.factors), entry, *row_lines(rows(found.rows))]


def sum_lines(found: sums.Cut) -> list[str]:
    """What a loss sums over places, and what it computes of the sums."""
    named = dict(zip(found.slopes, (f"slope of {name}" for name in found.names), strict=True))
    lines = row_lines(rows(found.places))
    for slope, shown in named.items():
        lines = [line.replace(slope, f"({shown})") for line in lines]
    return [*lines, *plan_lines(found.rest)]


def _shown(name: str) -> str:
    """A name as it is printed: the matrix has no mark, and the columns have the batch's arrays."""
    return name.removesuffix(COLUMNS.name).replace(MATRIX, MATRIX[1:])


class _Reader:
    """Writes nodes as formulas; statistics by their names."""

    def __init__(self, found: Rows) -> None:
        self._rows = found
        self._nodes = found.plan.nodes
        ops = [(n, self._nodes[n].op) for level in found.passes for n in level]
        words = {"amax": "max", "amin": "min"}
        self._names = {n: f"{words.get(op, op)}_{place}" for place, (n, op) in enumerate(ops, 1)}

    def name(self, number: int) -> str:
        """What a statistic is called."""
        return self._names[number]

    def sources(self, number: int) -> list[str]:
        """The statistics, and the entries of arrays, that a node is computed from."""
        ends = {*self._names, *(n for n, x in enumerate(self._nodes) if x.op in ("read", "at"))}
        found = self._rows.needed([number], ends) & ends
        statistics = [name for n, name in self._names.items() if n in found]
        return [*statistics, *sorted(self.text(n) for n in found - set(self._names))]

    def text(self, number: int) -> str:
        """The formula of a node."""
        if number in self._names:
            return self._names[number]
        node = self._nodes[number]
        args = [self.text(a) for a in node.args]
        match node.op:
            case "read":
                along = any(dim != BATCH.name for dim in node.dims)
                name = _shown(str(node.attrs[0]))
                return f"{name}[k]" if along else name
            case "at":
                return f"{args[0].removesuffix('[k]')}[{args[1]}]"
            case "arange":
                return "k"
            case "example":
                return "i"
            case "hyper" | "const":
                return str(node.attrs[0])
            case "size":
                return f"size({node.attrs[0]})"
            case "cast":
                return args[0]
            case "lowest" | "highest":
                return node.op
            case "clamp_min" if args[1] == "lowest":
                return args[0]
            case "power":
                return f"{args[0]}**{node.attrs[0]}"
            case "exp_less":
                return f"exp({args[0]} - {args[1]})"
            case "where":
                return f"({args[1]} if {args[0]} else {args[2]})"
            case "not":
                return f"not {args[0]}"
            case "add":
                signed = [f"{s} {a}" for s, a in zip(node.attrs, args, strict=True)]
                return f"({' '.join(signed).removeprefix('+ ')})"
            case "mul" | "div" | "ratio" | "eq" | "lt" | "le":
                sign = {"mul": "*", "eq": "==", "lt": "<", "le": "<="}.get(node.op, "/")
                return f" {sign} ".join(args)
        return f"{node.op}({', '.join(args)})"
