"""What is counted in the notes on scored rows is told as one where it is one."""

from __future__ import annotations

import pytest

from rebal_core.export.align import _lost
from rebal_core.schema import Column


@pytest.mark.parametrize(("kind", "thing"), [("number", "number"), ("time", "time")])
def test_lost_values(kind, thing) -> None:
    told = [_lost(Column("x", kind), lost).render() for lost in (1, 2, 2_000)]
    assert told == [
        f"Column “x” holds one value that is no {thing}; it counts as missing.",
        f"Column “x” holds 2 values that are no {thing}s; they count as missing.",
        f"Column “x” holds 2,000 values that are no {thing}s; they count as missing.",
    ]
