"""What ``import losslang`` offers."""

from __future__ import annotations

import pytest

import losslang


@pytest.mark.parametrize("name", losslang.__all__)
def test_every_public_name_is_there(name):
    assert getattr(losslang, name) is getattr(losslang, name)
    assert name in dir(losslang)


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="no attribute 'compil'"):
        losslang.compil  # type: ignore[attr-defined]  # noqa: B018


def test_a_mistake_can_be_caught():
    assert issubclass(losslang.DiagnosticError, Exception)
    assert losslang.Diagnostic("code", "message").severity == "error"
