"""What the checker refuses before it looks at proofs: questions, readings, regions and halves."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy
from sympy import S, oo

from losslang import driver
from losslang.verify.admit import admit
from losslang.verify.check import (
    ARGUMENTS,
    INPUT,
    LEVEL,
    LOSS,
    POINT,
    QUANTITY,
    check_certificate,
    together,
)
from losslang.verify.engine import Engine
from losslang.verify.partition import leaves
from losslang.verify.proof import Proof, Rejected, check
from losslang.verify.properties import PROPERTIES
from losslang.verify.readings import Curve
from losslang.verify.readings.recognise import readings
from losslang.verify.rules import RULES
from losslang.verify.statement import LINE, POSITIVE, Bounds, Limit, Region, Sign
from losslang.verify.theorem import Question
from losslang.verify.verdict import Certificate, Cut, Part, Split

x, y = sympy.symbols("x y", real=True)
p = sympy.Symbol("p", positive=True)
n = sympy.Symbol("n", integer=True)


@pytest.fixture(scope="module")
def hinge():
    return driver.elaborated("hinge")


@pytest.fixture(scope="module")
def poly1():
    return driver.elaborated("poly1")


def certificate(loss, property, *arguments) -> Certificate:
    engine = Engine(loss, 60)
    found = engine.decide(engine.asked(property, arguments)).certificate
    assert found is not None
    return found


def part_of(certificate: Certificate) -> Part:
    """The argument of a certificate that is not divided."""
    assert isinstance(certificate.argument, Part)
    return certificate.argument


def split_of(certificate: Certificate) -> Split:
    """The argument of a certificate that is divided."""
    assert isinstance(certificate.argument, Split)
    return certificate.argument


# ---------------------------------------------------------------- questions


@pytest.mark.parametrize(
    "question",
    [
        Question("convex", ("score",), ""),
        Question("convex", (), ""),
        Question("convex", (), "score"),
        Question("convex", ("target",), "score"),
        Question("convex", ("logits",), "logits"),
        Question("convex", ("score", "2"), "score"),
    ],
    ids=str,
)
def test_a_question_names_the_input_that_it_is_about(hinge, question):
    known = certificate(hinge, "convex", "score")
    with pytest.raises(Rejected):
        check_certificate(hinge, replace(known, question=question))


def test_a_norm_is_one_of_the_known_ones(hinge):
    known = certificate(hinge, "lipschitz", "score")
    with pytest.raises(Rejected, match="means nothing"):
        check_certificate(
            hinge, replace(known, question=Question("lipschitz", ("score", "7"), "score"))
        )


def test_the_checker_knows_the_arguments_of_every_property():
    plain = (INPUT, LEVEL, LOSS, POINT, QUANTITY)
    kinds = {kind.strip("<>"): kind for kind in plain}
    for name, known in PROPERTIES.items():
        found = ARGUMENTS.get(name, ())
        assert len(found) == len(known.arguments), name
        for place, kind in zip(found, known.arguments, strict=True):
            assert place == ((kinds[kind],) if kind in kinds else known.words), name
    assert set(ARGUMENTS) <= set(PROPERTIES)


def test_what_is_proved_is_said_with_its_settings(poly1):
    said = check_certificate(poly1, certificate(poly1, "calibrated"))
    assert [line.split(", by")[0] for line in said] == [
        "calibrated fails for eps <= -2",
        "calibrated holds for eps > -2",
    ]


# ---------------------------------------------------------------- readings and halves


def test_labels_that_read_differently_are_shown_together():
    loss = driver.elaborated("bce")
    curves = [n for n, r in enumerate(readings(loss)) if getattr(r, "case", "")]
    assert len(curves) > 1
    assert together(readings(loss), curves[0]) == curves
    first = readings(loss)[curves[0]]
    assert isinstance(first, Curve)
    known = certificate(loss, "convex", first.input)
    part = part_of(known)
    with pytest.raises(Rejected, match="leaves out a label"):
        check_certificate(loss, replace(known, argument=replace(part, uses=part.uses[:1])))


def test_no_reading_is_used_twice(hinge):
    known = certificate(hinge, "calibrated")
    part = replace(part_of(known), uses=part_of(known).uses * 2)
    with pytest.raises(Rejected, match="twice"):
        check_certificate(hinge, replace(known, argument=part))


def test_a_part_uses_some_reading(hinge):
    known = certificate(hinge, "calibrated")
    with pytest.raises(Rejected, match="does not read so"):
        check_certificate(hinge, replace(known, argument=replace(part_of(known), uses=())))


def test_halves_that_leave_a_setting_out_are_refused():
    # A loss that is convex for c != 0 alone, divided at 1/c.
    loss = driver.elaborated("huber")
    known = certificate(loss, "convex", "prediction")
    delta = loss.hyperparameters[0].symbol
    split = Split(delta, 1 / (delta - 1), True, known.argument, known.argument)
    with pytest.raises(Rejected, match="not divided"):
        check_certificate(loss, replace(known, argument=split))


def test_halves_cover_all_settings_whatever_the_file_says(poly1):
    known = certificate(poly1, "calibrated")
    (below, _), (above, _) = leaves(known.argument)
    assert (below[0].closed, above[0].closed) == (True, False)
    split = split_of(known)
    moved = replace(split, at=split.at + 1)
    with pytest.raises(Rejected):
        check_certificate(poly1, replace(known, argument=moved))
    with pytest.raises(Rejected):
        check_certificate(poly1, replace(known, argument=replace(split, above_closed=True)))


def test_a_part_alone_proves_its_own_settings_only(poly1):
    known = certificate(poly1, "calibrated")
    split = split_of(known)
    above = split.above
    with pytest.raises(Rejected):
        check_certificate(poly1, replace(known, argument=above))
    way = (Cut(split.symbol, S(-2), True, False),)
    assert check_certificate(poly1, replace(known, argument=above, way=way))


@pytest.mark.parametrize(
    "guess", [{"at": x}, {"at": oo}, {}, {"value": sympy.Symbol("m", real=True)}]
)
def test_guesses_that_mean_nothing_are_refused(hinge, guess):
    known = certificate(hinge, "lipschitz", "score")
    part = part_of(known)
    use = replace(part.uses[0], guess=guess)
    with pytest.raises(Rejected):
        check_certificate(hinge, replace(known, argument=replace(part, uses=(use,))))


# ---------------------------------------------------------------- statements


SENSE = (
    Sign(x + p, ">", Region(((p, POSITIVE), (x, Bounds(p, oo))))),
    Sign(n, ">=", Region(((n, Bounds(S.Zero, oo, True)),))),
    Limit(1 / x, x, oo, "-", S.Zero),
    Sign(S.One, ">"),
)
NONSENSE = (
    Sign(x + y, ">", Region(((x, LINE),))),
    Sign(p, ">", Region(((p, LINE),))),
    Sign(p, ">", Region(((p, Bounds(S.Zero, oo, True)),))),
    Sign(x, ">", Region(((x, Bounds(y, oo)), (y, LINE)))),
    Sign(x, ">", Region(((x, LINE), (sympy.Symbol("x", positive=True), POSITIVE)))),
    Sign(x, ">", Region(((x, LINE),), (sympy.Symbol("z"),))),
    Sign(
        sympy.Symbol("q", rational=True), ">", Region(((sympy.Symbol("q", rational=True), LINE),))
    ),
    Sign(sympy.Symbol("k", even=True), ">", Region(((sympy.Symbol("k", even=True), LINE),))),
    Limit(x, x, y, "+", y, Region()),
    Limit(x, x, S.Zero, "+", S.Zero, Region(((x, LINE),))),
    Limit(x, x, S.Zero, "+", x),
    Sign(sympy.I * x, ">", Region(((x, LINE),))),
)


@pytest.mark.parametrize("statement", SENSE, ids=str)
def test_a_statement_about_its_region_makes_sense(statement):
    admit(statement)


@pytest.mark.parametrize("statement", NONSENSE, ids=str)
def test_strangers_and_assumptions_that_do_not_follow_make_none(statement):
    with pytest.raises(Rejected):
        admit(statement)


def test_an_assumption_that_a_rule_loses_on_the_way_is_noticed():
    # Below 0, what SymPy makes of sqrt(p**2) for a positive p is wrong.
    goal = Sign(sympy.sqrt(p**2) + 2, ">", Region(((p, POSITIVE),)))
    inner = Proof("composition")
    tree = Proof("split", {"variable": p, "at": (S(-1),)}, (inner, inner, inner))
    check(goal, tree, RULES)
    with pytest.raises(Rejected, match="does not imply"):
        check(goal, tree, RULES, admit)


@pytest.mark.parametrize(
    "goal",
    [
        Sign(1 / x**2, ">", Region(((x, Bounds(-S.One, S.One)),))),
        Sign(1 / x, ">", Region(((x, Bounds(S.Zero, S.One, True)),))),
        Sign(-sympy.log(x), ">=", Region(((x, Bounds(S.Zero, S.One, True)),))),
    ],
    ids=str,
)
def test_boxes_do_not_take_a_limit_for_a_value(goal):
    for word in ("n", "0nn", "m"):
        with pytest.raises(Rejected):
            check(goal, Proof("boxes", {"subdivision": word, "bits": 80}), RULES)
