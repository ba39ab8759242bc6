"""What is true of a loss: proofs, counterexamples, and for which hyperparameters."""
