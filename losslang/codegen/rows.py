"""A plan as row statistics: what must be known of a row before its result can be written.

A loss like cross-entropy looks at one row of logits at a time. What it has to know of a row is a
few numbers, its *statistics*: a maximum, a sum of exponentials, the logit of the target. Each is a
reduction of numbers that are computed from one place of the row and from earlier statistics; so the
statistics come in *passes*, and reductions of one pass need one walk over the row. After the last
pass, the value is a formula over statistics alone, and an entry of the gradient one over statistics
and its own place.

The operations of a :class:`Rows` plan are those of numbers: what :mod:`losslang.codegen.planner`
says of whole rows (``logsumexp``, ``log_softmax``, ``log_odds``, ``norm``) is spelled out here in
maxima and sums, and an exponential of a difference of such is a quotient of what was summed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from losslang.codegen.plan import DType, Node, Plan
from losslang.codegen.slopes import NoSlopesError
from losslang.ir.loss import BATCH

REDUCTIONS = frozenset({"sum", "prod", "amax", "amin", "any", "all"})

ELEMENTWISE = frozenset(
    "read hyper const size arange chosen choose add mul div ratio neg pow power where fill cast eq"
    " lt le and or not minimum maximum clamp_min clamp_max static_minimum static_maximum abs sign"
    " floor sqrt reciprocal nonzero exp exp_less log log1p expm1 log1mexp log_cosh sigmoid softplus"
    " tanh sinh cosh sin cos asin acos atan asinh acosh atanh erf lgamma digamma xlogy logaddexp"
    " square_ratio times_exp sine_of_acos ratio_of_sines log1p_square hypot binade integer_pow"
    " at".split()
)
"""What is computed at one place from numbers at that place; ``at`` reads another place."""

_SAME = frozenset({"view", "column", "as_tensor", "as_truth", "detach", "expand"})
"""What only says how arrays line up."""


class NoRowsError(NoSlopesError):
    """A plan is not one of rows: its message says what stands against it."""


@dataclass(frozen=True)
class Rows:
    """A plan of which every row is computed alone.

    ``passes`` are the statistics in the order in which they can be known; each entry of a pass is a
    reduction along the one axis that its argument has beside the batch. ``sizes`` are nodes: the
    sizes of axes that no array has.
    """

    plan: Plan
    passes: tuple[tuple[int, ...], ...]
    sizes: Mapping[str, int]

    def axis(self, number: int) -> str | None:
        """The axis that a node has beside the batch."""
        return _axis(self.plan.nodes[number])

    def needed(self, outputs: Iterable[int], known: Collection[int] = ()) -> set[int]:
        """The nodes that some outputs are computed from; nothing below those that are ``known``."""
        found: set[int] = set()
        todo = list(outputs)
        while todo:
            number = todo.pop()
            if number not in found:
                found.add(number)
                if number not in known:
                    todo.extend(self.plan.nodes[number].args)
        return found


def rows(plan: Plan) -> Rows:
    """The plan in operations on numbers. Raises :class:`NoRowsError` where rows need others."""
    lowering = _Lowering(plan)
    changed = [lowering.node(number) for number in range(len(plan.nodes))]
    outputs = [
        replace(
            output,
            value=changed[output.value],
            guard=None if output.guard is None else changed[output.guard],
        )
        for output in plan.outputs
    ]
    whole = Plan(tuple(lowering.nodes), tuple(outputs), {}, plan.scalars)
    return _scheduled(Rows(whole, (), lowering.sizes))


def _scheduled(raw: Rows) -> Rows:
    """Keep what the outputs need, and put the reductions into passes."""
    nodes, outputs = raw.plan.nodes, raw.plan.outputs
    wanted = [n for out in outputs for n in (out.value, out.guard) if n is not None]
    wanted += raw.sizes.values()
    new = {old: place for place, old in enumerate(sorted(raw.needed(wanted)))}
    kept = tuple(replace(nodes[old], args=tuple(new[a] for a in nodes[old].args)) for old in new)
    moved = tuple(
        replace(o, value=new[o.value], guard=None if o.guard is None else new[o.guard])
        for o in outputs
    )
    depth: list[int] = []
    for node in kept:
        below = max((depth[a] for a in node.args), default=0)
        depth.append(below + (node.op in REDUCTIONS))
    passes = tuple(
        tuple(n for n, node in enumerate(kept) if node.op in REDUCTIONS and depth[n] == level)
        for level in range(1, max(depth, default=0) + 1)
    )
    sizes = {axis: new[n] for axis, n in raw.sizes.items()}
    return Rows(Plan(kept, moved, {}, raw.plan.scalars), passes, sizes)


def _axis(node: Node) -> str | None:
    others = [dim for dim in node.dims if dim != BATCH.name]
    if len(others) > 1 or node.dims.count(BATCH.name) > 1:
        raise NoRowsError(f"{node.op} has the axes {', '.join(node.dims)}")
    if BATCH.name in node.dims[1:]:
        raise NoRowsError(f"{node.op} has the batch behind another axis")
    return others[0] if others else None


class _Lowering:
    """Spells out the operations on rows, one node of the plan after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.nodes: list[Node] = []
        self.sizes: dict[str, int] = {}
        self._known: dict[Node, int] = {}
        self._changed: dict[int, int] = {}
        self._rows: dict[int, tuple[Counter[int], int, int]] = {}
        self._sums: dict[int, Counter[int]] = {}
        self._inside: dict[int, int] = {}
        powers = [plan.nodes[node.args[0]] for node in plan.nodes if node.op == "less_one"]
        self._exact = {plan.nodes[power.args[0]] for power in powers}
        """The logarithms of probabilities that are taken from 1."""
        self._shares: dict[int, tuple[int, int]] = {}
        """Exponentials that are a share of a sum where a guard holds, with the guard."""
        self._spell: Mapping[str, Callable[[Node, list[int]], int]] = {
            "logsumexp": self._logsumexp,
            "log_softmax": self._log_softmax,
            "log_share": self._log_share,
            "less_one": self._less_one,
            "log_odds": self._log_odds,
            "norm": self._norm,
            "bounded": self._bounded,
            "gather": lambda node, args: self._at(*args),
            "take": lambda node, args: self._at(*args),
            "diagonal": lambda node, args: self._at(args[0], self._example()),
            "exp": self._exp,
            "mul": self._mul,
            "div": self._quotient,
            "ratio": self._quotient,
            "pow": self._pow,
            "mean": self._mean,
            "size": self._size,
            "arange": self._arange,
        }

    def node(self, number: int) -> int:
        """What a node of the plan becomes."""
        node = self.plan.nodes[number]
        args = [self._changed[a] for a in node.args]
        _axis(node)
        if BATCH.name not in node.dims and any(BATCH.name in self.nodes[a].dims for a in args):
            raise NoRowsError(f"{node.op} goes over the batch")
        if node.op in _SAME:
            made = args[0]
        elif node.op in self._spell:
            made = self._spell[node.op](node, args)
        elif node.op in REDUCTIONS:
            made = self._reduced(args[0], node.op)
        elif node.op in ELEMENTWISE:
            made = self._make(node.op, args, node.attrs, node.dtype, node.dims)
        else:
            raise NoRowsError(f"{node.op} is no operation on one row")
        self._changed[number] = made
        return made

    # ------------------------------------------------------------ making nodes

    def _make(
        self,
        op: str,
        args: Iterable[int] = (),
        attrs: Iterable[object] = (),
        dtype: DType = "float",
        dims: tuple[str, ...] = (),
    ) -> int:
        given = tuple(args)
        if given:
            dims = self._dims(given)
        return self._kept(Node(op, given, tuple(attrs), dims, dtype))

    def _kept(self, node: Node) -> int:
        _axis(node)
        if node not in self._known:
            self._known[node] = len(self.nodes)
            self.nodes.append(node)
        return self._known[node]

    def _dims(self, args: Iterable[int]) -> tuple[str, ...]:
        found = dict.fromkeys(dim for a in args for dim in self.nodes[a].dims)
        return tuple(sorted(found, key=lambda dim: dim != BATCH.name))

    def _number(self, value: float) -> int:
        return self._make("const", attrs=(value,), dtype="static")

    def _add(self, *terms: int) -> int:
        return self._make("add", terms, "+" * len(terms))

    def _less(self, a: int, b: int) -> int:
        return self._make("add", (a, b), "+-")

    def _reduced(self, x: int, op: str) -> int:
        node = self.nodes[x]
        axis = _axis(node)
        if axis is None:
            raise NoRowsError(f"{op} over the batch")
        dims = tuple(dim for dim in node.dims if dim != axis)
        dtype: DType = "bool" if op in ("any", "all") else "float"
        return self._kept(Node(op, (x,), (axis,), dims, dtype))

    # ------------------------------------------------------------ rows, spelled out

    def _top(self, x: int) -> tuple[int, int]:
        """The maximum of a row, finite, and the sum of exponentials of what is below it."""
        top = self._at_least(self._reduced(x, "amax"))
        return top, self._reduced(self._make("exp_less", (x, top)), "sum")

    def _logsumexp(self, node: Node, args: list[int]) -> int:
        top, total = self._top(args[0])
        made = self._add(top, self._make("log", (total,)))
        self._rows[made] = (self._terms(args[0]), self._make("exp_less", (args[0], top)), total)
        return made

    def _log_softmax(self, node: Node, args: list[int]) -> int:
        if node in self._exact:
            return self._log_share(node, args)
        whole = self._logsumexp(node, args)
        top, log = self.nodes[whole].args
        made = self._at_least(self._less(self._less(args[0], top), log))
        self._sums[made] = Counter(self._terms(args[0]))
        self._sums[made].subtract({whole: 1})
        return made

    def _log_share(self, node: Node, args: list[int]) -> int:
        """As :meth:`_log_softmax`, but 1 is never added to the sum of the others."""
        top = self._at_least(self._reduced(args[0], "amax"))
        power = self._make("exp_less", (args[0], top))
        first = self._make("eq", (args[0], top), dtype="bool")
        ties = self._reduced(self._make("where", (first, self._number(1), self._number(0))), "sum")
        others = self._reduced(self._make("where", (first, self._number(0), power)), "sum")
        rest = self._add(others, self._less(ties, self._number(1)))
        made = self._at_least(self._less(self._less(args[0], top), self._make("log1p", (rest,))))
        whole = self._add(top, self._make("log1p", (rest,)))
        terms = self._terms(args[0])
        self._rows[whole] = (terms, power, self._add(self._number(1), rest))
        self._sums[made] = Counter(terms)
        self._sums[made].subtract({whole: 1})
        return made

    def _less_one(self, node: Node, args: list[int]) -> int:
        (logarithm,) = self.plan.nodes[node.args[0]].args
        return self._make("expm1", (self._changed[logarithm],))

    def _log_odds(self, node: Node, args: list[int]) -> int:
        x, label = args
        axis = _axis(self.nodes[x])
        place = self._place(axis)
        same = self._make("eq", (label, place), dtype="bool")
        others = self._make("where", (same, self._number(float("-inf")), x))
        top, total = self._top(others)
        own = self._at(x, label)
        odds = self._add(self._less(top, own), self._make("log", (total,)))
        made = self._clamped(odds)
        inside = self._inside.get(x, x)
        if self.nodes[inside].op == "where":
            inside = self.nodes[inside].args[1]
        terms = self._terms(inside)
        if inside == x:
            terms.update({own: -1})
        # At the label's own place the sum has nothing, but a formula may ask for its share.
        there = self._clamped(self._make("exp", (self._less(self._at(inside, label), top),)))
        power = self._make("where", (same, there, self._make("exp_less", (others, top))))
        self._rows[made] = (terms, power, total)
        return made

    def _at_least(self, x: int) -> int:
        """A number, or the lowest finite one where it is below the range."""
        return self._make("clamp_min", (x, self._make("lowest")))

    def _clamped(self, x: int) -> int:
        return self._make("clamp_max", (self._at_least(x), self._make("highest")))

    def _bounded(self, node: Node, args: list[int]) -> int:
        made = self._clamped(args[0])
        self._inside[made] = args[0]
        return made

    def _arange(self, node: Node, args: list[int]) -> int:
        if node.dims == (BATCH.name,):
            return self._example()
        axis = _axis(node)
        if axis is not None and self.nodes[args[0]].op != "size":
            self.sizes[axis] = args[0]
        return self._place(axis)

    def _example(self) -> int:
        """The number of the row."""
        return self._make("example", dtype="int", dims=(BATCH.name,))

    def _place(self, axis: str | None) -> int:
        return self._make("arange", attrs=(axis,), dtype="int", dims=(axis,) if axis else ())

    def _norm(self, node: Node, args: list[int]) -> int:
        size = self._reduced(self._make("abs", args), "amax")
        zero = self._make("eq", (size, self._number(0)), dtype="bool")
        unit = self._make("where", (zero, self._number(1), size))
        share = self._make("div", (args[0], unit))
        total = self._reduced(self._make("power", (share,), (2,)), "sum")
        return self._make("mul", (unit, self._make("sqrt", (total,))))

    def _size(self, node: Node, args: list[int]) -> int:
        name, place = node.attrs
        for read in self.plan.nodes:
            if read.op == "read" and read.attrs == (name,) and isinstance(place, int):
                return self._make("size", attrs=(read.dims[place],), dtype="static")
        raise NoRowsError(f"only the size of {name} is read")

    def _mean(self, node: Node, args: list[int]) -> int:
        count = self._make("size", attrs=(_axis(self.nodes[args[0]]),), dtype="static")
        return self._make("div", (self._reduced(args[0], "sum"), count))

    def _at(self, x: int, label: int) -> int:
        if self.nodes[x].dims == ():
            return x
        node = self.nodes[x]
        dims = tuple(dict.fromkeys((BATCH.name, *(d for d in node.dims if d != _axis(node)))))
        return self._kept(Node("at", (x, label), (), dims, node.dtype))

    # ------------------------------------------------------------ numbers

    def _exp(self, node: Node, args: list[int]) -> int:
        """An exponential; ``exp(x - logsumexp(x) + r)`` is a share of the sum, times ``exp(r)``."""
        read = self.nodes[args[0]]
        if read.op == "at" and read.args[0] in self._sums:
            return self._at(self._exp(node, [read.args[0]]), read.args[1])
        terms = self._terms(args[0])
        for number, sign in terms.items():
            if sign != -1 or number not in self._rows:
                continue
            body, power, total = self._rows[number]
            share = self._share(terms, number, body, power, total)
            if share is not None:
                return share
            guard, inside = self._guarded(body)
            share = self._share(terms, number, inside, power, total)
            if guard is not None and share is not None:
                made = self._make("exp", args)
                self._shares[made] = (guard, share)
                return made
        return self._make("exp", args)

    def _share(
        self, terms: Counter[int], number: int, body: Counter[int], power: int, total: int
    ) -> int | None:
        """``exp(terms)``, if they are ``body`` less its ``logsumexp`` and numbers of the row."""
        rest = Counter(terms)
        rest[number] += 1
        rest.subtract(body)
        left = [(n, s) for n, s in rest.items() if s]
        if any(_axis(self.nodes[n]) for n, _ in left) or any(abs(s) != 1 for _, s in left):
            return None
        share = self._make("mul", (power, self._make("reciprocal", (total,))))
        if not left:
            return share
        signs = ["+" if s > 0 else "-" for _, s in left]
        more = self._make("exp", (self._make("add", (n for n, _ in left), signs),))
        return self._make("mul", (share, more))

    def _guarded(self, terms: Counter[int]) -> tuple[int | None, Counter[int]]:
        """The guard under which a sum is one of other terms, and these."""
        ((number, sign),) = terms.items() if len(terms) == 1 else ((0, 0),)
        node = self.nodes[number]
        if sign != 1 or node.op != "fill":
            return None, terms
        return node.args[0], self._terms(node.args[1])

    def _terms(self, number: int) -> Counter[int]:
        """A sum as its terms with their signs."""
        if number in self._sums:
            return Counter(self._sums[number])
        node = self.nodes[number]
        if node.op == "neg":
            return Counter({n: -s for n, s in self._terms(node.args[0]).items()})
        if node.op != "add" or number in self._rows:
            return Counter({number: 1})
        total: Counter[int] = Counter()
        for argument, sign in zip(node.args, node.attrs, strict=True):
            for n, s in self._terms(argument).items():
                total[n] += s if sign == "+" else -s
        return total

    def _mul(self, node: Node, args: list[int]) -> int:
        """A product; a truth value among its factors selects it."""
        tests = [a for a in args if self.nodes[a].dtype == "bool"]
        factors = self._shared([a for a in args if a not in tests], tests)
        made = self._number(1) if not factors else factors[0]
        if len(factors) > 1:
            made = self._make("mul", factors, dtype=node.dtype)
        for test in tests:
            made = self._make("where", (test, made, self._number(0)))
        return made

    def _quotient(self, node: Node, args: list[int]) -> int:
        """A quotient; what a truth value selects is divided first, where it is one of the row."""
        above, below = self.nodes[args[0]], args[1]
        if above.op == "where" and above.args[2] == self._number(0):
            test, chosen, zero = above.args
            if _axis(self.nodes[chosen]) is None and _axis(self.nodes[below]) is None:
                share = self._make(node.op, (chosen, below), dtype=node.dtype)
                return self._make("where", (test, share, zero))
        return self._make(node.op, args, node.attrs, node.dtype, node.dims)

    def _shared(self, factors: list[int], tests: list[int]) -> list[int]:
        """The factors; what a guard among them selects as a share of a sum, where it is one."""
        chosen = [self.nodes[a] for a in factors if self.nodes[a].op == "where"]
        guards = {n.args[0] for n in chosen if n.args[2] == self._number(0)}.union(tests)
        known = (self._shares.get(a) for a in factors)
        return [
            a if share is None or share[0] not in guards else share[1]
            for a, share in zip(factors, known, strict=True)
        ]

    def _pow(self, node: Node, args: list[int]) -> int:
        """A power; one with a whole exponent is a product, of a negative number too."""
        exponent = self.nodes[args[1]]
        if exponent.op == "const" and isinstance(exponent.attrs[0], int):
            return self._make("power", args[:1], exponent.attrs, node.dtype)
        return self._make("pow", args, dtype=node.dtype)
