"""Domains as exact bounds, and the region of a loss's hyperparameters."""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr, Integer, Rational, S

from losslang.ir.heads import ONE, ZERO
from losslang.ir.loss import PROGRESS, Domain, Loss
from losslang.verify.statement import Bounds, Region, point


def bounds_of(domain: Domain) -> Bounds:
    """A domain as exact bounds."""
    return Bounds(
        S.NegativeInfinity if domain.low is None else _rational(domain.low),
        S.Infinity if domain.high is None else _rational(domain.high),
        domain.low is not None and domain.low_closed,
        domain.high is not None and domain.high_closed,
    )


def _rational(number: Fraction) -> Rational:
    return Rational(number.numerator, number.denominator)


def sizes(fixed: Expr | None) -> Bounds:
    """What the number of classes may be: ``fixed``, or anything from 2."""
    return Bounds(Integer(2), S.Infinity, low_closed=True) if fixed is None else point(fixed)


def region_of(loss: Loss) -> Region:
    """The hyperparameters that are numbers, and training progress where the loss depends on it."""
    region = Region()
    for hyper in loss.hyperparameters:
        bounds = bounds_of(hyper.domain)
        if hyper.axes:
            reads = (*region.reads, (hyper.tensor, bounds))
            region = Region(region.variables, region.conditions, reads)
        elif hyper.kind != "choice":
            region = region.having(hyper.symbol, bounds)
    if any(PROGRESS in term.body.free_symbols for term in loss.terms):
        region = region.having(PROGRESS, Bounds(ZERO, ONE, low_closed=True, high_closed=True))
    return region
