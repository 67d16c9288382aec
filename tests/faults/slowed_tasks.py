"""The real tasks that learn, which only wait and take notes before and after a cell.

As ``engine_fakes.py``: what to do before stands in ``behave.json``, what ran in ``executions.log``.
"""

import engine_fakes

from rebal_core.experiment.tasks import learning

TASKS = {"cell": "slowed_tasks:cell"}


def cell(params, context):
    """Fit and predict for real, so slowly that somebody can be killed meanwhile."""
    engine_fakes.told(
        engine_fakes.cell_name(params), context, lambda: learning.cell(params, context)
    )
