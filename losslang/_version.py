"""The version, in one place: the build reads it here, and emitted code is stamped with it."""

__version__ = "0.1.0"
