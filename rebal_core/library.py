"""The front door for notebooks: a table in, pandas out."""

from __future__ import annotations

import inspect
import numbers
import operator
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, overload

import pandas as pd

from rebal_core.data.at_risk import amounts_at_risk
from rebal_core.data.dataset import label_text
from rebal_core.data.reading.given import Given, read_given
from rebal_core.data.schema import set_value
from rebal_core.scratch import scratch
from rebal_core.wording import Text, UserError

if TYPE_CHECKING:
    from rebal_core.arm import Protocol
    from rebal_core.data.dataset import Dataset
    from rebal_core.experiment.plan import Plan
    from rebal_core.store.store import Store


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

        A metric that judges decisions stands first where it decides, at the tuned cut-off.
        """
        rows, metric = [], self.report["protocol"]["metric"]
        for arm in self.report["arms"]:
            verdict = arm["verdict"] or {}
            found = arm["metrics"]
            if metric not in found:
                found = {metric: arm["at"]["tuned"].get(metric, {"mean": None}), **found}
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

    All runs in this process, on one core, and nothing is kept; ``rebal compare`` and the dashboard
    use all cores, can be interrupted, and keep the models.

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
        repeats, split, group, time, value, false_alarm, seed, drop, positive, margin``, and
        ``params``, what is set of strategies and classifiers, by their names.

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
    from rebal_core.store.store import Store

    wishes = _wishes(strategies, classifiers, options)
    with scratch() as folder, closing(Store(folder)) as store:
        read = read_given(table, target, store.new_dataset_folder()[1])
        dataset = read.dataset.trusting(_columns(read, trust))
        store.add_dataset(dataset)
        plan = _planned(dataset, _in_columns(read, wishes))
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
        Training rows only: split first, balance afterwards. As in :func:`compare`; never changed.
    target : column name, or array-like of shape (n,)
        The classes: a column, or one value a row that is none of the columns.
    strategy : str
        A strategy that makes, removes or weighs rows, by name or alias.
    value : column name, optional
        Column of the amounts at risk, by which no row is made; made rows have none.
    seed : int
        Equal seeds give equal rows.
    removed : bool
        Return the rows that were taken away as well.
    **params
        Of the strategy, e.g. ``ratio=0.5`` or ``counts={"yes": 500}``.

    Returns
    -------
    DataFrame
        The rows that are left in the table's order, then those that were made. The table's columns
        under the caller's names and in the caller's types, then ``_weight`` where rows are weighed,
        ``_flag`` where they are marked, ``_fit`` where they were drawn from a fit, ``_origin`` and
        ``_parents`` (row numbers of ``table``). Whole numbers and truth values that made rows lack
        come in pandas' nullable types. A target given as values is last (``target``, if unnamed).
    DataFrame, where ``removed``
        The rows that were taken away, in the table's order and types, with ``_removed_by`` (the
        step), ``_origin`` and ``_parents``.

    Raises
    ------
    UserError
        When the strategy cannot serve this table; the sentence says why.

    Examples
    --------
    >>> import pandas as pd, rebal_core as rebal
    >>> table = pd.DataFrame({"x": range(9), "y": ["no", "no", "yes"] * 3})
    >>> rebal.balance(table, "y", "random_over", ratio=1)["_origin"].value_counts().to_dict()
    {'original': 9, 'duplicate': 3}
    """
    from rebal_core.export.balance import balance_table
    from rebal_core.strategies import saved_strategies

    strategy = _word("strategy", strategy, Text("the name of a strategy"))
    seed = _whole("seed", seed)
    with scratch() as folder:
        read = read_given(table, target, folder / "table")
        dataset = read.dataset if value is None else _with_amounts(read, value)
        asked = read.params({name: _by_label(said) for name, said in params.items()})
        known = saved_strategies().beside()
        made = balance_table(dataset, strategy, params=asked, seed=seed, known=known)
        balanced = read.balanced(made.train)
        return (balanced, read.balanced(made.removed)) if removed else balanced


#: What :func:`compare` names itself among the wishes of a plan.
_NAMED = ("dataset", "strategies", "classifiers", "known")


