"""The elementary functions of the native backend are as exact as their header says, and vectorised.

The oracle is mpmath. `benchmarks/native_errors.py` finds the errors that the header states.
"""

from __future__ import annotations

import ctypes
import math
import platform
import re
import subprocess
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import mpmath
import numpy
import pytest
import torch
from mpmath import mpf

from losslang.codegen.native import compiler

HEADER = compiler.mathematics()
FOUND = compiler.find()
PRECISION = 160
"""Bits of the oracle; where something cancels it uses a form in which nothing does."""

pytestmark = pytest.mark.skipif(
    isinstance(FOUND, compiler.Failure), reason=str(getattr(FOUND, "message", ""))
)


def log_cosh(x: mpf) -> mpf:
    a = abs(x)
    if a < 1:
        return mpmath.log1p(2 * mpmath.sinh(a / 2) ** 2)
    return a - mpmath.log(2) + mpmath.log1p(mpmath.exp(-2 * a))


def log1mexp(x: mpf) -> mpf:
    return mpmath.log(-mpmath.expm1(x)) if x > -0.7 else mpmath.log1p(-mpmath.exp(x))


def sigmoid(x: mpf) -> mpf:
    return mpmath.exp(x) / (1 + mpmath.exp(x)) if x < 0 else 1 / (1 + mpmath.exp(-x))


def softplus(x: mpf) -> mpf:
    return mpmath.log1p(mpmath.exp(x)) if x < 0 else x + mpmath.log1p(mpmath.exp(-x))


def acosh(x: mpf) -> mpf:
    return mpmath.log1p((x - 1) + mpmath.sqrt((x - 1) * (x + 1)))


def asinh(x: mpf) -> mpf:
    a = abs(x)
    return mpmath.sign(x) * mpmath.log1p(a + a**2 / (1 + mpmath.sqrt(1 + a**2)))


def atanh(x: mpf) -> mpf:
    return mpmath.log1p(2 * x / (1 - x)) / 2


def expm1(x: mpf) -> mpf:
    """mpmath's loses its digits below its precision."""
    return x if abs(x) < mpf(2) ** -200 else mpmath.expm1(x)


class Row(NamedTuple):
    """A function of one number: the truth, where it is defined, and its values at the ends.

    ``limits`` are the values at -infinity, 0 and infinity.
    """

    truth: Callable[[mpf], mpf]
    low: float
    high: float
    limits: tuple[float, float, float]


INF, NAN, PI = math.inf, math.nan, math.pi

UNARY = {
    "exp": Row(mpmath.exp, -INF, INF, (0, 1, INF)),
    "expm1": Row(expm1, -INF, INF, (-1, 0, INF)),
    "log": Row(mpmath.log, 0, INF, (NAN, -INF, INF)),
    "log1p": Row(mpmath.log1p, -1, INF, (NAN, 0, INF)),
    "sqrt": Row(mpmath.sqrt, 0, INF, (NAN, 0, INF)),
    "sigmoid": Row(sigmoid, -INF, INF, (0, 0.5, 1)),
    "softplus": Row(softplus, -INF, INF, (0, math.log(2), INF)),
    "tanh": Row(mpmath.tanh, -INF, INF, (-1, 0, 1)),
    "log1mexp": Row(log1mexp, -INF, 0, (0, -INF, NAN)),
    "log_cosh": Row(log_cosh, -INF, INF, (INF, 0, INF)),
    "log1p_square": Row(lambda x: mpmath.log1p(x * x), -INF, INF, (INF, 0, INF)),
    "sinh": Row(mpmath.sinh, -INF, INF, (-INF, 0, INF)),
    "cosh": Row(mpmath.cosh, -INF, INF, (INF, 1, INF)),
    "asinh": Row(asinh, -INF, INF, (-INF, 0, INF)),
    "acosh": Row(acosh, 1, INF, (NAN, NAN, INF)),
    "atanh": Row(atanh, -1, 1, (NAN, 0, NAN)),
    "erf": Row(mpmath.erf, -INF, INF, (-1, 0, 1)),
    "sin": Row(mpmath.sin, -INF, INF, (NAN, 0, NAN)),
    "cos": Row(mpmath.cos, -INF, INF, (NAN, 1, NAN)),
    "atan": Row(mpmath.atan, -INF, INF, (-PI / 2, 0, PI / 2)),
    "asin": Row(mpmath.asin, -1, 1, (NAN, 0, NAN)),
    "acos": Row(mpmath.acos, -1, 1, (NAN, PI / 2, NAN)),
    "digamma": Row(mpmath.digamma, 0, INF, (NAN, -INF, INF)),
    "lgamma": Row(mpmath.loggamma, 0, INF, (NAN, INF, INF)),
}
ODD = ("expm1", "log1p", "tanh", "sinh", "asinh", "atanh", "erf", "sin", "atan", "asin")
"""Those that are 0 at 0 with the sign that it has."""
SCALAR = ("digamma", "lgamma")
BINARY = ("pow", "xlogy", "hypot", "exp_of", "exp_of_difference")
DTYPES = {"float": numpy.float32, "double": numpy.float64}

