"""The engine from start to end, with tasks that learn nothing."""


import pytest

from rebal_core.experiment.client import submit, wait

pytestmark = pytest.mark.timeout(120)


def test_run_ends_and_work_is_shared(lab, plan):
    run = submit(lab.store, plan())
    row = wait(lab.store, run, timeout=30)
    assert row.state == "done", (row, lab.engine_log())
    executions = lab.executions()
    assert {n: c for n, c in executions.items() if c > 1} == {"prepare": 2, "resample": 2}
    # none and threshold share their cells: 2 folds x 2 fits
    assert sum(":" in name for name in executions) == 4
    assert row.progress == (10, 10)
