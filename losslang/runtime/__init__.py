"""Live modules: emitted source as importable, picklable torch modules."""
