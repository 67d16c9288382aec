"""What a change of rows costs is said before it starts."""

from __future__ import annotations

from dataclasses import replace

from rebal_core.experiment.estimate import changed
from rebal_core.facts import TableFacts
from rebal_core.strategies import STRATEGIES


def test_a_sampler_says_its_time_and_memory_before_it_starts() -> None:
    """What is compared in cells takes less than what is compared with all, and is told."""
    part = TableFacts(150_000, (140_000, 10_000), 20, 0, 0, 0)
    more = part.of_counts((900_000, 100_000))
    for name in ("enn", "tomek", "adasyn", "smote_enn"):
        few, many = changed(STRATEGIES[name], part), changed(STRATEGIES[name], more)
        assert many.approximate
        assert few.approximate == (name == "smote_enn"), "280,000 rows after SMOTE"
        assert few.seconds < many.seconds < 10 * few.seconds
        assert many.memory_bytes > 6 * few.memory_bytes > 6 * part.rows * part.width * 4
    assert not changed(STRATEGIES["smote"], more).approximate, "only the rare class is searched"
    assert not changed(STRATEGIES["enn"], replace(more, numbers=5)).approximate, "by a tree"
    assert changed(STRATEGIES["random_over"], more).memory_bytes > more.rows * more.width * 4
