"""What the texts of one loss in a module share: its plans, its names, what its calls accept."""

from __future__ import annotations

from losslang.codegen.lower import Lowered
from losslang.codegen.torch.names import Exports, Names
from losslang.codegen.torch.signature import needs


class Part:
    """One loss of a module."""

    def __init__(self, low: Lowered, taken: set[str], *, alone: bool) -> None:
        self.low = low
        self.alone = alone
        loss = low.loss
        self.names = Names(
            [
                loss.name,
                *(i.name for i in loss.inputs),
                *(h.name for h in loss.hyperparameters),
                *(state.name for state in loss.states),
            ],
            [f"raw_{h.name}" for h in loss.hyperparameters],
        )
        self.exports = Exports(loss.name, taken)
        self.function = self.exports.function
        self.type = self.exports.type
        self.has = needs(low)
        self.many = len(loss.terms) > 1