def _wishes(strategies: Any, classifiers: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a plan takes, in its types."""
    from rebal_core.experiment.planning import make_plan

    taken = inspect.signature(make_plan).parameters
    wishes = _read_options(options, {n: p.default for n, p in taken.items() if n not in _NAMED})
    wishes["strategies"] = _words("strategies", strategies)
    wishes["classifiers"] = None if classifiers is None else _words("classifiers", classifiers)
    return wishes


def _planned(dataset: Dataset, wishes: Mapping[str, Any]) -> Plan:
    """Return the plan of a comparison, which may name what the user saved."""
    from rebal_core.experiment.planning import make_plan
    from rebal_core.strategies import saved_strategies

    return make_plan(dataset, **wishes, known=saved_strategies().beside())


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


def _read_options(options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return options in their types.

    Parameters
    ----------
    options : mapping
    known : mapping of str to object
        Defaults by name; what is None by default may be None.

    Raises
    ------
    UserError
        When there is no such option, or a value is of another type.
    """
    for name in options:
        if name not in known:
            raise UserError(
                "compare has no option “{name}”; it has {options}.",
                name=name,
                options=", ".join(("strategies", "classifiers", "trust", *known)),
            )
    return {
        name: value if value is None and known[name] is None else _READERS[name](name, value)
        for name, value in options.items()
    }


def _in_columns(read: Given, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with columns by the names that the dataset has for them."""
    named = {n: read.column(options[n]) for n in _COLUMN if options.get(n) is not None}
    drop = _columns(read, options.get("drop", ()))
    params = {n: read.params(one) for n, one in (options.get("params") or {}).items()}
    return {**options, **named, "params": params, "drop": drop}


def _columns(read: Given, names: Any) -> list[str]:
    single = isinstance(names, str) or not isinstance(names, Iterable)
    return [read.column(name) for name in ([names] if single else names)]


def _rejected(read: Given) -> tuple[str, ...]:
    rows = read.dataset.source.get("rejected_rows")
    told = Text("The table lacks {rows} rows that could not be read.", {"rows": f"{rows or 0:,}"})
    return (told.render(),) if rows else ()


def _unfit(name: str, value: Any, noun: Text) -> UserError:
    plain = value is None or isinstance(value, (str, bool, int, float))
    shown = repr(value) if plain else type(value).__name__
    return UserError("{name} is {value}; give {noun}.", name=name, value=shown, noun=noun)


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise _unfit(name, value, Text("a whole number"))
    return operator.index(value)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise _unfit(name, value, Text("a number"))
    return float(value)


def _word(name: str, value: Any, noun: Text | None = None) -> str:
    if not isinstance(value, str):
        raise _unfit(name, value, noun or Text("a name"))
    return value


def _words(name: str, value: Any) -> str | list[str]:
    if isinstance(value, str):
        return value
    words: list[Any] = list(value) if isinstance(value, Iterable) else [None]
    if not all(isinstance(word, str) for word in words):
        raise _unfit(name, value, Text("a name, or a list of names"))
    return words


def _split(name: str, value: Any) -> str:
    known = {"rows": "stratified", "stratified": "stratified", "group": "group", "time": "time"}
    if not isinstance(value, str) or value not in known:
        raise _unfit(name, value, Text("rows, group or time"))
    return known[value]


def _params(name: str, value: Any) -> dict[str, dict[str, Any]]:
    """Return what is set, by names of strategies and classifiers."""
    owners: Mapping[Any, Any] = value if isinstance(value, Mapping) else {None: None}
    inner = [word for one in owners.values() if isinstance(one, Mapping) for word in one]
    if not all(isinstance(word, str) for word in (*owners, *inner)):
        noun = Text("values by the names of strategies or classifiers and of their parameters")
        raise _unfit(name, value, noun)
    return {
        owner: {n: _by_label(said) for n, said in one.items()} if isinstance(one, Mapping) else one
        for owner, one in owners.items()
    }


def _by_label(value: Any) -> Any:
    """Return what is said of classes by their labels as the table writes these: 1.0 is ``1``."""
    if isinstance(value, pd.Series):
        value = value.to_dict()
    if not isinstance(value, Mapping):
        return value
    return {label_text(label): _by_label(inner) for label, inner in value.items()}


def _as_given(name: str, value: Any) -> Any:
    return value


#: Options that name one column.
_COLUMN = ("group", "time", "value")
_READERS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("folds", "repeats", "seed"), _whole),
    **dict.fromkeys(("margin", "false_alarm"), _number),
    **dict.fromkeys(("metric", "rule"), _word),
    **dict.fromkeys((*_COLUMN, "drop"), _as_given),
    "split": _split,
    "positive": lambda name, value: label_text(value),
    "params": _params,
}
