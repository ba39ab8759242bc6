"""A function of a loss's arguments that returns the factors of its matrix of products."""

from __future__ import annotations

from collections.abc import Sequence

from losslang.codegen.plan import Plan
from losslang.codegen.torch import table
from losslang.codegen.torch.emit import used_helpers
from losslang.codegen.torch.formula import Writer, renamed


def factors_text(plan: Plan, arguments: Sequence[str]) -> str:
    """Python with the function ``factors`` of the ``arguments``, which are called by their place.

    ``plan`` has an output for each factor. What the text needs beside torch, it has.
    """
    names = {name: f"x{place}" for place, name in enumerate(arguments)}
    reads = [n for n in plan.nodes if n.op == "read" and n.dtype == "float"]
    like = names[str(reads[0].attrs[0])]
    writer = Writer(renamed(plan, names.__getitem__), like, names.values())
    results = ", ".join(writer.result(output.value) for output in plan.outputs)
    lines = [f"def factors({', '.join(names.values())}):", *(f"    {x}" for x in writer.lines)]
    body = "\n".join([*lines, f"    return {results}", ""])
    helpers = used_helpers(body, dict(table.HELPERS))
    return "\n\n".join(["import torch\nfrom torch import Tensor, nn\n", body, *helpers.values()])