LOOP = "#pragma omp simd\n    for (long i = 0; i < n; i++) z[i] = losslang::{call};\n"
SPECIAL = (
    *(0, 0.25, 0.3466, 0.4142, 0.5, 0.6931, 0.7071, 0.8813, 1, 1.4142, 1.4616, 1.5708, 2),
    *(2.4142, 3.1416, 6, 10, 16.7, 20, 36.8, 42, 87.34, 88.03, 88.72, 89.4, 103.97, 708.4, 709.78),
    *(710.4, 745.13, 2.0**24, 2.0**30, 2.0**53, 2.0**54, 2.0**79),
)
"""Where a formula gives way to another, or a result to 0 or infinity, or something cancels."""


def loops() -> tuple[str, dict[tuple[str, str], int]]:
    """The header and a loop per function and dtype, and the line in which each loop is."""
    text, lines = HEADER, {}
    for dtype in DTYPES:
        for name in (*UNARY, *BINARY):
            call = f"{name}(x[i])" if name in UNARY else f"{name}(x[i], y[i])"
            text += (
                f'extern "C" void {name}_{dtype}'
                f"(const {dtype}* x, const {dtype}* y, {dtype}* z, long n) {{\n    (void)y;\n"
            )
            lines[name, dtype] = text.count("\n") + 2
            text += LOOP.format(call=call) + "}\n"
        for name, call in (("same_exponent", "pow(x[i], k)"), ("same_base", "pow(base, x[i])")):
            text += (
                f'extern "C" void {name}_{dtype}(const {dtype}* x, {dtype} k, {dtype}* z, long n)'
                " {\n    auto base = losslang::log_of_base(k);\n    (void)base;\n"
            )
            lines[name, dtype] = text.count("\n") + 2
            text += LOOP.format(call=call) + "}\n"
    for name, source, target in (
        *(
            ("load_bfloat16", "std::uint16_t", "float"),
            ("store_bfloat16", "float", "std::uint16_t"),
        ),
        *(("load_float16", "std::uint16_t", "float"), ("store_float16", "float", "std::uint16_t")),
    ):
        text += f'extern "C" void {name}(const {source}* x, {target}* z, long n) {{\n'
        lines[name, "half"] = text.count("\n") + 2
        text += LOOP.format(call=f"{name}(x[i])") + "}\n"
    text += (
        'extern "C" void two_diff(const double* x, const double* y, double* z, long n) {\n'
        "    for (long i = 0; i < n; i++) {\n"
        "        losslang::Pair<double> d = losslang::two_diff(x[i], y[i]);\n"
        "        z[2 * i] = d.hi, z[2 * i + 1] = d.lo;\n    }\n}\n"
    )
    return text, lines


X86 = platform.machine() in ("x86_64", "AMD64")
OLDEST = "x86-64"
"""Without fused products and with vectors of 16 bytes."""


def flags(target: str) -> list[str]:
    return [flag.replace("native", target) for flag in compiler.FLAGS]


