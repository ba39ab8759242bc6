"""Files are replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from losslang import files

ROOT = Path(__file__).resolve().parents[1]


def test_reading_drops_what_editors_add(tmp_path):
    path = tmp_path / "a.loss"
    path.write_bytes("\ufeffloss\r\nñ".encode())
    assert files.read(path) == "loss\nñ"


def test_a_new_file_gets_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    files.write_atomically(tmp_path / "new", "text\n")
    assert (tmp_path / "new").read_bytes() == b"text\n"
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_that_dangles_gets_its_target(tmp_path):
    (tmp_path / "link").symlink_to("real")
    files.write_atomically(tmp_path / "link", "text")
    assert (tmp_path / "real").read_text() == "text"


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        files.write_atomically(tmp_path / "a", "\ud800")
    assert (tmp_path / "a").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs devices")
def test_a_device_is_written_to_and_not_replaced():
    files.write_atomically(Path("/dev/null"), "text")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    code = "from losslang.files import *; write_atomically(Path('/dev/stdout'), 'text')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout == b"text"
