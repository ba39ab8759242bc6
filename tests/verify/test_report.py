"""Reports: verdicts on demand, questions explained, tables, data and certificates."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
import sympy
from sympy import Integer, Rational, S, Symbol

from losslang.diagnostics import DiagnosticError
from losslang.verify import layout, wording
from losslang.verify.decode import decode_certificate
from losslang.verify.picture import pictures
from losslang.verify.verdict import Verdict, Witness
from tests.verify.engines import (
    BOUNDED,
    CALIBRATED,
    CERTIFICATE,
    CONVEX,
    EPS,
    FALLS,
    LIPSCHITZ,
    STANDS,
    VERDICTS,
    KnownEngine,
    report,
)

SCHEMA = Path(__file__).resolve().parents[2] / "docs/verify.schema.json"


# ---------------------------------------------------------------- asking


def test_asking_for_one_property_decides_that_one():
    engine = KnownEngine()
    assert report(engine=engine)["calibrated"] is VERDICTS[CALIBRATED]
    assert engine.decided == [CALIBRATED]


def test_a_question_is_decided_once():
    engine = KnownEngine()
    found = report(engine=engine)
    assert found["convex"] is found["convex(logits)"] is found[" convex( logits ) "]
    assert engine.decided == [CONVEX]


def test_a_report_is_a_mapping_over_the_questions_with_a_meaning():
    found = report()
    assert list(found) == ["calibrated", "convex(logits)", "lipschitz(logits)", "bounded"]
    assert len(found) == 4
    assert dict(found)["bounded"].status == "unknown"


def test_looking_whether_a_question_has_a_meaning_decides_nothing():
    engine = KnownEngine()
    found = report(engine=engine)
    assert "convex(logits)" in found
    assert "elicits(mean)" not in found
    assert "nonsense" not in found
    assert 3 not in found  # type: ignore[comparison-overlap]
    assert engine.decided == []


def test_printing_decides_everything():
    engine = KnownEngine()
    str(report(engine=engine))
    assert engine.decided == list(VERDICTS)


def test_a_glance_at_the_object_decides_nothing():
    engine = KnownEngine()
    assert repr(report(engine=engine)) == "<verification of poly1: 0 of 4 questions decided>"
    assert engine.decided == []


def test_a_word_may_follow_the_input():
    assert report().question("lipschitz(logits, inf)").arguments == ("logits", "inf")
    assert report().question("lipschitz(inf)").arguments == ("logits", "inf")


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("calibratd", "unknown-property", "did you mean 'calibrated'?"),
        ("xyz", "unknown-property", "docs/verify.md lists the properties"),
        ("2 * calibrated", "unknown-property", "a property is a name"),
        ("convex(x=logits)", "unknown-property", "a property is a name"),
        ("elicits(mean)", "property-without-meaning", "a loss of the label's probability"),
        (
            "elicits(mean)",
            "property-without-meaning",
            "ask for calibrated, convex, lipschitz, bounded",
        ),
        ("convex(target)", "property-argument", "in 'target'"),
        ("lipschitz(logits, 3)", "property-argument", "it takes logits, 2 or inf"),
        ("lipschitz(logits, ing)", "property-argument", "did you mean 'inf'?"),
        ("lipschitz(logits, 2, inf)", "property-argument", "too many arguments"),
        ("lipschitz(2 * 3)", "property-argument", "in '2 * 3'"),
        ("calibrated(logits)", "property-argument", "it takes no arguments"),
        ("convex(", "unclosed-bracket", "never closed"),
    ],
)
def test_a_question_without_a_meaning_is_explained(text, code, says):
    with pytest.raises(DiagnosticError) as caught:
        report()[text]
    assert caught.value.diagnostics[0].code == code
    assert says in str(caught.value)


def test_a_level_is_a_number_or_a_hyperparameter():
    assert report().question("quantile(left, 0.9)").arguments == ("left", "0.9")
    assert report().question("quantile(left, tau)").arguments == ("left", "tau")


def test_the_part_about_some_questions_has_their_claims():
    part = report(STANDS, FALLS).about("calibrated")
    assert list(part) == ["calibrated"]
    assert part.claims == (STANDS,)
    assert part.ok
    assert not report(STANDS, FALLS).ok


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Rational(1, 3), "1/3"),
        (Rational(1, 4), "0.25"),
        (Rational(-5, 2), "-2.5"),
        (Rational(-1, 1000), "-0.001"),
        (Integer(-12), "-12"),
        (Rational(333334, 1000003), "~0.333333"),
        (1 - Rational(1, 3 * 10**8), "~1 - 3.33e-09"),
        (Integer(10) ** 12, "1e+12"),
        (Rational(1, 10**12), "1e-12"),
        (Integer(10) ** 12 + 1, "~1e+12"),
        (sympy.Tuple(S.Zero, S.Infinity), "(0, inf)"),
        (sympy.Interval(0, S.Infinity), "[0, inf)"),
        (sympy.Interval(0, Rational(1, 3), left_open=True), "(0, 1/3]"),
        (sympy.Piecewise((EPS, EPS > 1), (EPS**2, True)), "eps if eps > 1 else eps^2"),
        (sympy.Function("quantile")(EPS, Rational(1, 4)), "quantile(eps, 1/4)"),
        (sympy.sqrt(2), "sqrt(2)"),
        (sympy.log(2) + 1, "1 + log(2)"),
        (S.Infinity, "inf"),
        (Symbol("eps", real=True) + 1, "1 + eps"),
        (sympy.Add(*(sympy.sqrt(n) for n in (2, 3, 5, 6, 7, 10, 11, 13, 14, 15))), "~28.1767"),
    ],
    ids=str,
)
def test_numbers_are_short(value, text):
    assert wording.short(value) == text


def test_a_witness_is_a_sentence():
    witness = Witness({"eps": Integer(-3), "p": (S.One, S.Zero, S.Zero)}, (), "no minimum")
    assert str(witness) == "at eps = -3, p = (1, 0, 0): no minimum"


def test_a_sentence_is_said_once_and_its_numbers_are_not_repeated():
    values = {
        "delta": Integer(2),
        "piece": S.Zero,
        "score": S.One,
        "slopes": (S.NegativeOne, S.Zero),
    }
    says = (
        "at score = 1 the slope jumps from -1 to 0; it is least on (0, 1); it is least on (1, oo)"
    )
    assert str(Witness(values, (), says)) == (
        "at delta = 2: at score = 1 the slope jumps from -1 to 0; it is least"
    )


def test_a_number_inside_another_is_not_told():
    values = {"score": S.One, "loss": Rational(1, 2)}
    told = str(Witness(values, (), "at score = 12 the loss is 11/2"))
    assert told == "at score = 1, loss = 0.5: at score = 12 the loss is 11/2"


def test_a_verdict_is_a_sentence():
    assert str(VERDICTS[BOUNDED]) == "bounded: unknown, the time was over"
    assert str(Verdict(BOUNDED, "proved")) == "bounded: proved"
    assert str(VERDICTS[CALIBRATED]).startswith("calibrated: conditional, when eps > -2; fails at")


# ---------------------------------------------------------------- tables


def test_the_table_says_everything_at_a_glance():
    text = str(report(STANDS, FALLS))
    for part in (
        *("poly1 with eps = -3: a loss of the label's probability", "when eps > -2"),
        *("K = 2, eps = -3, p = (1, 0)", "because of the term eps * (1 - p)", "0.25 s"),
        *("value sqrt(2) (1 + eps)", "the time was over", "ok      calibrated when eps > -2"),
        "FAILED  convex(logits)  (line 2: it fails)",
    ):
        assert part in text


def test_the_table_fits_a_hundred_columns():
    assert max(map(len, str(report(STANDS, FALLS)).splitlines())) <= 100


def test_an_explanation_has_the_steps_the_numbers_and_the_source():
    text = layout.explanation(report(), VERDICTS[CALIBRATED])
    assert "For eps > -2: f falls (A paper)." in text
    assert "-1 + log(3) >= 0  (about 0.098612289)" in text.replace("log(3) - 1", "-1 + log(3)")
    assert text.endswith("source: A paper, Theorem 1")


class Cells(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self):
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        assert not attrs
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_a_notebook_shows_a_table():
    cells = Cells()
    cells.feed(report(STANDS)._repr_html_())
    assert set(cells.tags) == {*"table caption thead tbody tr th td br ul li code".split()}
    assert "calibrated" in cells.text
    assert "when eps > -2" in cells.text


def test_nothing_from_a_program_is_markup():
    evil = "<script>alert(1)</script>"
    engine = KnownEngine()
    known = Verdict(BOUNDED, "unknown", reason=evil)
    engine.decide = lambda question, waiting=None: known  # type: ignore[method-assign]
    found = report(engine=engine)
    found.name = evil
    cells = Cells()
    cells.feed(found._repr_html_())
    assert "script" not in cells.tags
    assert evil in cells.text


# ---------------------------------------------------------------- data


def test_the_data_are_as_the_schema_says():
    data = json.loads(json.dumps(report(STANDS, FALLS).to_json(), allow_nan=False))
    jsonschema.validate(data, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_data_hold_the_verdicts():
    data = report(STANDS, FALLS).to_json()
    assert (data["format"], data["name"], data["ok"]) == ("losslang-report", "poly1", False)
    calibrated, convex, lipschitz, bounded = data["verdicts"]
    assert calibrated["condition"] == "eps > -2"
    assert calibrated["certified"]
    assert calibrated["witness"]["values"]["q"][0] == {
        "text": "1/3",
        "exact": ["/", 1, 3],
        "float": pytest.approx(1 / 3),
    }
    assert calibrated["witness"]["facts"][0]["relation"] == ">="
    assert convex["arguments"] == ["logits"]
    assert lipschitz["value"]["float"] is None
    assert bounded["reason"] == "the time was over"
    assert [claim["ok"] for claim in data["claims"]] == [True, False]
    assert data["claims"][1]["line"] == 2


def test_a_certificate_says_what_it_is_about():
    (document,) = json.loads(json.dumps(report().certificates()))
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert document["loss"] == {"spec": "poly1", "eps": "-3"}
    assert decode_certificate(document["certificate"]) == CERTIFICATE


def test_what_is_not_proved_has_no_certificate():
    with pytest.raises(ValueError, match="there is no certificate"):
        report().certificate(VERDICTS[BOUNDED])


# ---------------------------------------------------------------- pictures


def test_a_refuted_calibration_is_a_curve_of_the_risk():
    (drawn,) = pictures("poly1", [VERDICTS[CALIBRATED]], KnownEngine.readings)
    assert drawn.title == "poly1 is not calibrated at eps = -3, K = 2"
    ((x, y),) = drawn.points
    assert x == pytest.approx(1 / 3)
    # p = (1, 0): the risk at q is the loss of the first label, eps (1 - q) - log q at q = 1/3
    assert y == pytest.approx(-3 * 2 / 3 + float(sympy.log(3)))
    assert all(0 <= place <= 1 for place, _ in drawn.line)
    # The wrong score is the best one, so that no other is shown beside it.
    assert y == min(height for _, height in drawn.line)
    assert not drawn.beside


def test_a_class_that_is_left_out_has_no_probability():
    weights = (Rational(1, 2), Rational(1, 4), Rational(1, 4))
    values = {"eps": S.Zero, "p": weights, "q": (S.Half, S.Half)}
    short = Verdict(CALIBRATED, "refuted", witness=Witness(values, (), "it fails"))
    (drawn,) = pictures("poly1", [short], KnownEngine.readings)
    # The risk is infinite at q itself, where the third class has no probability.
    assert not drawn.points
    ((at, _),) = drawn.beside
    assert at == pytest.approx(1, abs=0.01)


def test_one_curve_shows_several_properties():
    also = replace(VERDICTS[CALIBRATED], question=BOUNDED)
    (drawn,) = pictures("poly1", [VERDICTS[CALIBRATED], also], KnownEngine.readings)
    assert drawn.title.startswith("poly1 is not calibrated and not bounded")


def test_a_loss_that_bends_down_lies_above_a_chord():
    # eps (1 - p) with p = 1 / (1 + exp(-t)) is concave in t above 0 for eps < 0.
    values = {"eps": Integer(-100), "p": Rational(3, 4)}
    bends = Verdict(CONVEX, "refuted", witness=Witness(values, (), "it bends down"))
    (drawn,) = pictures("poly1", [bends], KnownEngine.readings)
    ((x, y),) = drawn.points
    assert x == pytest.approx(float(sympy.log(3)))
    (left, low), (right, high) = drawn.chord
    assert (left + right) / 2 == pytest.approx(x)
    assert y > (low + high) / 2


def test_points_far_apart_stand_on_a_logarithmic_axis():
    values = {"eps": Integer(1), "p": (Rational(1, 10), Rational(1, 10**6))}
    grows = Verdict(BOUNDED, "refuted", witness=Witness(values, (), "it grows"))
    (drawn,) = pictures("poly1", [grows], KnownEngine.readings)
    assert drawn.logarithmic


def test_what_no_curve_shows_has_no_picture():
    assert not pictures("poly1", [VERDICTS[LIPSCHITZ], VERDICTS[CONVEX]], KnownEngine.readings)
