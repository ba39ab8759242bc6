"""Which kernel a loss has: one over its rows, over those of a matrix of pairs, or over places."""

from __future__ import annotations

from losslang.codegen import products, sums
from losslang.codegen.lower import Lowered
from losslang.codegen.native.call import Kernel, Product, Real, Sums
from losslang.codegen.native.kernel import kernel
from losslang.codegen.native.sums import WIDEST, sums_kernel
from losslang.codegen.rows import rows
from losslang.codegen.slopes import NoSlopesError, with_slopes
from losslang.codegen.torch.function import function_text


def kernel_of(low: Lowered, real: Real) -> Kernel | str:
    """The kernel of a loss, or why it has none."""
    try:
        if not any(known.axes for known in low.loss.inputs):
            # Their slopes overflow near the end of the range where those of the operations do not.
            return "losses of single numbers are left to torch"
        try:
            found = rows(with_slopes(low))
        except NoSlopesError as reason:
            return _of_products(low, real) or _of_sums(low, real) or str(reason)
        label = low.label.name if low.label else None
        return kernel(found, real, label)
    except NoSlopesError as reason:
        return str(reason)


def _of_products(low: Lowered, real: Real) -> Kernel | None:
    """The kernel of a loss of pairs, if it is one."""
    try:
        found = products.cut(low)
        arrays, hypers = low.hard.arrays, low.hard.hyperparameters
        text = function_text("factors", found.factors, (*arrays, *hypers))
        if real in ("bfloat16", "float16"):
            return None
        return kernel(rows(found.rows), real, None, Product(text, len(arrays), found.sizes))
    except NoSlopesError:
        return None


def _of_sums(low: Lowered, real: Real) -> Kernel | None:
    """The kernel of a loss of sums over places, if it is one."""
    if real in ("bfloat16", "float16"):
        return None
    try:
        found = sums.cut(low)
        arrays, hypers = low.hard.arrays, low.hard.hyperparameters
        text = function_text("rest", found.rest, (*found.names, *hypers))
        label = low.label.name if low.label else None
        called = Sums(text, len(arrays), found.scores, found.slopes, WIDEST, label)
        return sums_kernel(rows(found.places), real, called)
    except NoSlopesError:
        return None
