"""From a plan to the statements of a function: names for shared nodes, expressions for the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from losslang.codegen.plan import Node, Plan, loops_around
from losslang.codegen.torch.table import (
    ALONG,
    ATOM,
    CHOICE,
    COMPARE,
    FUNCTIONS,
    INFIX,
    METHODS,
    PAIRS,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
)
from losslang.diagnostics import InternalError

MAX_INLINE = 72
MAX_LAST = 86
TRIVIAL = ("read", "hyper", "const", "chosen", "prior", "round")

NAMES = {
    "add": "total",
    "and": "both",
    "arange": "place",
    "binade": "unit",
    "bounded": "bounded",
    "cast": "as_float",
    "clamp_max": "at_most",
    "clamp_min": "at_least",
    "column": "column",
    "div": "ratio",
    "eigenvalues": "eigenvalues",
    "einsum": "products",
    "eq": "same",
    "exp": "power",
    "fill": "kept",
    "gather": "picked",
    "half_difference": "halved",
    "log_softmax": "log_p",
    "log_share": "log_p",
    "log_rest": "log_rest",
    "log_odds": "odds",
    "logsumexp": "lse",
    "mean": "average",
    "mul": "product",
    "norm": "length",
    "not": "other",
    "or": "either",
    "pow": "power",
    "integer_pow": "power",
    "rank": "rank",
    "order": "order",
    "following": "new",
    "push": "entries",
    "reciprocal": "inverse",
    "root_mean_square": "spread",
    "scatter": "written",
    "sort": "ordered",
    "sum": "summed",
    "singular_values": "singular",
    "slice": "part",
    "unit": "direction",
    "view": "row",
    "where": "chosen",
    "windows": "windows",
}
"""What a shared value is called where the program has no name for it."""
FLIPPED = {"==": "==", "<": ">", "<=": ">="}


def renamed(plan: Plan, name: Callable[[str], str]) -> Plan:
    """The plan with other names for what it reads."""
    nodes = tuple(
        replace(n, attrs=(name(str(n.attrs[0])), *n.attrs[1:]))
        if n.op in ("read", "hyper", "size", "chosen")
        else n
        for n in plan.nodes
    )
    return replace(plan, nodes=nodes)


def _incremented(count: str) -> str:
    """The text of a number and one more."""
    if count.isdigit():
        return str(int(count) + 1)
    rest, _, taken = count.rpartition(" - ")
    if rest and taken.isdigit():
        return rest if taken == "1" else f"{rest} - {int(taken) - 1}"
    return f"{count} + 1"


class Writer:
    """Writes the nodes that the outputs of a plan need, each once."""

    def __init__(self, plan: Plan, like: str | None, taken: Iterable[str]) -> None:
        self.plan = plan
        self.lines: list[str] = []
        self._like = like
        self._taken = set(taken)
        self._text: dict[int, tuple[str, int]] = {}
        self._uses = self._count_uses()
        self._loops = loops_around(plan)
        self._carried: dict[str, list[str]] = {}
        self._rounds: dict[str, str] = {}
        self._last = {out.value for out in plan.outputs}
        self._before_last = {n for last in self._last for n in plan.nodes[last].args}
        self._selected = self._under("where", "fill")

    def _count_uses(self) -> Counter[int]:
        """How often each node is used; a finished plan has no node that is not."""
        uses = Counter(argument for node in self.plan.nodes for argument in node.args)
        for out in self.plan.outputs:
            uses.update(n for n in (out.value, out.guard) if n is not None)
        uses.update(number for _, number in self.plan.writes)
        return uses

    def _under(self, *ops: str) -> set[int]:
        """The nodes that some operations are computed from."""
        found: set[int] = set()
        for number in reversed(range(len(self.plan.nodes))):
            node = self.plan.nodes[number]
            if node.op in ops or number in found:
                found.update(node.args)
        return found

    def result(self, number: int) -> str:
        """The text of an output; its statements are in :attr:`lines`."""
        return self._operand(number, 0)

    def assigned(self, wanted: str, text: str) -> str:
        """A statement that gives a text a name; the name."""
        name = self.name(wanted if wanted.isidentifier() else "term")
        self.lines.append(f"{name} = {text}")
        return name

    def name(self, wanted: str) -> str:
        """A fresh local name."""
        # A helper's name begins with an underscore, so no local variable does.
        wanted = wanted.lstrip("_") or "part"
        base, n = wanted, 1
        while wanted in self._taken:
            n += 1
            wanted = f"{base}_{n}"
        self._taken.add(wanted)
        return wanted

    def _operand(self, number: int, strength: int) -> str:
        """The text of a node, in parentheses if it binds weaker than its place needs."""
        if number not in self._text:
            self._text[number] = self._written(number)
        text, own = self._text[number]
        return text if own >= strength else f"({text})"

    def _written(self, number: int) -> tuple[str, int]:
        node = self.plan.nodes[number]
        text, strength = self._expression(node)
        shared = self._uses[number] > 1 and node.op not in TRIVIAL
        if node.op == "size" or (number in self._last and not shared):
            return text, strength
        if node.op == "loop" and text.isidentifier():
            return text, strength
        limit = MAX_LAST if number in self._before_last else MAX_INLINE
        if not shared and len(text) <= limit and number not in self.plan.names:
            return text, strength
        return self._kept(number, text), ATOM

    def _kept(self, number: int, text: str) -> str:
        """A statement that gives the text of a node a name; the name."""
        wanted = self.plan.names.get(number) or NAMES.get(self.plan.nodes[number].op, "part")
        name = self.name(wanted)
        self.lines.append(f"{name} = {text}")
        return name

    def _named(self, number: int) -> str:
        """The name of a node whose text is known."""
        text, _ = self._text[number]
        if not text.isidentifier():
            text = self._kept(number, text)
            self._text[number] = text, ATOM
        return text

    # ------------------------------------------------------------ one node

    def _expression(self, node: Node) -> tuple[str, int]:
        op, args = node.op, node.args
        if op in METHODS:
            return METHODS[op].replace("@", self._operand(args[0], ATOM)), ATOM
        if op in FUNCTIONS:
            template = FUNCTIONS[op]
            strength = UNARY if "-@" in template else ATOM if template.startswith("@") else 0
            text = template.replace("@", self._operand(args[0], strength))
            return text.replace("(--", "("), UNARY if text.startswith("-") else ATOM
        if op in PAIRS:
            return f"{PAIRS[op]}({', '.join(self._operand(a, 0) for a in args)})", ATOM
        if op in ALONG:
            return self._along(node)
        if op in INFIX:
            return self._infix(node)
        write = getattr(self, f"_op_{op}", None)
        if write is None:
            raise InternalError(f"the torch backend has no operation {op!r}")
        found: tuple[str, int] = write(node)
        return found

    def _along(self, node: Node) -> tuple[str, int]:
        template = ALONG[node.op]
        strength = ATOM if template.startswith("@") else 0
        places = ", ".join(str(d) for d in node.attrs)
        along = places if len(node.attrs) == 1 else f"({places})"
        if node.op in ("amax", "amin"):
            dims = self.plan.nodes[node.args[0]].dims
            if any(dims[place] == "batch" for place in node.attrs if isinstance(place, int)):
                template = f"_{node.op}(@, $)"
        operand = self._operand(node.args[0], strength)
        return template.replace("$", along).replace("@", operand), ATOM

    def _op_less_one(self, node: Node) -> tuple[str, int]:
        if len(node.dims) > 2:
            # Arrays of images are too large for the digits of what is left of 1.
            return f"{self._operand(node.args[0], SUM)} - 1", SUM
        return f"-_rest({self._operand(node.args[0], 0)}, {node.attrs[0]})", UNARY

    def _infix(self, node: Node) -> tuple[str, int]:
        sign, strength = INFIX[node.op]
        if node.dtype == "static" and node.op in ("and", "or"):
            joined = f" {node.op} ".join(self._operand(a, COMPARE) for a in node.args)
            return joined, CHOICE + 1
        if sign in FLIPPED and self.plan.nodes[node.args[0]].op == "const":
            left, right = (self._operand(a, strength + 1) for a in node.args)
            return f"{right} {FLIPPED[sign]} {left}", strength
        return f" {sign} ".join(self._operand(a, strength + 1) for a in node.args), strength

    def _op_not(self, node: Node) -> tuple[str, int]:
        inner = self.plan.nodes[node.args[0]]
        if node.dtype == "static":
            return f"not {self._operand(node.args[0], COMPARE)}", CHOICE + 1
        if inner.op == "eq" and self._uses[node.args[0]] == 1:
            left, right = (self._operand(a, COMPARE + 1) for a in inner.args)
            return f"{left} != {right}", COMPARE
        return f"~{self._operand(node.args[0], UNARY)}", UNARY

    def _op_read(self, node: Node) -> tuple[str, int]:
        return str(node.attrs[0]), ATOM

    _op_hyper = _op_read

    def _op_const(self, node: Node) -> tuple[str, int]:
        value = node.attrs[0]
        if value in (float("inf"), float("-inf")):
            return f'float("{value}")', ATOM
        return repr(value), UNARY if isinstance(value, int | float) and value < 0 else ATOM

    def _op_size(self, node: Node) -> tuple[str, int]:
        return f"{node.attrs[0]}.shape[{node.attrs[1]}]", ATOM

    def _op_chosen(self, node: Node) -> tuple[str, int]:
        return f"{node.attrs[0]} == {str(node.attrs[1])!r}".replace("'", '"'), COMPARE

    def _device(self) -> str:
        return f"{self._like}.device" if self._like else "None"

    def _op_arange(self, node: Node) -> tuple[str, int]:
        device = f", device={self._device()}" if self._like else ""
        return f"torch.arange({self._operand(node.args[0], 0)}{device})", ATOM

    def _op_cast(self, node: Node) -> tuple[str, int]:
        dtype = f"{self._like}.dtype" if self._like else "torch.get_default_dtype()"
        return f"{self._operand(node.args[0], ATOM)}.to({dtype})", ATOM

    def _op_as_tensor(self, node: Node) -> tuple[str, int]:
        like = f", dtype={self._like}.dtype, device={self._like}.device" if self._like else ""
        return f"torch.as_tensor({self._operand(node.args[0], 0)}{like})", ATOM

    def _op_as_truth(self, node: Node) -> tuple[str, int]:
        like = f", device={self._device()}" if self._like else ""
        if self.plan.nodes[node.args[0]].op == "hyper":
            like = f", dtype=torch.bool{like}"
        return f"torch.as_tensor({self._operand(node.args[0], 0)}{like})", ATOM

    def _op_view(self, node: Node) -> tuple[str, int]:
        layout = list(node.attrs)
        order = [place for place in layout if isinstance(place, int)]
        text = self._operand(node.args[0], ATOM)
        if order != sorted(order):
            text = f"{text}.permute({', '.join(str(place) for place in order)})"
        missing = [n for n, place in enumerate(layout) if place is None]
        if len(missing) == 1:
            return f"{text}.unsqueeze({missing[0] - len(layout)})", ATOM
        if missing:
            marks = ["None" if place is None else ":" for place in layout]
            marks[: missing[0]] = ["..."]
            return f"{text}[{', '.join(marks)}]", ATOM
        return text, ATOM

    def _op_column(self, node: Node) -> tuple[str, int]:
        return f"_column({self._operand(node.args[0], 0)}, {node.attrs[0]})", ATOM

    def _op_add(self, node: Node) -> tuple[str, int]:
        text = ""
        for number, sign in zip(node.args, node.attrs, strict=True):
            if not text:
                text = (
                    self._operand(number, SUM)
                    if sign == "+"
                    else f"-{self._operand(number, UNARY)}"
                )
            else:
                text += f" {sign} {self._operand(number, SUM + 1)}"
        return text, SUM

    def _op_mul(self, node: Node) -> tuple[str, int]:
        return " * ".join(self._operand(a, PRODUCT) for a in node.args), PRODUCT

    def _op_div(self, node: Node) -> tuple[str, int]:
        if node.dtype == "static" and self._may_be_empty(node.args[1]):
            above, below = (self._operand(number, 0) for number in node.args)
            return f"_over({above}, {below})", ATOM
        left, right = self._operand(node.args[0], PRODUCT), self._operand(node.args[1], PRODUCT + 1)
        return f"{left} / {right}", PRODUCT

    def _may_be_empty(self, number: int) -> bool:
        """Whether a number is a difference of a size and of a constant, or a multiple of one."""
        node = self.plan.nodes[number]
        if node.op == "add":
            return "-" in node.attrs and all(
                self.plan.nodes[part].op in ("size", "const") for part in node.args
            )
        return node.op == "mul" and any(map(self._may_be_empty, node.args))

    def _op_neg(self, node: Node) -> tuple[str, int]:
        inner = self.plan.nodes[node.args[0]]
        if inner.op == "mul" and self._uses[node.args[0]] == 1:
            factors = [self._operand(a, PRODUCT) for a in inner.args]
            for n, factor in enumerate(factors):
                if factor.startswith(("-nn.", "-_rest(")):
                    return " * ".join([*factors[:n], factor[1:], *factors[n + 1 :]]), PRODUCT
        text = self._operand(node.args[0], PRODUCT)
        if not text.startswith(("-nn.", "-_rest(")):
            return f"-{text}", UNARY
        return text[1:], ATOM if inner.op in ("softplus", "less_one") else PRODUCT

    def _op_pow(self, node: Node) -> tuple[str, int]:
        base, exponent = self._operand(node.args[0], ATOM), self._operand(node.args[1], UNARY)
        if exponent == "2":
            # The slope of a power forms 2 x, which may overflow where the square is not taken.
            if node.args[0] in self._selected and node.dtype != "static":
                base = self._named(node.args[0])
            if base.isidentifier():
                return f"{base} * {base}", PRODUCT
        return f"{base} ** {exponent}", POWER

    _op_integer_pow = _op_pow

    def _op_where(self, node: Node) -> tuple[str, int]:
        return f"torch.where({', '.join(self._operand(a, 0) for a in node.args)})", ATOM

    def _op_fill(self, node: Node) -> tuple[str, int]:
        guard, value = (self._operand(a, 0) for a in node.args)
        fill = node.attrs[0]
        number = repr(fill) if fill in (0.0, 1.0) else f'float("{fill}")'
        return f"torch.where({guard}, {value}, {number})", ATOM

    def _op_clamp_min(self, node: Node) -> tuple[str, int]:
        bound = self._operand(node.args[1], 0)
        operand = self._operand(node.args[0], ATOM)
        return (f"{operand}.relu()" if bound == "0" else f"{operand}.clamp(min={bound})"), ATOM

    def _op_clamp_max(self, node: Node) -> tuple[str, int]:
        bound = self._operand(node.args[1], 0)
        return f"{self._operand(node.args[0], ATOM)}.clamp(max={bound})", ATOM

    def _op_choose(self, node: Node) -> tuple[str, int]:
        test, yes, no = (self._operand(a, CHOICE + 1) for a in node.args)
        return f"{yes} if {test} else {no}", CHOICE

    def _op_einsum(self, node: Node) -> tuple[str, int]:
        operands = ", ".join(self._operand(a, 0) for a in node.args)
        return f'torch.einsum("{node.attrs[0]}", {operands})', ATOM

    def _op_select(self, node: Node) -> tuple[str, int]:
        dim, place = node.attrs
        operand = self._operand(node.args[0], ATOM)
        return (
            f"{operand}[..., {place}]" if dim == -1 else f"{operand}.select({dim}, {place})"
        ), ATOM

    def _op_slice(self, node: Node) -> tuple[str, int]:
        dim, first, behind, step = node.attrs
        given = iter(node.args[1:])
        ends = [
            self._operand(next(given), 0) if end == "@" else "" if end is None else str(end)
            for end in (first, behind)
        ]
        gap = " " if any(not end.lstrip("-").isalnum() for end in ends if end) else ""
        text = f"{ends[0]}{gap}:{gap}{ends[1]}{'' if step == 1 else f'{gap}:{gap}{step}'}".strip()
        assert isinstance(dim, int)
        return f"{self._operand(node.args[0], ATOM)}[..., {text}{', :' * (-1 - dim)}]", ATOM

    def _op_narrow(self, node: Node) -> tuple[str, int]:
        array, size = self._operand(node.args[0], ATOM), self._operand(node.args[1], 0)
        return f"{array}.narrow({node.attrs[0]}, 0, {size})", ATOM

    def _op_windows(self, node: Node) -> tuple[str, int]:
        array, size = (self._operand(a, 0) for a in node.args)
        return f"_windows({array}, {node.attrs[0]}, {size})", ATOM

    def _op_pad(self, node: Node) -> tuple[str, int]:
        array, low, high = (self._operand(a, 0) for a in node.args)
        assert isinstance(node.attrs[0], int)
        others = "0, 0, " * (-1 - node.attrs[0])
        return f"nn.functional.pad({array}, ({others}{low}, {high}))", ATOM

    def _op_flip(self, node: Node) -> tuple[str, int]:
        return f"{self._operand(node.args[0], ATOM)}.flip({node.attrs[0]})", ATOM

    def _op_select_at(self, node: Node) -> tuple[str, int]:
        array, place = self._operand(node.args[0], ATOM), self._operand(node.args[1], 0)
        if node.attrs == (-1,):
            return f"{array}[..., {place}]", ATOM
        return f"{array}.select({node.attrs[0]}, {place})", ATOM

    def _op_take(self, node: Node) -> tuple[str, int]:
        array, index = self._operand(node.args[0], ATOM), self._operand(node.args[1], 0)
        rank = len(self.plan.nodes[node.args[0]].dims)
        return (f"{array}[{index}]" if rank == 1 else f"{array}[..., {index}]"), ATOM

    def _op_gather(self, node: Node) -> tuple[str, int]:
        array, index = self._operand(node.args[0], ATOM), self._operand(node.args[1], 0)
        dim = node.attrs[0]
        return f"{array}.gather({dim}, {index}).squeeze({dim})", ATOM

    def _op_log_odds(self, node: Node) -> tuple[str, int]:
        array, index = (self._operand(a, 0) for a in node.args)
        return f"_log_odds({array}, {index}, {node.attrs[0]})", ATOM

    def _op_root_mean_square(self, node: Node) -> tuple[str, int]:
        array, count = (self._operand(a, 0) for a in node.args)
        along = node.attrs[0] if len(node.attrs) == 1 else node.attrs
        return f"_root_mean_square({array}, {count}, {along})", ATOM

    def _op_pick(self, node: Node) -> tuple[str, int]:
        array, index = (self._operand(a, 0) for a in node.args)
        return f"_pick({array}, {index})", ATOM

    def _op_take_along(self, node: Node) -> tuple[str, int]:
        array, index = (self._operand(a, 0) for a in node.args)
        dim = node.attrs[0]
        return f"torch.take_along_dim({array}, {index}, {dim}).squeeze({dim})", ATOM

    def _op_along(self, node: Node) -> tuple[str, int]:
        array, index = (self._operand(a, 0) for a in node.args)
        return f"torch.take_along_dim({array}, {index}, {node.attrs[0]})", ATOM

    def _op_diagonal(self, node: Node) -> tuple[str, int]:
        first, second = node.attrs
        where = (
            "" if len(self.plan.nodes[node.args[0]].dims) == 2 else f"dim1={first}, dim2={second}"
        )
        return f"{self._operand(node.args[0], ATOM)}.diagonal({where})", ATOM

    def _op_topk(self, node: Node) -> tuple[str, int]:
        array, count = self._operand(node.args[0], ATOM), self._operand(node.args[1], 0)
        return f"{array}.topk({count}, dim={node.attrs[0]}).values", ATOM

    def _op_eigenvalues(self, node: Node) -> tuple[str, int]:
        matrix, *keep = (self._operand(a, 0) for a in node.args)
        if keep:
            matrix = f"_lowered({matrix}, {keep[0]})"
        return f"_{node.op}({matrix})", ATOM

    _op_eigenvectors = _op_eigenvalues

    def _op_quantile(self, node: Node) -> tuple[str, int]:
        array, level = (self._operand(a, 0) for a in node.args)
        return f"torch.{node.op}({array}, {level}, dim={node.attrs[0]})", ATOM

    _op_nanquantile = _op_quantile

    def _op_following(self, node: Node) -> tuple[str, int]:
        old, new = (self._operand(a, 0) for a in node.args)
        return f"_following({old}, {new}, training)", ATOM

    def _op_scatter(self, node: Node) -> tuple[str, int]:
        old, value, keep, *indices = (self._operand(a, 0) for a in node.args)
        return f"_scattered({old}, ({', '.join(indices)},), {value}, {keep})", ATOM

    def _op_push(self, node: Node) -> tuple[str, int]:
        return f"_pushed({', '.join(self._operand(a, 0) for a in node.args)})", ATOM

    def _op_prior(self, node: Node) -> tuple[str, int]:
        return self._carried[str(node.attrs[0])][int(str(node.attrs[1])) - 1], ATOM

    def _op_round(self, node: Node) -> tuple[str, int]:
        return self._rounds[str(node.attrs[0])], ATOM

    def _op_loop(self, node: Node) -> tuple[str, int]:
        loop, title, first, depth, keep = node.attrs
        assert isinstance(loop, str)
        assert isinstance(first, int)
        assert isinstance(depth, int)
        count, *starts, result = node.args
        wanted = str(title) if str(title).isidentifier() else "value"
        for number in self._constant_in_loop(result, loop):
            self._operand(number, 0)
            self._named(number)
        names = [self.name(wanted)] + [self.name(f"{wanted}_{n + 1}") for n in range(1, depth)]
        self._carried[loop], self._rounds[loop] = names, self.name("step")
        texts = [self._unnamed(start) for start in starts]
        for name, text in zip(names, reversed(texts), strict=False):
            self.lines.append(f"{name} = {text}")
        history = self.name(f"all_{wanted}") if keep else ""
        if keep:
            older = [*texts[: len(texts) - depth], *reversed(names)][-len(texts) :]
            self.lines.append(f"{history} = [{', '.join(older)}]")
        outside, self.lines = self.lines, []
        value = self._unnamed(result)
        if value != names[0] or depth > 1:
            self.lines.append(
                f"{', '.join(reversed(names))} = {', '.join([*names[-2::-1], value])}"
            )
        if keep:
            self.lines.append(f"{history}.append({names[0]})")
        inside, self.lines = self.lines, outside
        end = _incremented(self._operand(count, SUM))
        self.lines.append(f"for {self._rounds[loop]} in range({first}, {end}):")
        self.lines += [f"    {line}" for line in inside]
        if not keep:
            return names[0], ATOM
        return f"torch.stack(torch.broadcast_tensors(*{history}), -1)", ATOM

    def _unnamed(self, number: int) -> str:
        """The text of a node that is given a name where it stands."""
        if self._uses[number] > 1 or number in self._text:
            return self._operand(number, 0)
        return self._expression(self.plan.nodes[number])[0]

    def _constant_in_loop(self, result: int, loop: str) -> list[int]:
        """What a round needs and every round shares, and that is worth a name."""
        open_loops = {*self._carried}
        found: dict[int, None] = {}

        def visit(number: int) -> None:
            node = self.plan.nodes[number]
            if self._loops[number] <= open_loops:
                if self._is_worth_a_name(number):
                    found.setdefault(number)
                return
            for argument in node.args:
                visit(argument)

        visit(result)
        return list(found)

    def _is_worth_a_name(self, number: int) -> bool:
        """Whether a value is shared, or more than a number or a view of an input."""
        node = self.plan.nodes[number]
        if node.op in (*TRIVIAL, "size"):
            return False
        plain = all(self.plan.nodes[a].op in (*TRIVIAL, "size") for a in node.args)
        cheap = plain and (node.op == "view" or node.dtype == "static") and node.op != "column"
        return self._uses[number] > 1 or not cheap

    def _op_full(self, node: Node) -> tuple[str, int]:
        sizes = ", ".join(self._operand(a, 0) for a in node.args)
        value = node.attrs[0]
        if value in (float("inf"), float("-inf")):
            value = f'float("{value}")'
        if self._like is None:
            return f"torch.full(({sizes},), {value})", ATOM
        if value == 0:
            return f"{self._like}.new_zeros({sizes})", ATOM
        return f"{self._like}.new_full(({sizes},), {value})", ATOM

    def _op_expand(self, node: Node) -> tuple[str, int]:
        array = self._operand(node.args[0], ATOM)
        return f"{array}.expand({', '.join(self._operand(a, 0) for a in node.args[1:])})", ATOM
