"""The front door for notebooks: a table in, pandas out."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, overload

import pandas as pd

from rebal_core.data.at_risk import amounts_at_risk
from rebal_core.data.reading.given import Given, read_given
from rebal_core.data.schema import set_value
from rebal_core.options import COLUMN, by_label, read_options, whole, word, words_of
from rebal_core.params import ColumnName, ColumnNames
from rebal_core.scratch import scratch
from rebal_core.wording import Text, UserError

if TYPE_CHECKING:
    from rebal_core.arm import Protocol
    from rebal_core.data.dataset import Dataset
    from rebal_core.experiment.plan import Plan
    from rebal_core.store.store import Store
    from rebal_core.strategies.base import Strategies


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"Comparison({self.sentence!r})"

    @property
    def sentence(self) -> str:
        """The verdict, in one sentence or a few, then which arms did not run to their end."""
        told = [str(self.report["verdict"]["sentence"])]
        lost = [arm for arm in self.report["arms"] if arm["status"] != "done"]
        for reason in dict.fromkeys(arm["reason"] for arm in lost):
            names = ", ".join(arm["arm"] for arm in lost if arm["reason"] == reason)
            told.append(f"Without a result: {names}. {reason}")
        return " ".join(told)

    @property
    def arms(self) -> pd.DataFrame:
        """One row an arm: its scores, its verdict and its distance to its reference.

        The main metric stands first, as the arm itself decides.
        """
        rows, metric = [], self.report["protocol"]["metric"]
        for arm in self.report["arms"]:
            verdict = arm["verdict"] or {}
            found = {metric: arm["score"] or {"mean": None}} | arm["metrics"]
            scores = {name: value["mean"] for name, value in found.items()}
            told = {name: verdict.get(name) for name in ("code", "delta", "low", "high")}
            rows.append({"arm": arm["arm"], "status": arm["status"], **scores, **told})
        return pd.DataFrame(rows)


def compare(
    table: Any,
    target: Any,
    *,
    strategies: str | Iterable[str] = "quick",
    classifiers: str | Iterable[str] | None = None,
    trust: Any = (),
    **options: Any,
) -> Comparison:
    """Compare remedies for the imbalance of a table, each with the untreated model of its kind.

    All runs in this process, on one core; ``rebal compare`` uses all, and keeps the models.

    Parameters
    ----------
    table : DataFrame, Arrow or polars table, or path
        Anything with the Arrow stream protocol, or a .csv, .tsv (.gz) or .parquet. Never changed.
    target : column name, or array-like of shape (n,)
        What to predict: a column, or one value a row that is none of the columns.
    strategies : {"quick", "all"} or names
        Names or aliases, of which ``tomek+smote`` names two steps, or what you saved under a name.
    classifiers : names, optional
        Default logistic regression and gradient boosting.
    trust : column name, or several
        Columns that are known before the event, however well they tell a class.
    **options
        As :func:`rebal_core.experiment.planning.make_plan` takes them: ``metric, rule, folds,
        repeats, split, group, time, value, false_alarm, seed, drop, rates, positive, margin``,
        and ``params``, what is set of strategies and classifiers, by their names.

    Raises
    ------
    UserError
        One sentence, whatever is wrong with table or wishes.

    Examples
    --------
    >>> import pandas as pd, rebal_core as rebal
    >>> table = pd.DataFrame({"x": [0, 1, 2, 3, 4] * 12, "y": ["no", "no", "yes"] * 20})
    >>> found = rebal.compare(
    ...     table, "y", strategies=["smote"], classifiers=["logistic"], folds=2,
    ...     params={"smote": {"ratio": 0.8}, "logistic": {"C": 0.1}},
    ... )
    >>> found.arms["arm"].tolist()[-1]
    'smote(ratio=0.8)/logistic(C=0.1)'
    """
    from rebal_core.experiment.planning import make_plan
    from rebal_core.store.store import Store
    from rebal_core.strategies import saved_strategies

    known = saved_strategies().beside()
    wishes = _wishes(strategies, classifiers, options)
    with scratch() as folder, closing(Store(folder)) as store:
        read = read_given(table, target, store.new_dataset_folder()[1])
        dataset = read.dataset.trusting(_columns(read, trust))
        store.add_dataset(dataset)
        plan = make_plan(dataset, **_in_columns(read, wishes, known), known=known)
        found = _report(store, plan)
        advice = _advice(replace(dataset, schema=plan.schema), plan.protocol)
    return Comparison(found, (*_rejected(read), *plan.notes, *advice))


@overload
def balance(
    table: Any,
    target: Any,
    strategy: str = ...,
    *,
    value: Any = ...,
    seed: int = ...,
    removed: Literal[False] = ...,
    **params: Any,
) -> pd.DataFrame: ...
@overload
def balance(
    table: Any,
    target: Any,
    strategy: str = ...,
    *,
    removed: Literal[True],
    value: Any = ...,
    seed: int = ...,
    **params: Any,
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
def balance(
    table: Any,
    target: Any,
    strategy: str = "smote",
    *,
    value: Any = None,
    seed: int = 0,
    removed: bool = False,
    **params: Any,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Balance a training table; never measure a model on what comes out.

    Parameters
    ----------
    table : DataFrame, Arrow or polars table, or path
        Training rows only: split first, balance afterwards.
    target : column name, or array-like of shape (n,)
        As in :func:`compare`.
    strategy : str
        A strategy that makes, removes or weighs rows, by name or alias.
    value : column name, optional
        Column of the amounts at risk, by which no row is made; made rows have none.
    seed : int
        Equal seeds give equal rows.
    removed : bool
        Return the rows that were taken away as well, with ``_removed_by`` (the step).
    **params
        Of the strategy, e.g. ``ratio=0.5`` or ``counts={"yes": 500}``.

    Returns
    -------
    DataFrame, or two of them
        The rows that are left, in order, then those that were made: the caller's columns (a target
        given as values last), ``_weight``, ``_flag``, ``_fit`` and ``_distance`` (to the nearest
        of the class) where rows are weighed, marked or drawn, ``_origin``, ``_parents`` (numbers).

    Raises
    ------
    UserError
        When the strategy cannot serve this table.

    Examples
    --------
    >>> import pandas as pd, rebal_core as rebal
    >>> table = pd.DataFrame({"x": range(9), "y": ["no", "no", "yes"] * 3})
    >>> rebal.balance(table, "y", "random_over", ratio=1)["_origin"].value_counts().to_dict()
    {'original': 9, 'duplicate': 3}
    """
    from rebal_core.export.balance import balance_table
    from rebal_core.strategies import saved_strategies

    strategy = word("strategy", strategy, Text("the name of a strategy"))
    seed, known = whole("seed", seed), saved_strategies().beside()
    with scratch() as folder:
        read = read_given(table, target, folder / "table")
        dataset = read.dataset if value is None else _with_amounts(read, value)
        said = read.params({n: by_label(v) for n, v in params.items()}, _naming(strategy, known))
        made = balance_table(dataset, strategy, params=said, seed=seed, known=known)
        left = read.balanced(made.train)
        return (left, read.balanced(made.removed)) if removed else left


