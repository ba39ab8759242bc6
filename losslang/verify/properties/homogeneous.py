"""``homogeneous``: the loss scales with the unit of its inputs."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import alike, regression

PROPERTY = Property(
    "homogeneous",
    "scaling prediction and target by c > 0 scales the loss by c to a power, the value",
    (*regression.HOMOGENEOUS, *alike.HOMOGENEOUS),
    means=alike.scales,
    listed=alike.is_plain,
)
