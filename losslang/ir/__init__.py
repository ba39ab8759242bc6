"""The meaning of a loss: SymPy expressions in index notation, and what is derived from them."""