@pytest.fixture(scope="session", params=["native", OLDEST] if X86 else ["native"])
def library(request, tmp_path_factory):
    """The loops as a library, for this machine and for the oldest one of its kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOSSLANG_CACHE", str(tmp_path_factory.mktemp("cache")))
        loaded = compiler.load(loops()[0], flags(request.param))
    if isinstance(loaded, compiler.Failure):
        pytest.fail(loaded.message)
    return request.param, loaded


def call(library, name: str, *arrays: numpy.ndarray) -> numpy.ndarray:
    """The results of one loop."""
    x = arrays[0]
    y = arrays[1] if len(arrays) > 1 else x
    result = numpy.empty_like(x)
    dtype = {numpy.dtype(numpy.float32): "float", numpy.dtype(numpy.float64): "double"}[x.dtype]
    run(getattr(library, f"{name}_{dtype}"), x, y, result)
    return result


def run(function, *arrays: numpy.ndarray) -> None:
    places = [array.ctypes.data_as(ctypes.c_void_p) for array in arrays]
    function(*places, ctypes.c_long(len(arrays[0])))


@cache
def stated() -> dict[str, tuple[float, float]]:
    """The error that stands beside each function in the header."""
    pattern = (
        r"// (?:.* )?Error ([\d.]+), ([\d.]+)\.\n"
        r"(?:template <class T> )?(?:LOSSLANG_INLINE|inline) (?:T|double|float) (\w+)\("
    )
    return {name: (float(a), float(b)) for a, b, name in re.findall(pattern, HEADER)}


def samples(dtype) -> numpy.ndarray:
    """Numbers of all exponents, subnormal ones, moderate ones, and neighbours of special points."""
    random = numpy.random.default_rng(1)
    kind = numpy.finfo(dtype)
    step = 1 if dtype is numpy.float32 else 8
    exponents = numpy.arange(kind.minexp - kind.nmant, kind.maxexp, step)
    sizes = numpy.ldexp(random.uniform(1, 2, len(exponents)), exponents).astype(dtype)
    near = []
    for point in numpy.array(SPECIAL, dtype):
        above = below = point
        for _ in range(2):
            above, below = numpy.nextafter(above, dtype(INF)), numpy.nextafter(below, dtype(-INF))
            near += [above, below]
        near.append(point)
    ends = [kind.tiny, kind.smallest_subnormal, 3 * kind.smallest_subnormal, kind.max]
    moderate = numpy.exp(random.uniform(-7, 5, 200))
    all_sizes = numpy.concatenate([sizes, near, ends, moderate]).astype(dtype)
    return numpy.concatenate([all_sizes, -all_sizes])


def exact(x) -> mpf:
    return mpf(float(x))


def ulps(result, truth: mpf, dtype) -> float:
    """The error in units in the last place of the truth, in smallest subnormals at the least.

    A number beyond the range that is rounded to infinity, as it should be, has no error.
    """
    kind = numpy.finfo(dtype)
    if math.isnan(result):
        return INF
    half_beyond = mpf(2) ** kind.maxexp * (1 - mpf(2) ** (-kind.nmant - 2))
    if math.isinf(result):
        beyond = abs(truth) >= half_beyond and (truth > 0) == (result > 0)
        return 0 if beyond else ulps(math.copysign(float(kind.max), result), truth, dtype) + 1
    exponent = max(mpmath.frexp(truth)[1] if truth else kind.minexp, kind.minexp + 1)
    unit = mpf(2) ** int(exponent - kind.nmant - 1)
    return float(abs(exact(result) - truth) / unit)


@cache
def truths(name: str, dtype) -> tuple[numpy.ndarray, tuple[mpf, ...]]:
    """Samples in the domain of a function, and its values there."""
    row = UNARY[name]
    x = samples(dtype)
    x = x[(x > row.low) & (x < row.high) & (x != 0)]
    with mpmath.workprec(PRECISION):
        return x, tuple(+row.truth(exact(value)) for value in x)


def check(found, truth, dtype, bound: float, where) -> None:
    with mpmath.workprec(PRECISION):
        errors = [ulps(a, b, dtype) for a, b in zip(found, truth, strict=True)]
    worst = int(numpy.argmax(errors))
    assert errors[worst] <= bound, f"{errors[worst]:.3f} ulps at {[repr(a[worst]) for a in where]}"


def allowed(target: str, name: str, dtype) -> float:
    """What the header states; a half more where products are not fused."""
    return stated()[name][dtype is numpy.float64] + (0.5 if target == OLDEST else 0)


dtypes = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)


@dtypes
@pytest.mark.parametrize("name", UNARY)
def test_errors_are_as_stated(library, name, dtype):
    target, loaded = library
    x, truth = truths(name, dtype)
    check(call(loaded, name, x), truth, dtype, allowed(target, name, dtype), [x])


@dtypes
@pytest.mark.parametrize("name", UNARY)
def test_values_at_the_ends(library, name, dtype):
    x = numpy.array([-INF, 0, INF, NAN], dtype)
    expected = numpy.array([*UNARY[name].limits, NAN], dtype)
    numpy.testing.assert_array_max_ulp(call(library[1], name, x), expected, 1)


@dtypes
@pytest.mark.parametrize("name", [name for name in UNARY if UNARY[name].low > -INF])
def test_outside_of_the_domain_is_no_number(library, name, dtype):
    x = samples(dtype)
    outside = x[(x < UNARY[name].low) | (x > UNARY[name].high)]
    assert numpy.isnan(call(library[1], name, outside)).all()


@dtypes
@pytest.mark.parametrize("name", UNARY)
def test_a_result_does_not_depend_on_its_place(library, name, dtype):
    """In a register or in what is left over at the end of the array."""
    x = samples(dtype)[:101]
    whole = call(library[1], name, x)
    for start in (1, 70, 99):
        numpy.testing.assert_array_equal(call(library[1], name, x[start:].copy()), whole[start:])


@dtypes
@pytest.mark.parametrize("name", ODD)
def test_zero_keeps_its_sign(library, name, dtype):
    found = call(library[1], name, numpy.array([0.0, -0.0], dtype))
    assert (found == 0).all()
    assert numpy.signbit(found).tolist() == [False, True]


@dtypes
def test_ends_of_the_domain(library, dtype):
    for name, at, expected in (
        *(("log1p", -1, -INF), ("acosh", 1, 0), ("atanh", 1, INF), ("atanh", -1, -INF)),
        *(("asin", 1, PI / 2), ("asin", -1, -PI / 2), ("acos", 1, 0), ("acos", -1, PI)),
    ):
        assert call(library[1], name, numpy.array([at], dtype))[0] == dtype(expected), name


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_angles_next_to_multiples_of_a_quarter_turn(library, name):
    """Also the double that is nearest to one, 6381956970095103 * 2**797 (Kahan)."""
    with mpmath.workprec(1200):
        turns = [mpf(3) ** power for power in range(0, 600, 7)]
        near = [float(turn * mpmath.pi / 2) for turn in turns]
        x = numpy.array([*near, math.ldexp(6381956970095103, 797)])
        truth = [getattr(mpmath, name)(exact(value)) for value in x]
    bound = allowed(library[0], name, numpy.float64)
    check(call(library[1], name, x), truth, numpy.float64, bound, [x])


def powers(dtype) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Bases of all sizes and near 1, with exponents that make results of all sizes."""
    random = numpy.random.default_rng(2)
    sizes = samples(dtype)
    sizes = sizes[sizes > 0].astype(numpy.float64)
    near = 1 + numpy.ldexp(random.uniform(-0.5, 0.5, 300), -random.integers(0, 22, 300))
    x = numpy.concatenate([sizes, near]).astype(dtype)
    x = x[x != 1]
    span = 104 if dtype is numpy.float32 else 746
    y = random.uniform(-span, span, len(x)) / numpy.log(x.astype(numpy.float64))
    plain = numpy.array([(a, b) for a in (0.1, 0.5, 3, 10) for b in (-2, 0.5, 1, 2, 3)])
    return (
        numpy.concatenate([x, plain[:, 0]]).astype(dtype),
        numpy.concatenate([y, plain[:, 1]]).astype(dtype),
    )


