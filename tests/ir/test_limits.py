"""A program from a stranger ends in a result or a diagnostic, soon and in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import pytest

# Twice what the slowest takes, most of which is starting Python and importing.
SECONDS = 4.0
MEGABYTES = 500

# Runs the command line's check on each file named on stdin, in a process of its own that starts
# with everything imported; the imports' time is counted to each.
SERVER = """
import contextlib, io, json, os, signal, sys, time, traceback
from losslang import cli, driver
driver.elaborated("ce")
imports = time.process_time()

def check(path):
    text = io.StringIO()
    try:
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            cli.main(["check", path])
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        code = 99
        text.write(traceback.format_exc())
    status = open("/proc/self/status").read()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    found = (code, text.getvalue(), imports + time.process_time(), peak)
    print(json.dumps(found), flush=True)

for line in sys.stdin:
    child = os.fork()
    if not child:
        signal.alarm(20)
        check(line.strip())
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status:
        print(json.dumps((99, f"ended by signal {status}", 99, 0)), flush=True)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@dataclass(frozen=True)
class Outcome:
    """How a check ended; ``seconds`` of processor time."""

    code: int
    text: str
    seconds: float
    megabytes: float


@pytest.fixture(scope="module")
def check() -> Iterator[Callable[[Path], Outcome]]:
    """`losslang check` of a file."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None

        def run(path: Path) -> Outcome:
            print(path, file=server.stdin, flush=True)
            return Outcome(*json.loads(server.stdout.readline()))  # type: ignore[union-attr]

        yield run
        server.stdin.close()


Check = Callable[[Path], Outcome]


def written(folder: Path, text: str) -> Path:
    path = folder / "program.loss"
    path.write_text(text, encoding="utf-8")
    return path


def formula(body: str, *where: str) -> str:
    lines = "".join(f"\n    {line}" for line in where)
    return f"loss f(x: real, v: real[class]) = {body}" + (f"\nwhere{lines}" if where else "")


def chain(first: str, step: str, last: str, count: int) -> str:
    """Names that are each made of the one before."""
    steps = [f"a{n + 1} = {step.replace('A', f'a{n}')}" for n in range(count)]
    return formula(last.replace("A", f"a{count}"), f"a0 = {first}", *steps)


def functions(step: str, count: int) -> str:
    """Local functions that each call the one before."""
    steps = [f"g{n + 1}(t) = {step.replace('G', f'g{n}')}" for n in range(count)]
    return formula(f"g{count}(x)", "g0(t) = t + 1", *steps)


HOSTILE = {
    "tower of powers": formula("x + 9**9**9"),
    "power of a power": formula("x * (10**300)**(10**3)"),
    "small base to a huge power": formula("x**(10**9)"),
    "huge negative power": formula("x * 2**-1000000000"),
    "fractional power": formula("x * 2**(10**8 + 1/2)"),
    "repeated squaring": chain("3", "A * A", "x + A", 40),
    "repeated powers": chain("x", "(A + 1)**9", "A", 9),
    "power of a scaled power": formula("((2 * x)**1000)**1000"),
    "power of a sum of powers": formula("((x + 1)**1000 + (x - 1)**1000)**1000"),
    "lgamma of a large number": formula("x + lgamma(10**8)"),
    "digamma of a large number": formula("x + digamma(10**8)"),
    "digamma of a small integer": formula("x + digamma(9999)"),
    "tower of exponentials": formula("x + exp(exp(exp(100)))"),
    "exponential of a chain": chain("100", "exp(A)", "x * A", 20),
    "sine of a huge number": formula("x * sin(10**300)"),
    "cosh of a huge number": formula("x * cosh(10**9)"),
    "floor of a huge number": formula("x * floor(exp(9999))"),
    "comparison of close numbers": formula("x if exp(1) < 2.718281828459045235 else 0"),
    "comparison of huge numbers": formula("x if exp(exp(9)) < 10**300 else 0"),
    "doubling names": chain("x", "A + A * v[0]", "A", 60),
    "doubling names of sums": chain("x", "sum(A * v[k] for k in class) + A", "A", 40),
    "doubling names of branches": chain("x", "A + 1 if A > 0 else A - 1", "A", 60),
    "doubling names of maxima": chain("x", "max(A, A * x + 1)", "A", 60),
    "doubling names of products": chain("x", "A * (A + 1)", "A", 60),
    "doubling functions": functions("G(t) + G(t + 1)", 40),
    "doubling functions of one argument": functions("G(G(t))", 40),
    "nested sums": formula(
        "A".replace("A", "sum(" * 30 + "v[k0]" + "".join(f" for k{n} in class)" for n in range(30)))
    ),
    "many binders": formula("sum(v[k0] " + " ".join(f"for k{n} in class" for n in range(60)) + ")"),
    "a billion places": formula("sum(x * n for n in range(10**9))"),
    "a billion places read": formula("sum(x * (n == 3) for n in range(10**9))"),
    "a billion places nested": formula(
        "sum(x * n * m for n in range(10**9) for m in range(10**9))"
    ),
    "an array of a billion places": formula("sum([x * n for n in range(10**9)])"),
    "an axis of a billion places": "loss f(v: real[1000000000]) = sum(v) + max(v)",
    "a sum over lists": formula("sum([x, 1, 2, 3][n] * [x, 2, 3, 4][n] for n in range(4))"),
    "products of lists": formula(
        "sum([x, 1][a] * [x, 2][b] * [x, 3][c]"
        " for a in range(2) for b in range(2) for c in range(2))"
    ),
    "a loss of itself": "loss f(x: real) = f(x) + 1",
    "losses of each other": "loss f(x: real) = g(x)\nloss g(x: real) = f(x)",
    "a composition of itself": "loss f = f + 1",
    "compositions of each other": "loss f = g + ce\nloss g = f + ce",
    "a function of itself": "fn g(t: real) -> real = g(t)\nloss f(x: real) = g(x)",
    "a local function of itself": formula("g(x)", "g(t) = g(t - 1) + 1"),
    "local functions of each other": formula("g(x)", "g(t) = 2 * h(t)", "h(t) = g(t) + g(t)"),
    "names of each other": formula("a", "a = b + 1", "b = a + 1"),
    "a base of itself": "loss t(base: loss) = 2 * base\nloss f(x: real) = t(f)",
    "doubling losses": "loss l0(x: real) = x\n"
    + "\n".join(f"loss l{n + 1}(x: real) = l{n}(x) + l{n}(x + 1)" for n in range(40)),
    "doubling compositions": "loss l0(x: real) = x\n"
    + "\n".join(f"loss l{n + 1} = l{n} + 2 * l{n}" for n in range(40)),
    "a deep expansion": formula("taylor(exp(sin(p) * cosh(p)), p, at=0, order=20)", "p = x"),
    "an expansion without end": formula("taylor(exp(p), p, at=0, order=10**6)", "p = x"),
    "expansions of expansions": formula(
        "taylor(taylor(exp(sin(p)), p, at=0, order=9)**9, p, at=0, order=9)", "p = x"
    ),
    "a huge default": "loss f(x: real, *, a: real = 9**9**9) = a * x",
    "a huge bound": "loss f(x: real, *, a: real >= 9**9**9 = 1) = a * x",
    "a huge size": "loss f(x: real[99999999999999999999]) = sum(x)",
    "a huge place": "loss f(x: real[class]) = x[99999999999999999999]",
    "a huge example": "loss f(x: real) = x\nexample f(x=9**9**9) == 1",
    "a huge claim": "loss f(x: real) = x\nclaim lipschitz(x) <= 9**9**9",
    "long sum": formula(" + ".join(["x"] * 150)),
    "long product of sums": formula("*".join(f"(x + {n})" for n in range(99))),
    "long and": formula("1 if " + " and ".join(f"x > {n}" for n in range(99)) + " else 0"),
    "large rationals": formula(" + ".join(f"x / {n}" for n in range(1000, 1099))),
    "close roots": formula("x * (sqrt(2) + sqrt(3) + sqrt(5) + sqrt(7) + sqrt(11))**9"),
    "a zero in disguise": formula("x / (sqrt(2) + sqrt(3) - sqrt(5 + 2 * sqrt(6)))"),
    "sums in a denominator": chain("x", "1 / (A + 1 / A)", "A", 12),
    "a tower of roots": chain("x", "sqrt(1 + A**2)", "A", 60),
    "a power of a power": chain("x", "A**A", "A", 12),
    "trigonometry of fractions": formula("x * cos(pi / 1021) * sin(355 * pi / 1013)"),
    "sorted sorts": formula("sum(sort(sort(sort(sort(v)))))"),
    "softmaxes of softmaxes": chain("v", "softmax(A)", "A[0]", 20),
    "normalised often": chain("v", "normalize(A)", "A[0]", 12),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_program_ends_soon(text: str, check: Check, tmp_path: Path) -> None:
    outcome = check(written(tmp_path, text))
    assert outcome.code in (0, 1), outcome.text
    assert outcome.seconds < SECONDS
    assert outcome.megabytes < MEGABYTES


LEGITIMATE = {
    "many terms": "\n".join(f"loss l{n}(x: real) = x" for n in range(80))
    + "\nloss f = "
    + " + ".join(f"{n} * l{n}" for n in range(80)),
    "a long chain of names": chain("x", "A + 1", "A", 30),
    "a deep composition": formula("x")
    + "\n"
    + "\n".join(
        f"loss l{n}(x: real, v: real[class]) = {'f' if n == 0 else f'l{n - 1}'}(x, v) + 1"
        for n in range(20)
    ),
    "a list of sixty": formula("sum([" + ", ".join(["x"] * 60) + "])"),
    "a long expansion": formula("taylor(log(p), p, at=1, order=20)", "p = x"),
}


@pytest.mark.parametrize("text", LEGITIMATE.values(), ids=LEGITIMATE)
def test_a_large_program_is_accepted(text: str, check: Check, tmp_path: Path) -> None:
    outcome = check(written(tmp_path, text))
    assert outcome.code == 0, outcome.text
    assert outcome.seconds < SECONDS


@pytest.mark.parametrize("count", [1, 2, 5])
def test_files_that_import_each_other_are_refused(count: int, check: Check, tmp_path: Path) -> None:
    for n in range(count):
        text = f'import "l{(n + 1) % count}.loss"\nloss f{n}(x: real) = x'
        (tmp_path / f"l{n}.loss").write_text(text, encoding="utf-8")
    outcome = check(written(tmp_path, 'import "l0.loss"\nloss f(x: real) = x'))
    assert outcome.code == 1
    assert "files import each other" in outcome.text


def test_a_file_that_imports_itself_is_refused(check: Check, tmp_path: Path) -> None:
    outcome = check(written(tmp_path, 'import "program.loss"\nloss f(x: real) = x'))
    assert outcome.code == 1
    assert "files import each other" in outcome.text


def test_imports_that_meet_again_are_read_once(check: Check, tmp_path: Path) -> None:
    for n in range(30):
        text = f'import "l{n + 1}.loss"\nimport "r{n + 1}.loss"\nloss '
        (tmp_path / f"l{n}.loss").write_text(text + f"l{n}(x: real) = x", encoding="utf-8")
        (tmp_path / f"r{n}.loss").write_text(text + f"r{n}(x: real) = x", encoding="utf-8")
    for side in "lr":
        end = f"loss {side}30(x: real) = x"
        (tmp_path / f"{side}30.loss").write_text(end, encoding="utf-8")
    outcome = check(written(tmp_path, 'import "l0.loss"\nloss f(x: real) = l0(x)'))
    assert outcome.code == 0, outcome.text
    assert outcome.seconds < SECONDS


def test_a_long_chain_of_imports_ends_soon(check: Check, tmp_path: Path) -> None:
    for n in range(400):
        text = f'import "c{n + 1}.loss"\nloss c{n}(x: real) = x'
        (tmp_path / f"c{n}.loss").write_text(text, encoding="utf-8")
    (tmp_path / "c400.loss").write_text("loss c400(x: real) = x", encoding="utf-8")
    outcome = check(written(tmp_path, 'import "c0.loss"\nloss f(x: real) = c0(x)'))
    assert outcome.code in (0, 1), outcome.text
    assert outcome.seconds < SECONDS
