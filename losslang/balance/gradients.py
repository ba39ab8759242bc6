"""Norms of the gradients of terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def gradient_norms(terms: Mapping[str, Tensor], wrt: Sequence[Tensor], called: str) -> Tensor:
    """The Euclidean norm of each term's gradient by all of ``wrt`` together.

    Raises ``ValueError`` for a term that depends on none of them; ``called`` says what they are.
    """
    found = []
    for name, value in terms.items():
        slopes: Sequence[Tensor | None] = ()
        if value.requires_grad:
            slopes = torch.autograd.grad(value, wrt, retain_graph=True, allow_unused=True)
        known = [slope.norm() for slope in slopes if slope is not None]
        if not known:
            raise ValueError(
                f"the term {name!r} does not depend on {called}, so it has no gradient to balance;"
                " add it to the balanced loss"
            )
        found.append(torch.stack(known).norm())
    return torch.stack(found)
