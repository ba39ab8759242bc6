"""Where an answer changes as a hyperparameter moves: a guess, to be proved on both sides."""

from losslang.verify.thresholds.change import Change
from losslang.verify.thresholds.settings import free, generic
from losslang.verify.thresholds.survey import Survey, survey
from losslang.verify.thresholds.told import end_of_half, special, tested

__all__ = ["Change", "Survey", "end_of_half", "free", "generic", "special", "survey", "tested"]
