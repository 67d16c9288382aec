"""What a 0 among the settings of a network stands for is told as it is taken."""

import numpy as np
import pytest

from rebal_core.arm import Arm
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.classifiers.net import NETWORKS
from rebal_core.nn.course import Course
from rebal_core.nn.solvers import SOLVERS
from rebal_core.nn.spans import AT_ONCE
from rebal_core.nn.training import _epochs
from rebal_core.strategies import taught_rows
from rebal_core.strategies.suited import suited


def test_the_optimisers_that_see_all_rows_at_once_are_named_alike():
    assert set(AT_ONCE) == set(SOLVERS)


@pytest.mark.parametrize("rows", [(40, 12), (900, 100, 13), (30_000, 400)], ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_told_is_what_is_taken(name, rows):
    y = np.repeat(np.arange(len(rows)), rows)
    n = len(taught_rows(Arm("none", name), y, 0))
    params = CLASSIFIERS[name].params
    schedule = CLASSIFIERS[name].build()._plan(n)
    held = None if n == len(y) else object()
    taken = {
        "epochs": _epochs(schedule, held, [Course()]),
        "patience": schedule.waits,
        "batch_size": schedule.batch(n),
    }
    told = suited(name, {}, rows)
    assert told == {key: taken[key] for key in told}
    matters = {"epochs"} | ({"patience"} if held else set())
    matters |= set() if params["optimizer"] in SOLVERS else {"batch_size"}
    assert set(told) == {key for key in matters if params.get(key) == 0}


def test_what_is_set_is_not_told_and_changes_what_hangs_on_it():
    rows = (900, 100)
    told = suited("mlp", {"epochs": 90, "batch_size": 8}, rows)
    assert told == {"patience": 30}
    assert suited("logistic", {}, rows) == {}
