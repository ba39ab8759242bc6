"""A page about a loss."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losslang.driver.finding import elaborated

if TYPE_CHECKING:
    from losslang.codegen.lower import Lowered


def show(
    spec: str | Mapping[str, Any],
    *,
    path: Path | str | None = None,
    expand: str | None = None,
    order: int = 4,
    plan: bool = False,
) -> str:
    """A page about a loss: signature, formula, gradient, cost; loads no torch.

    ``spec`` is an expression, over the losses of the file ``path`` too, or a config. ``expand``
    adds the series in that basis (``"1 - p"``) up to ``order``, ``plan`` what backends receive.
    """
    from losslang.codegen import cost
    from losslang.codegen.lower import lower
    from losslang.ir import expansion
    from losslang.ir import show as showing

    loss = elaborated(spec, path=path)
    more: list[showing.Section] = []
    if expand is not None:
        more.append(("Expansion", [expansion.expansion(loss, expand, order)]))
    low = lower(loss)
    more.append(("Cost", cost.cost_lines(low.hard.plan)))
    if plan:
        more.append(("Plan", cost.plan_lines(low.hard.plan)))
        more.append(("Rows", _rows(low)))
    return showing.show(loss, more)


def _rows(low: Lowered) -> list[str]:
    """The statistics of a row, of the loss, of its matrix of products or of a place, or why not."""
    from losslang.codegen import cost, products, sums
    from losslang.codegen.rows import rows
    from losslang.codegen.slopes import NoSlopesError, with_slopes

    try:
        return cost.row_lines(rows(with_slopes(low)))
    except NoSlopesError as reason:
        why = str(reason)
    with suppress(NoSlopesError):
        return cost.product_lines(products.cut(low))
    with suppress(NoSlopesError):
        return cost.sum_lines(sums.cut(low))
    return [f"none: {why}"]
