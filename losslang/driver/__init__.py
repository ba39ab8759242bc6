"""The stages in order, from files and config strings to diagnostics, text and live modules.

What the public interface, the command line and the integrations call stands here by name. Whatever
takes long to import is imported by the functions that need it.
"""

from __future__ import annotations

from losslang.driver.checking import ExampleResult, check, check_file, run_examples
from losslang.driver.compiling import AccuracyResult, accuracy, compile, emit, from_config
from losslang.driver.finding import elaborated, elaborated_config, losses, takes_losses
from losslang.driver.loading import MAX_IMPORTS, load
from losslang.driver.showing import show
from losslang.driver.stdlib import LibraryEntry, StandardLibrary, library, standard_library
from losslang.driver.verifying import CertificateResult, check_certificate, verify

__all__ = [
    "MAX_IMPORTS",
    "AccuracyResult",
    "CertificateResult",
    "ExampleResult",
    "LibraryEntry",
    "StandardLibrary",
    "accuracy",
    "check",
    "check_certificate",
    "check_file",
    "compile",
    "elaborated",
    "elaborated_config",
    "emit",
    "from_config",
    "library",
    "load",
    "losses",
    "run_examples",
    "show",
    "standard_library",
    "takes_losses",
    "verify",
]
