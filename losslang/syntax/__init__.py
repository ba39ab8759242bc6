"""Concrete syntax: nodes, parsing, explanations of syntax mistakes, formatting."""