#: What :func:`compare` names itself among the wishes of a plan.
_NAMED = ("dataset", "strategies", "classifiers", "known")


def _wishes(strategies: Any, classifiers: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a plan takes, in its types."""
    from rebal_core.experiment.planning import make_plan

    taken = inspect.signature(make_plan).parameters
    wishes = read_options(options, {n: p.default for n, p in taken.items() if n not in _NAMED})
    wishes["strategies"] = words_of("strategies", strategies)
    wishes["classifiers"] = None if classifiers is None else words_of("classifiers", classifiers)
    return wishes


def _with_amounts(read: Given, value: Any) -> Dataset:
    """Return the table with the column of its amounts at risk."""
    dataset = read.dataset.with_schema(set_value(read.dataset.schema, read.column(value)))
    amounts_at_risk(dataset)
    return dataset


def _report(store: Store, plan: Plan) -> dict[str, Any]:
    """Run a plan to its end, and return the report."""
    from rebal_core.codes import STATES
    from rebal_core.experiment.in_process import run_here
    from rebal_core.experiment.results import report

    run = run_here(store, plan)
    if run.state != "done":
        if run.error:
            raise UserError("{sentence}", sentence=run.error)
        raise UserError("The comparison ended as {state}.", state=STATES[run.state])
    return report(store, run.run)


def _advice(dataset: Dataset, protocol: Protocol) -> list[str]:
    """Return what the user may want to say of the columns, with the words for it."""
    from rebal_core.checks import doubts_of_plan

    mixed, logged = doubts_of_plan(dataset, protocol)
    advice = [f'{f.message} See time="{f.columns[0]}".' for f in mixed]
    return advice + [f"{f.message} See drop and trust." for f in logged]


def _in_columns(read: Given, options: Mapping[str, Any], known: Strategies) -> dict[str, Any]:
    """Return options with columns by the names that the dataset has for them."""
    named = {n: read.column(options[n]) for n in COLUMN if options.get(n) is not None}
    drop = _columns(read, options.get("drop", ()))
    asked = (options.get("params") or {}).items()
    params = {n: read.params(one, _naming(n, known)) for n, one in asked}
    rates = options.get("rates", ())
    rates = [rates] if isinstance(rates, str) else list(rates)
    return {**options, **named, "params": params, "drop": drop, "rates": rates}


def _naming(owner: str, known: Strategies) -> set[str]:
    """Return which parameters of a strategy name columns; none of what is no strategy."""
    try:
        parameters = known.find(owner).parameters
    except UserError:  # told where it is planned, unless it is a classifier
        return set()
    return {n for n, p in parameters.items() if isinstance(p, ColumnName | ColumnNames)}


def _columns(read: Given, names: Any) -> list[str]:
    single = isinstance(names, str) or not isinstance(names, Iterable)
    return [read.column(name) for name in ([names] if single else names)]


def _rejected(read: Given) -> tuple[str, ...]:
    rows = read.dataset.source.get("rejected_rows")
    told = Text("The table lacks {rows} rows that could not be read.", {"rows": f"{rows or 0:,}"})
    return (told.render(),) if rows else ()
