"""What starting costs: the commands as processes, and the first compile of a process after imports.

    python benchmarks/startup.py

Each figure is the best of several runs in seconds; "new machine" has no parser tables in its cache.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time

FIRST_COMPILE = """
import time
import lark, sympy, torch
import losslang.driver, losslang.ir.compose, losslang.codegen.torch.emit, losslang.runtime.module
start = time.perf_counter()
losslang.compile("focal(gamma=2)")
print(time.perf_counter() - start)
"""

COMMANDS = {
    "python": ["-c", "pass"],
    "import losslang": ["-c", "import losslang"],
    "losslang fmt": ["-m", "losslang", "fmt", "--check", "examples/focal.loss"],
    "losslang check": ["-m", "losslang", "check", "examples/focal.loss"],
    "losslang list": ["-m", "losslang", "list"],
}


def run(arguments: list[str], **environment: str) -> tuple[float, str]:
    """Seconds that a process took, and what it printed."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - start, done.stdout


def first_compile(**environment: str) -> float:
    return float(run(["-c", FIRST_COMPILE], **environment)[1])


def main() -> None:
    print(f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores")
    for name, arguments in COMMANDS.items():
        print(f"{name:28} {min(run(arguments)[0] for _ in range(5)):.3f}")
    print(f"{'first compile':28} {min(first_compile() for _ in range(5)):.3f}")
    fresh = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            fresh.append(first_compile(XDG_CACHE_HOME=folder))
    print(f"{'first compile, new machine':28} {min(fresh):.3f}")


if __name__ == "__main__":
    main()