@dtypes
def test_powers(library, dtype):
    x, y = powers(dtype)
    with mpmath.workprec(PRECISION):
        truth = [mpmath.power(exact(a), exact(b)) for a, b in zip(x, y, strict=True)]
    check(call(library[1], "pow", x, y), truth, dtype, allowed(library[0], "pow", dtype), [x, y])


@dtypes
def test_powers_at_the_ends(library, dtype):
    tiny, huge = float(numpy.finfo(dtype).smallest_subnormal), float(numpy.finfo(dtype).max)
    cases = [
        *((0, 0, 1), (0, tiny, 0), (0, -tiny, INF), (0, INF, 0), (0, -INF, INF), (-0.0, 2, 0)),
        *((INF, 0, 1), (INF, tiny, INF), (INF, -tiny, 0), (INF, INF, INF), (INF, -INF, 0)),
        *((0.5, INF, 0), (0.5, -INF, INF), (2, INF, INF), (2, -INF, 0), (1, INF, 1), (1, huge, 1)),
        *((2, huge, INF), (2, -huge, 0), (tiny, 1, tiny), (huge, 1, huge), (tiny, 0, 1)),
        *((NAN, 1, NAN), (1, NAN, NAN), (NAN, 0, NAN), (0, NAN, NAN), (-1, 2, NAN), (-INF, 2, NAN)),
    ]
    x, y, expected = numpy.array(cases, dtype).T.copy()
    numpy.testing.assert_array_equal(call(library[1], "pow", x, y), expected)


