"""Rewriting rules: how floats compute what the IR means."""
