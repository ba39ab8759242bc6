"""Hyperparameters with values in their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Rational

from losslang.ir.binders import substitute, substitution
from losslang.ir.heads import At, Axis
from losslang.ir.loss import Hyperparameter, Loss
from losslang.ir.truth import Chosen, Delta
from losslang.verify.readings.algebra import rewritten
from losslang.verify.readings.memory import written_out


def fixed(loss: Loss, settings: Mapping[str, Any]) -> Loss:
    """The loss with values for some of its hyperparameters, which it then no longer has.

    What it makes of its states is written out. Numbers are meant exactly; a float is the decimal
    that it prints as. A choice is a word, an array nested lists. Raises ``ValueError`` for an
    unknown name, a value outside the domain, or one of the wrong kind or shape.
    """
    loss = written_out(loss)
    known = {hyper.name: hyper for hyper in loss.hyperparameters}
    for name, value in settings.items():
        if name not in known:
            raise ValueError(f"no hyperparameter {name!r}; there are {', '.join(known) or 'none'}")
        loss = _fixed(loss, known[name], value)
        known = {hyper.name: hyper for hyper in loss.hyperparameters}
    return loss


def with_values(loss: Loss, values: Mapping[sympy.Symbol, Expr]) -> Loss:
    """The loss with formulas in place of scalar hyperparameters, which it then no longer has."""
    for hyper in loss.hyperparameters:
        if not hyper.axes and hyper.symbol in values:
            loss = _without(loss, hyper, values[hyper.symbol])
    return mapped(loss, substitution(values))


def settled(loss: Loss) -> Loss:
    """The loss with the defaults of its words and truth values, and of arrays' lengths.

    An array along an axis that no input has becomes as many scalar hyperparameters ``eps[0]``,
    ``eps[1]``, ... as its default has entries.
    """
    shared = {axis for known in loss.inputs for axis in known.axes}
    for hyper in loss.hyperparameters:
        if hyper.default is None:
            continue
        if hyper.kind in ("choice", "bool"):
            loss = _fixed(loss, hyper, hyper.default)
        elif hyper.axes and not shared.intersection(hyper.axes):
            loss = _taken_apart(loss, hyper)
    return loss


def _fixed(loss: Loss, hyper: Hyperparameter, value: Any) -> Loss:
    if hyper.kind == "choice":
        if value not in hyper.options:
            raise ValueError(f"{hyper.name!r} is one of {', '.join(hyper.options)}, not {value!r}")
        words = {Chosen(hyper.name, o): Integer(int(o == value)) for o in hyper.options}
        return _without(mapped(loss, substitution(words)), hyper, value)
    if not hyper.axes:
        number = _checked(hyper, value)
        return _without(mapped(loss, substitution({hyper.symbol: number})), hyper, number)
    shape, entries = _entries(hyper, value)
    numbers = {k: _checked(hyper, v) for k, v in entries.items()}
    return _listed(loss, hyper, value, shape, numbers)


def _checked(hyper: Hyperparameter, value: Any) -> Rational:
    number = _number(hyper, value)
    fraction = Fraction(int(number.p), int(number.q))
    if fraction not in hyper.domain:
        raise ValueError(f"{hyper.name!r} must be {hyper.domain}, not {value}")
    if (hyper.kind == "int" and number.q != 1) or (hyper.kind == "bool" and number not in (0, 1)):
        raise ValueError(f"{hyper.name!r} is of kind {hyper.kind}, not {value}")
    return number


def _number(hyper: Hyperparameter, value: Any) -> Rational:
    if isinstance(value, Fraction):
        return Rational(value.numerator, value.denominator)
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, bool):
        value = int(value)
    try:
        number = Rational(value)
    except (TypeError, ValueError):
        raise ValueError(f"{hyper.name!r} is a number, not {value!r}") from None
    if not number.is_finite:
        raise ValueError(f"{hyper.name!r} is a number, not {value}")
    return number


def _entries(hyper: Hyperparameter, value: Any) -> tuple[tuple[int, ...], dict[Any, Any]]:
    """The shape of nested lists, and their entries by place."""
    level: dict[tuple[int, ...], Any] = {(): value}
    shape: list[int] = []
    for _ in hyper.axes:
        lists = list(level.values())
        if not all(isinstance(v, Sequence) and not isinstance(v, str) for v in lists):
            raise ValueError(f"{hyper.name!r} has {len(hyper.axes)} axes, not {len(shape)}")
        lengths = {len(v) for v in lists}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(f"{hyper.name!r} is no full array")
        shape.append(lengths.pop())
        level = {(*k, n): entry for k, v in level.items() for n, entry in enumerate(v)}
    return tuple(shape), level


def _taken_apart(loss: Loss, hyper: Hyperparameter) -> Loss:
    shape, entries = _entries(hyper, hyper.default)
    scalars = {
        place: replace(
            hyper, name=f"{hyper.name}[{', '.join(map(str, place))}]", axes=(), default=v
        )
        for place, v in entries.items()
    }
    symbols = {place: s.symbol for place, s in scalars.items()}
    loss = _listed(loss, hyper, None, shape, symbols)
    loss = replace(loss, values={k: v for k, v in loss.values.items() if k != hyper.name})
    return replace(loss, hyperparameters=(*loss.hyperparameters, *scalars.values()))


def _listed(
    loss: Loss,
    hyper: Hyperparameter,
    value: Any,
    shape: tuple[int, ...],
    entries: Mapping[Any, Expr],
) -> Loss:
    """The loss with an array written out, and its axes of the array's size."""
    sizes: dict[Basic, Basic] = {}
    for axis, size in zip(hyper.axes, shape, strict=True):
        if axis.size not in (None, size) or sizes.get(axis, axis) not in (axis, _sized(axis, size)):
            raise ValueError(f"{hyper.name!r} has {size} places on axis {axis.name!r}")
        if axis.size is None:
            sizes[axis] = _sized(axis, size)
    alike = list(dict.fromkeys(entries.values()))

    def listed(e: Basic) -> Basic:
        if not isinstance(e, At) or e.tensor != hyper.tensor:
            return e
        if len(alike) == 1:
            return alike[0]
        chosen = {k: zip(e.indices, k, strict=True) for k in entries}
        return sympy.Add(
            *(
                v * sympy.Mul(*(Delta(i, Integer(n)) for i, n in chosen[k]))
                for k, v in entries.items()
            )
        )

    loss = _without(mapped(loss, lambda formula: rewritten(formula, listed)), hyper, value)
    return resized(loss, sizes) if sizes else loss


