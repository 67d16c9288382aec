"""Arms whose networks learn for a moment, where nobody asks how well."""

from __future__ import annotations

from dataclasses import replace

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS


def briefly(arm: Arm, epochs: int = 4) -> Arm:
    """Return the arm with so many epochs at most; courses change at parts of them, so all meet."""
    if CLASSIFIERS[arm.classifier].family != "net":
        return arm
    return replace(arm, settings=(("epochs", epochs),))
