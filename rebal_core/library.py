"""The front door for notebooks: pandas in, pandas out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from rebal_core.data.reading.load import from_frame
from rebal_core.data.schema import set_value
from rebal_core.scratch import scratch
from rebal_core.wording import UserError


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Parameters
    ----------
    report : mapping
        The JSON of ``rebal compare``.
    notes : tuple of str
        What the user should know: what the plan left out, which rows the folds mix.
    """

    report: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict, in one sentence or a few."""
        return str(self.report["verdict"]["sentence"])

    @property
    def arms(self) -> pd.DataFrame:
        """One row an arm: its scores, its verdict and its distance to its reference."""
        rows = []
        for arm in self.report["arms"]:
            verdict = arm["verdict"] or {}
            scores = {name: value["mean"] for name, value in arm["metrics"].items()}
            told = {name: verdict.get(name) for name in ("code", "delta", "low", "high")}
            rows.append({"arm": arm["arm"], "status": arm["status"], **scores, **told})
        return pd.DataFrame(rows)


def compare(
    table: pd.DataFrame,
    target: str,
    *,
    strategies: str | Sequence[str] = "quick",
    classifiers: str | Sequence[str] | None = None,
    trust: Sequence[str] = (),
    **options: Any,
) -> Comparison:
    """Compare remedies for the imbalance of a table, each with the untreated model of its kind.

    Everything runs in this process, on one core, and nothing is kept; ``rebal compare`` and the
    dashboard use all cores, can be interrupted, and keep the models.

    Parameters
    ----------
    table : DataFrame
        Never changed.
    target : str
        Column to predict.
    strategies : {"quick", "all"} or sequence of str
        Names or aliases.
    classifiers : sequence of str, optional
        Default logistic regression and gradient boosting.
    trust : sequence of str
        Columns that are known before the event, however well they tell a class.
    **options
        As :func:`rebal_core.experiment.planning.make_plan` takes them: ``metric, folds, repeats,
        split, group, time, value, false_alarm, drop, positive, seed, margin``.

    Raises
    ------
    UserError
        One sentence, whatever is wrong with table or wishes.
    """
    from rebal_core.checks import doubts_of_plan
    from rebal_core.experiment.in_process import run_here
    from rebal_core.experiment.planning import make_plan
    from rebal_core.experiment.results import report
    from rebal_core.store.rows import STATES
    from rebal_core.store.store import Store

    with scratch() as folder, closing(Store(folder)) as store:
        _identifier, place = store.new_dataset_folder()
        dataset = from_frame(table, place, target=target).trusting(trust)
        store.add_dataset(dataset)
        plan = make_plan(dataset, strategies=strategies, classifiers=classifiers, **options)
        run = run_here(store, plan)
        if run.state != "done":
            if run.error:
                raise UserError("{sentence}", sentence=run.error)
            raise UserError("The comparison ended as {state}.", state=STATES[run.state])
        found = report(store, run.run)
        mixed, logged = doubts_of_plan(replace(dataset, schema=plan.schema), plan.protocol)
    advice = [f'{f.message} See time="{f.columns[0]}".' for f in mixed]
    advice += [f"{f.message} See drop and trust." for f in logged]
    return Comparison(found, (*plan.notes, *advice))


def balance(
    table: pd.DataFrame,
    target: str,
    strategy: str = "smote",
    *,
    value: str | None = None,
    seed: int = 0,
    **params: Any,
) -> pd.DataFrame:
    """Balance a training table; never measure a model on what comes out.

    Parameters
    ----------
    table : DataFrame
        Training rows only: split first, balance afterwards. Never changed.
    target : str
        Column that holds the classes.
    strategy : str
        A strategy that makes or removes rows, by name or alias.
    value : str, optional
        Column of the amounts at risk, by which no row is made; made rows have none.
    seed : int
        Equal seeds give equal rows.
    **params
        Of the strategy, e.g. ``ratio=0.5``.

    Returns
    -------
    DataFrame
        The table's columns, then ``_origin`` and ``_parents`` (row numbers of ``table``).

    Raises
    ------
    UserError
        When the strategy cannot serve this table; the sentence says why.
    """
    from rebal_core.export.balance import balance_table

    with scratch() as folder:
        dataset = from_frame(table, folder / "table", target=target)
        if value is not None:
            dataset = dataset.with_schema(set_value(dataset.schema, value))
        made = balance_table(dataset, strategy, params=params, seed=seed)
        balanced: pd.DataFrame = made.train.to_pandas()
    return balanced
