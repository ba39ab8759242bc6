"""The comparisons, a module for each family of losses: its formulas, and its table ``CASES``."""
