"""The grammar itself: free of conflicts, commented, quick to load."""

from __future__ import annotations

import logging
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import lark
import pytest

from losslang import resources
from losslang.syntax import tables
from losslang.syntax.scan import KEYWORDS


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Iterator[Path]:
    """An empty cache folder, and a parser that is not held in memory."""
    monkeypatch.delenv("LOSSLANG_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tables.parser.cache_clear()
    yield tmp_path / "losslang"
    tables.parser.cache_clear()


def stored(cache: Path) -> Path:
    (file,) = cache.glob("grammar-*.tables")
    return file


def test_has_no_conflicts(caplog):
    """Lark settles a shift/reduce conflict in silence unless its debug log is on."""
    before = lark.logger.level
    lark.logger.setLevel(logging.DEBUG)
    lark.logger.addHandler(caplog.handler)
    try:
        tables.build(resources.grammar_text(), debug=True)
    finally:
        lark.logger.removeHandler(caplog.handler)
        lark.logger.setLevel(before)
    assert "conflict" not in caplog.text.lower()


def test_a_conflict_would_be_noticed(caplog):
    before = lark.logger.level
    lark.logger.setLevel(logging.DEBUG)
    lark.logger.addHandler(caplog.handler)
    try:
        tables.build('module: e\nexpression: e\ne: e "+" e | "1"', debug=True)
    finally:
        lark.logger.removeHandler(caplog.handler)
        lark.logger.setLevel(before)
    assert "conflict" in caplog.text.lower()


def test_every_rule_is_commented():
    lines = resources.grammar_text().splitlines()
    rules = [i for i, line in enumerate(lines) if re.match(r"[?_a-z]+: ", line)]
    bare = [lines[i] for i in rules if not lines[i - 1].startswith("//") and i - 1 not in rules]
    assert not bare


def test_keywords_of_grammar_and_scan_agree():
    """The explanations of mistakes know the keywords from elsewhere than the parser."""
    (pattern,) = re.findall(r"^NAME: /\(\?!\(\?:(.*?)\)", resources.grammar_text(), re.M)
    assert set(pattern.split("|")) == KEYWORDS


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_a_name_may_begin_with_a_keyword(word):
    tree = tables.parser().parse(f"[{word}_, {word}x, {word}1]", start="expression")
    leaves = [str(leaf) for leaf in tree.scan_values(lambda leaf: isinstance(leaf, lark.Token))]
    assert leaves == [f"{word}_", f"{word}x", f"{word}1"]


def test_tables_are_kept(cache):
    tables.parser()
    assert stored(cache).stat().st_size > 0


def test_kept_tables_parse_like_fresh_ones(cache):
    tables.parser()
    tables.parser.cache_clear()
    text = "-a**b[k] + f(x, y=[1, 2])"
    fresh = tables.build(resources.grammar_text()).parse(text, start="expression")
    assert tables.parser().parse(text, start="expression") == fresh


def test_kept_tables_are_used(cache, monkeypatch):
    tables.parser()
    tables.parser.cache_clear()
    monkeypatch.setattr(tables, "build", None)
    tables.parser()


@pytest.mark.parametrize("damage", [b"", b"\x80\x05 nonsense", pickle.dumps({"data": 1})])
def test_a_damaged_cache_is_written_anew(cache, damage):
    tables.parser()
    stored(cache).write_bytes(damage)
    tables.parser.cache_clear()
    tables.parser()
    assert len(stored(cache).read_bytes()) > 10_000


def test_a_cached_file_runs_no_code(cache):
    class Hostile:
        def __reduce__(self):
            return print, ("this would run",)

    tables.parser()
    stored(cache).write_bytes(pickle.dumps({"data": Hostile(), "memo": {}}))
    tables.parser.cache_clear()
    tables.parser().parse("x", start="expression")


def test_a_cache_that_others_may_write_is_ignored(cache):
    tables.parser()
    cache.chmod(0o777)
    assert resources.read_cached(stored(cache).name) is None


def test_a_cache_file_that_others_may_write_is_ignored(cache):
    tables.parser()
    stored(cache).chmod(0o666)
    assert resources.read_cached(stored(cache).name) is None


def test_a_cache_that_cannot_be_written_is_no_error(cache):
    cache.parent.joinpath("losslang").write_text("a file where the folder should be")
    tables.parser().parse("x", start="expression")


def test_a_relative_cache_folder_is_ignored(monkeypatch):
    monkeypatch.delenv("LOSSLANG_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    place = resources.cache_folder()
    assert place is None or place.is_absolute()
