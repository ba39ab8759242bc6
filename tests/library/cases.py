"""The table of comparisons: each loss of the library, on several kinds of input, and its oracle."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.library import families
from tests.library.oracles import Case

CASES: tuple[Case, ...] = tuple(
    case
    for module in iter_modules(families.__path__)
    for case in import_module(f"{families.__name__}.{module.name}").CASES
)