@dtypes
def test_products_with_logarithms(library, dtype):
    random = numpy.random.default_rng(3)
    y = samples(dtype)
    y = y[y > 0]
    x = (random.uniform(-1, 1, len(y)) * numpy.exp(random.uniform(-30, 30, len(y)))).astype(dtype)
    with mpmath.workprec(PRECISION):
        truth = [exact(a) * mpmath.log(exact(b)) for a, b in zip(x, y, strict=True)]
    bound = allowed(library[0], "xlogy", dtype)
    check(call(library[1], "xlogy", x, y), truth, dtype, bound, [x, y])
    cases = [
        *((0, 0, 0), (0, INF, 0), (0, -1, 0), (0, NAN, NAN), (NAN, 1, NAN), (2, 0, -INF)),
        *((-2, 0, INF), (1, -1, NAN), (2, INF, INF)),
    ]
    x, y, expected = numpy.array(cases, dtype).T.copy()
    numpy.testing.assert_array_equal(call(library[1], "xlogy", x, y), expected)


@dtypes
def test_lengths_of_two_numbers(library, dtype):
    y = samples(dtype)
    x = numpy.random.default_rng(5).permutation(y)
    x[::2] = y[::2] * numpy.random.default_rng(6).uniform(-1, 1, len(y[::2])).astype(dtype)
    inside = numpy.isfinite(x)
    x, y = x[inside], y[inside]
    with mpmath.workprec(PRECISION):
        truth = [mpmath.sqrt(exact(a) ** 2 + exact(b) ** 2) for a, b in zip(x, y, strict=True)]
    bound = allowed(library[0], "hypot", dtype)
    check(call(library[1], "hypot", x, y), truth, dtype, bound, [x, y])
    cases = [(0, 0, 0), (-INF, INF, INF), (2, -INF, INF), (NAN, 1, NAN), (1, NAN, NAN), (-3, 4, 5)]
    x, y, expected = numpy.array(cases, dtype).T.copy()
    numpy.testing.assert_array_equal(call(library[1], "hypot", x, y), expected)


@dtypes
def test_exponentials_of_a_number_in_two_parts(library, dtype):
    random = numpy.random.default_rng(4)
    x = samples(dtype)
    y = (x.astype(float) * random.uniform(-0.5, 0.5, len(x)) * numpy.finfo(dtype).eps).astype(dtype)
    with mpmath.workprec(PRECISION):
        truth = [mpmath.exp(exact(a) + exact(b)) for a, b in zip(x, y, strict=True)]
    bound = allowed(library[0], "exp_of", dtype)
    check(call(library[1], "exp_of", x, y), truth, dtype, bound, [x, y])


@dtypes
@pytest.mark.parametrize("top", [0, 1e-40, 3.3, -77.1, 255, -330.5, 3e4, -1e8, 3e38])
def test_exponentials_below_the_largest_number(library, top, dtype):
    depth = 110 if dtype is numpy.float32 else 760
    largest = dtype(top)
    x = (largest - numpy.random.default_rng(5).uniform(0, depth, 500)).astype(dtype)
    x = numpy.append(x, [largest, -INF]).astype(dtype)
    tops = numpy.full_like(x, largest)
    with mpmath.workprec(PRECISION):
        truth = [mpmath.exp(exact(a) - exact(largest)) if a > -INF else mpf(0) for a in x]
    bound = allowed(library[0], "exp_of_difference", dtype)
    check(call(library[1], "exp_of_difference", x, tops), truth, dtype, bound, [x, tops])


@dtypes
def test_the_same_base_or_exponent_in_every_round(library, dtype):
    x = numpy.linspace(0, 3, 50).astype(dtype)
    real = ctypes.c_float if dtype is numpy.float32 else ctypes.c_double
    place = x.ctypes.data_as(ctypes.c_void_p)
    for name, arrays in (
        ("same_exponent", (x, numpy.full_like(x, 2.5))),
        ("same_base", (numpy.full_like(x, 2.5), x)),
    ):
        found = numpy.empty_like(x)
        loop = getattr(library[1], f"{name}_{'float' if dtype is numpy.float32 else 'double'}")
        loop(place, real(2.5), found.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(len(x)))
        numpy.testing.assert_array_equal(found, call(library[1], "pow", *arrays))


