"""``equals``: the loss is another one."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import difference

PROPERTY = Property(
    "equals",
    "the loss has the values of another one, such as `ce` or `gce(q=1)`",
    (*difference.EQUALS,),
    arguments=("loss",),
    means=difference.compares,
)
