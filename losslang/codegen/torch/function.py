"""A plan as a Python function of its own, beside the module of the loss it belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from losslang.codegen.plan import Plan
from losslang.codegen.torch import table
from losslang.codegen.torch.emit import used_helpers
from losslang.codegen.torch.formula import Writer, renamed


def function_text(name: str, plan: Plan, arguments: Sequence[str]) -> str:
    """Python with the function ``name`` of the ``arguments``, which are called by their place.

    It returns the outputs of the plan. What the text needs beside torch, it has.
    """
    names = {name: f"x{place}" for place, name in enumerate(arguments)}
    reads = [n for n in plan.nodes if n.op == "read" and n.dtype == "float"]
    like = names[str(reads[0].attrs[0])]
    writer = Writer(renamed(plan, names.__getitem__), like, names.values())
    results = ", ".join(writer.result(output.value) for output in plan.outputs)
    lines = [f"def {name}({', '.join(names.values())}):", *(f"    {x}" for x in writer.lines)]
    body = "\n".join([*lines, f"    return {results}", ""])
    helpers = used_helpers(body, dict(table.HELPERS))
    return "\n\n".join(["import torch\nfrom torch import Tensor, nn\n", body, *helpers.values()])