def test_a_difference_and_its_rounding_error_are_exact(library):
    random = numpy.random.default_rng(5)
    x, y = random.normal(size=(2, 500)) * numpy.exp(random.uniform(-40, 40, (2, 500)))
    found = numpy.empty((500, 2))
    run(library[1].two_diff, x, y, found)
    for a, b, (hi, lo) in zip(x, y, found, strict=True):
        assert hi == a - b
        assert Fraction(hi) + Fraction(lo) == Fraction(a) - Fraction(b)


def test_an_infinite_difference_has_no_rounding_error(library):
    x, y = numpy.array([[-INF, 1], [1, -INF], [INF, INF], [1e308, -1e308]]).T.copy()
    found = numpy.empty((4, 2))
    run(library[1].two_diff, x, y, found)
    numpy.testing.assert_array_equal(found, [[-INF, 0], [INF, 0], [NAN, 0], [INF, 0]])


HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@pytest.mark.parametrize("name", HALVES)
def test_halves_are_read(library, name):
    """All of them, as torch reads them."""
    halves = numpy.arange(2**16, dtype=numpy.uint16)
    found = numpy.empty(2**16, numpy.float32)
    run(getattr(library[1], f"load_{name}"), halves, found)
    tensor = torch.from_numpy(halves.view(numpy.int16)).view(HALVES[name])
    numpy.testing.assert_array_equal(found, tensor.to(torch.float32).numpy())
    number = found == found
    assert (numpy.signbit(found) == (halves >= 2**15))[number].all()


@pytest.mark.parametrize("name", HALVES)
def test_halves_are_rounded_to_even(library, name):
    """As torch rounds: halves, the middles between them and the neighbours of both, and others."""
    halves = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(HALVES[name])
    numbers = halves.to(torch.float32).numpy()
    numbers = numpy.sort(numbers[numpy.isfinite(numbers)]).astype(numpy.float64)
    middles = ((numbers[1:] + numbers[:-1]) / 2).astype(numpy.float32)
    points = numpy.concatenate([numbers.astype(numpy.float32), middles, samples(numpy.float32)])
    points = numpy.concatenate([points, numpy.array([INF, -INF, 65519.99, 65520], numpy.float32)])
    with numpy.errstate(over="ignore"):
        around = [numpy.nextafter(points, numpy.float32(end)) for end in (-INF, INF)]
    x = numpy.concatenate([points, *around])
    found = numpy.empty(len(x), numpy.uint16)
    run(getattr(library[1], f"store_{name}"), x, found)
    expected = torch.from_numpy(x).to(HALVES[name]).view(torch.int16).numpy()
    numpy.testing.assert_array_equal(found, expected.view(numpy.uint16))


@pytest.mark.parametrize("name", HALVES)
def test_a_half_of_no_number_is_none(library, name):
    """Also where the bits that make it one would be cut off."""
    x = numpy.array([0x7F800001, 0xFF800001, 0x7FC00000, 0x7FFFFFFF], numpy.uint32)
    halves, back = numpy.empty(4, numpy.uint16), numpy.empty(4, numpy.float32)
    run(getattr(library[1], f"store_{name}"), x.view(numpy.float32), halves)
    run(getattr(library[1], f"load_{name}"), halves, back)
    assert numpy.isnan(back).all()


def test_every_function_states_its_error():
    assert set(stated()) == {*UNARY, *BINARY}


@pytest.mark.skipif(not X86, reason="it is not known which vectors this machine has")
@pytest.mark.parametrize("target", ["haswell", "skylake-avx512"])
def test_loops_become_vector_code(target, tmp_path):
    """The compiler reports it of every loop, but those over functions that call the C library.

    On older processors, sine and cosine do not, for want of loads from scattered places.
    """
    assert isinstance(FOUND, compiler.Compiler)
    if "Free Software Foundation" not in FOUND.version:
        pytest.skip("only GCC's report is read here")
    text, lines = loops()
    output = ("-x", "c++", "-", "-o", str(tmp_path / "out.so"))
    done = subprocess.run(
        [*FOUND.command, *flags(target), "-fopt-info-vec-optimized", *output],
        input=text,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reported = re.findall(r"<stdin>:(\d+):\d+: optimized: loop vectorized", done.stderr)
    vectorised = {int(line) for line in reported}
    scalar = {key for key, line in lines.items() if line not in vectorised}
    assert scalar == {(name, dtype) for name in SCALAR for dtype in DTYPES}
