"""``python -m losslang`` is the command ``losslang``."""

from losslang.cli import main

main()
