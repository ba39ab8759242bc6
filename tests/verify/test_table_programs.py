"""The programs of the tables that are written out are the formulas that their rows speak of.

Oracle: the formulas as papers print them, in the margin m, the probability p, the residual r.
"""

from __future__ import annotations

import mpmath
import pytest
import sympy

from losslang.ir.interpret import interpret
from tests.ir.programs import near
from tests.verify.table import MORE, ROWS, local, margin, regression
from tests.verify.table.compare import loss_of

HYPERS = {
    "gamma": 0.75,
    "a": 1.5,
    "b": 0.75,
    "c": 0.5,
    "q": 0.25,
    "eps": -0.5,
    "lam": 1,
    "tau": 0.25,
}
HYPERS |= {"alpha": -1.5}
SCOPE = {name: sympy.Symbol(name) for name in (*HYPERS, "m", "p", "r")}

MARGIN = {
    margin.SQUARED_HINGE: "Max(0, 1 - m)**2",
    margin.HINGE: "Max(0, 1 - m)",
    margin.LOGISTIC: "log(1 + exp(-m))",
    margin.EXPONENTIAL: "exp(-m)",
    margin.SQUARE: "(1 - m)**2",
    margin.UNHINGED: "1 - m",
    margin.ABSOLUTE: "Abs(1 - m)",
    margin.SIGMOID: "1/(1 + exp(m))",
    margin.RAMP: "Min(2, Max(0, 1 - m))",
    margin.RAMP_0: "Min(1, Max(0, 1 - m))",
    margin.RAMP_HALF: "Min(1/2, Max(0, 1 - m))",
    margin.HINGE_PERCEPTRON: "Max(0, 1 - m) + Max(0, -m)",
    margin.MODIFIED_HUBER: "Piecewise((Max(0, 1 - m)**2, m >= -1), (-4*m, True))",
    margin.RENNIE: "Piecewise((1/2 - m, m <= 0), ((1 - m)**2/2, m < 1), (0, True))",
    margin.SMOOTHED: "Piecewise((0, m >= 1), (1 - m - gamma/2, m <= 1 - gamma),"
    " ((1 - m)**2/(2*gamma), True))",
    margin.LUM: "Piecewise((1 - m, m < c/(1 + c)), ((a/((1 + c)*m - c + a))**a/(1 + c), True))",
    margin.LUM_2_1: "Piecewise((1 - m, m < 1/2), (1/2*(2/(2*m - 1 + 2))**2, True))",
    margin.DWD: "Piecewise((1 - m, m <= 1/2), (1/(4*m), True))",
    margin.FOCAL: "-(1 - 1/(1 + exp(-m)))**gamma*log(1/(1 + exp(-m)))",
    margin.GCE: "(1 - (1/(1 + exp(-m)))**q)/q",
}
LOCAL = {
    local.CROSS_ENTROPY: "-log(p)",
    local.FOCAL: "-(1 - p)**gamma*log(p)",
    local.POLY1: "-log(p) + eps*(1 - p)",
    local.GCE: "(1 - p**q)/q",
    local.MAE: "1 - p",
    # the divergence of the label and of the prediction from their mean, halved
    local.JS: "(log(1/((1 + p)/2)) + p*log(p/((1 + p)/2)) + (1 - p)*log(2))/2",
    local.HELLINGER: "2 - 2*sqrt(p)",
    local.SQUARE: "(1 - p)**2",
    local.TRAP: "(p - 9/20)**2",
    local.LDR: "lam*log(exp(c/lam)/p + 1 - exp(c/lam))",
    local.AGCE: "((a + 1)**b - (a + p)**b)/b",
    local.AUL: "((a - p)**b - (a - 1)**b)/b",
    local.AEL: "exp(-p/a)",
    local.INVERSE: "1/p - 1",
    local.TAYLOR_3: "1 - p + (1 - p)**2/2 + (1 - p)**3/3",
}
RESIDUAL = {
    regression.WELSCH: "c**2/2*(1 - exp(-(r/c)**2))",
    regression.GEMAN_MCCLURE: "r**2/(2*(1 + r**2))",
    regression.CAUCHY: "log(1 + r**2)/2",
    regression.HUBER: "Piecewise((r**2/2, Abs(r) <= 1), (Abs(r) - 1/2, True))",
    regression.EXPECTILE: "Piecewise((tau, r >= 0), (1 - tau, True))*r**2",
    regression.PINBALL: "Piecewise((tau*r, r >= 0), ((tau - 1)*r, True))",
    regression.LINEX: "exp(r) - r - 1",
    regression.BARRON: "Abs(alpha - 2)/alpha*(((r/c)**2/Abs(alpha - 2) + 1)**(alpha/2) - 1)",
}
POINTS = (-3.5, -0.75, -0.25, 0.25, 0.625, 1.5, 4.0)


def name(program: str) -> str:
    return program.split("(")[0].split()[-1]


def value(program: str, inputs: dict) -> object:
    loss = loss_of(program)
    hypers = {h.name: HYPERS[h.name] for h in loss.hyperparameters}
    return interpret(loss, inputs, hypers).mean


def formula(text: str, **at: object) -> object:
    numbers = {name: sympy.Rational(v) for name, v in HYPERS.items()}
    known = sympy.sympify(text, locals=SCOPE, rational=True).subs(numbers)
    at_point = known.subs({SCOPE[name]: number for name, number in at.items()}).evalf(60)
    with mpmath.workdps(60):
        return mpmath.mpf(at_point)


@pytest.mark.parametrize("program", MARGIN, ids=name)
@pytest.mark.parametrize("m", POINTS)
def test_margin(program, m):
    known = formula(MARGIN[program], m=sympy.Rational(m))
    assert near(value(program, {"score": [m], "target": [1]}), known)
    assert near(value(program, {"score": [-m], "target": [-1]}), known)


@pytest.mark.parametrize("program", LOCAL, ids=name)
@pytest.mark.parametrize("z", POINTS)
def test_local(program, z):
    # the softmax of (z, log 2, 0) in its first place
    p = 1 / (1 + 3 * sympy.exp(-sympy.Rational(z)))
    with mpmath.workdps(60):
        logits = [mpmath.mpf(z), mpmath.log(2), 0]
    found = value(program, {"logits": [logits], "target": [0]})
    assert near(found, formula(LOCAL[program], p=p), digits=40)


@pytest.mark.parametrize("program", RESIDUAL, ids=name)
@pytest.mark.parametrize("r", POINTS)
def test_residual(program, r):
    found = value(program, {"prediction": [2.0], "target": [2.0 + r]})
    assert near(found, formula(RESIDUAL[program], r=sympy.Rational(r)))


def test_all_rows_name_inputs_and_hyperparameters_that_are_there():
    for row in (*ROWS, *MORE):
        loss = loss_of(row.program)
        assert set(row.settings) <= {h.name for h in loss.hyperparameters}
        word, _, rest = row.property.partition("(")
        if rest and word != "elicits":
            assert rest.rstrip(")").split(",")[0] in {i.name for i in loss.inputs}, row