def _sized(axis: Axis, size: int) -> Axis:
    return Axis(axis.name, Integer(size))


def _without(loss: Loss, hyper: Hyperparameter, value: Any) -> Loss:
    kept = tuple(h for h in loss.hyperparameters if h.name != hyper.name)
    return replace(loss, hyperparameters=kept, values={**loss.values, hyper.name: value})


def mapped(loss: Loss, new: Callable[[Any], Any]) -> Loss:
    """The loss with every formula rewritten."""
    return replace(
        loss,
        terms=tuple(replace(t, body=new(t.body), guard=new(t.guard)) for t in loss.terms),
        requires=tuple(
            replace(r, condition=new(r.condition), guard=new(r.guard)) for r in loss.requires
        ),
        hyperparameters=tuple(
            h if h.formula is None else replace(h, formula=new(h.formula))
            for h in loss.hyperparameters
        ),
        values={k: new(v) if isinstance(v, Basic) else v for k, v in loss.values.items()},
    )


def resized(loss: Loss, sizes: Mapping[Basic, Basic]) -> Loss:
    """The loss with other axes in place of some, everywhere."""

    def new(axes: Iterable[Axis]) -> tuple[Any, ...]:
        return tuple(sizes.get(axis, axis) for axis in axes)

    loss = mapped(loss, substitution(sizes))
    inputs = tuple(
        replace(
            known,
            axes=new(known.axes),
            over=None if known.over is None else new((known.over,))[0],
            pack=None if known.pack is None else new((known.pack,))[0],
        )
        for known in loss.inputs
    )
    hypers = tuple(replace(hyper, axes=new(hyper.axes)) for hyper in loss.hyperparameters)
    terms = tuple(
        replace(term, result=tuple(substitute(index, sizes) for index in term.result))
        for term in loss.terms
    )
    return replace(loss, inputs=inputs, hyperparameters=hypers, terms=terms)
