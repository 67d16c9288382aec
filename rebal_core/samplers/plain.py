"""``fit_resample``: samplers on plain arrays and frames, by the rules of imbalanced-learn.

What goes in is checked as there, with the errors of scikit-learn; rows of the caller's come back as
they were, whatever their types.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import OneToOneFeatureMixin, clone
from sklearn.utils import _safe_indexing, check_array, check_consistent_length, check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d, validate_data

from rebal_core.facts import TableFacts
from rebal_core.params import Counts
from rebal_core.rows import DUPLICATE, ORIGINS, Floats, Ints, Layout, Recipe, TypedRows
from rebal_core.samplers.chain import run_steps
from rebal_core.samplers.neighbors import Graphs
from rebal_core.step import Sampler
from rebal_core.wording import UserError


class RowSampler(OneToOneFeatureMixin, Sampler):  # type: ignore[misc]
    """Base of the samplers of this room, which also serve plain arrays and frames.

    Attributes
    ----------
    measures : bool
        Whether it looks at the values, which must then be finite numbers.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where the columns of ``X`` have names.
    sampling_strategy_ : dict
        By label, as in imbalanced-learn: rows to make of classes that grow, to leave of those that
        shrink.
    sample_indices_ : ndarray of int
        Positions of the rows that came out, where each is one that went in.
    sample_weight_ : ndarray of float
        Weights of the rows that came out, where the sampler weighs them.
    """

    measures: ClassVar[bool] = True
    random_state: int | None

    def fit(self, X: Any, y: Any) -> Self:
        """Check the data, and tell what would be done; see :meth:`fit_resample`."""
        self._checked(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Resample plain data, as the samplers of imbalanced-learn do.

        Parameters
        ----------
        X : array-like of shape (n, p), list or DataFrame
            Finite numbers; of any type, also missing or a sparse matrix, for a sampler that does
            not look at the values.
        y : array-like of shape (n,)
            Labels, also one-hot or a frame of one column. ``counts`` names these.

        Returns
        -------
        X_resampled, y_resampled
            Of the kind and the types that were given: rows of yours are as they were. In rows
            between two, whole numbers and truth values are rounded. A frame keeps its index where
            rows are only left out by chance; else rows are numbered anew.

        Raises
        ------
        ValueError, TypeError
            As scikit-learn and imbalanced-learn raise them: lengths that differ, missing labels,
            one class, a continuous target, numbers that are missing or infinite where rows are
            computed; also where a parameter does not suit.
        """
        target, sampler, given, values = self._checked(X, y)
        seed = check_random_state(self.random_state).randint(2**31)
        names = self._names[: values.shape[1]]
        rows = TypedRows(
            numbers=values.astype(np.float32),
            codes=np.zeros((len(values), 0), dtype=np.int32),
            y=target.codes,
            layout=Layout(numbers=names, players=names),
            classes=tuple(map(str, target.classes)),
        )
        rng, near = np.random.default_rng(seed), Graphs(values, rows.y, layout=rows.layout)
        with _as_value_error():
            made = run_steps(sampler.parts, rows, near, len(target.classes), lambda _place: rng)
        for note in made.notes:
            warnings.warn(note, stacklevel=2)
        if made.weight is not None:
            self.sample_weight_ = made.weight
        if self._copies:
            self.sample_indices_ = made.base
            result = _take(given, made.base)
        else:
            result = _blended(given, made, values)
        frame = isinstance(result, pd.DataFrame)
        if frame and (self.measures or self.makes != ORIGINS[0]):
            result = result.reset_index(drop=True)
        return result, target.take(made.label, result.index if frame else None)

    @property
    def parts(self) -> tuple[Sampler, ...]:
        """What it does one after the other."""
        return (self,)

    @property
    def _names(self) -> tuple[str, ...]:
        """Names of the columns of ``X``; their positions where they have none."""
        return tuple(map(str, getattr(self, "feature_names_in_", range(self.n_features_in_))))

    @property
    def _copies(self) -> bool:
        """Whether each row that comes out is one that went in."""
        return self.makes in ORIGINS[: DUPLICATE + 1]

    def _checked(self, X: Any, y: Any) -> tuple[Target, RowSampler, Any, Floats]:
        """Return the target, the sampler in codes of it, the rows to take from, and their values.

        The values have no columns where the sampler does not look at them.
        """
        validate_data(self, X=X, y=y, reset=True, skip_check_array=True)
        target = Target.of(y)
        check_consistent_length(X, target.codes)
        if self.measures:
            given, values = X, _numbers(X, self._copies)
        else:
            given, values = _any_rows(X), np.zeros((len(target.codes), 0))
        before = tuple(np.bincount(target.codes).tolist())
        with _as_value_error():
            sampler = self._in_codes(target)
            after = sampler.counts_after(before)
        sizes = zip(target.classes, before, after, strict=True)
        if self.slot == "over":
            self.sampling_strategy_ = {label: n - now for label, now, n in sizes if n > now}
        else:
            cleans = self.slot == "clean"
            self.sampling_strategy_ = {label: n for label, now, n in sizes if cleans or n < now}
        return target, sampler, given, values

    def _in_codes(self, target: Target) -> RowSampler:
        """Return the sampler with parameters that are checked, rows per class by code."""
        counts = tuple(np.bincount(target.codes).tolist())
        columns = tuple((name, "feature") for name in self._names)
        facts = TableFacts(sum(counts), counts, len(columns), 0, 0, 0, columns=columns)
        read = {}
        for parameter in self.parameters:
            value = getattr(self, parameter.name)
            if isinstance(parameter, Counts) and value is not None:
                value = target.by_code(value)
            read[parameter.name] = parameter.read(value, facts)
        changed: RowSampler = clone(self).set_params(**read)
        return changed

    def __sklearn_tags__(self) -> Any:
        from imblearn.utils._tags import InputTags, SamplerTags, Tags  # a slow import
        from sklearn.utils import TargetTags

        return Tags(
            estimator_type="sampler",
            target_tags=TargetTags(required=True),
            sampler_tags=SamplerTags(sample_indices=self._copies),
            input_tags=InputTags(
                dataframe=True,
                sparse=not self.measures,
                string=not self.measures,
                allow_nan=not self.measures,
            ),
        )


@dataclass(frozen=True)
class Target:
    """Labels as they were given.

    Parameters
    ----------
    given : array-like
        Of n rows.
    classes : tuple
        Sorted; positions where the labels are one-hot.
    codes : ndarray of shape (n,), int64
        Positions in ``classes``.
    """

    given: Any
    classes: tuple[Any, ...]
    codes: Ints

    @classmethod
    def of(cls, y: Any) -> Target:
        """Read labels.

        Raises
        ------
        ValueError
            When they are no classes, some are missing, or all are of one class.
        """
        if not issparse(y) and np.any(np.asarray(pd.isna(y))):
            raise ValueError("Input y contains NaN.")
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            shares = y.toarray() if issparse(y) else np.asarray(y)
            if (shares.sum(axis=1) != 1).any():
                raise ValueError("Multilabel and multioutput targets are not supported.")
            labels = shares.argmax(axis=1)
        else:
            labels = column_or_1d(y)
            y = labels if isinstance(y, np.ndarray) else y
        classes, codes = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"The target 'y' needs to have more than 1 class. Got {len(classes)} class instead."
            )
        return cls(y, tuple(classes.tolist()), codes.astype(np.int64))

    def take(self, codes: Ints, index: pd.Index | None) -> Any:
        """Return labels of these classes, of the kind that was given."""
        _classes, first = np.unique(self.codes, return_index=True)
        taken = _take(self.given, first[codes])
        if isinstance(taken, (pd.Series, pd.DataFrame)):
            taken.index = pd.RangeIndex(len(taken)) if index is None else index
        return taken

    def by_code(self, counts: Any) -> Any:
        """Return what is said of labels, said of their codes; what is no mapping stays.

        Raises
        ------
        ValueError
            When there is no such label.
        """
        try:
            pairs = dict(counts)
        except (TypeError, ValueError):
            return counts
        code = {label: k for k, label in enumerate(self.classes)}
        absent = [label for label in pairs if label not in code]
        if absent:
            raise ValueError(f"The {absent} target class is/are not present in the data.")
        return {code[label]: n for label, n in pairs.items()}


@contextmanager
def _as_value_error() -> Iterator[None]:
    """Raise a mistake of the user's as scikit-learn's callers expect it."""
    try:
        yield
    except UserError as error:
        raise ValueError(str(error)) from error


def _any_rows(X: Any) -> Any:
    """Return rows of any type to take from: frames and lists as they are."""
    if hasattr(X, "columns") or hasattr(X, "column_names"):
        return X
    array = check_array(X, dtype=None, accept_sparse=["csr", "csc"], ensure_all_finite=False)
    return X if isinstance(X, list) else array


def _numbers(X: Any, copies: bool) -> Floats:
    """Return finite numbers, shape (n, p).

    Parameters
    ----------
    copies : bool
        False where rows are computed: a column of a type of its own is then no number.
    """
    if isinstance(X, pd.DataFrame):
        if not copies:
            _require_computable(X)
        if all(isinstance(kind, pd.SparseDtype) for kind in X.dtypes):
            X = X.sparse.to_dense()  # type: ignore[attr-defined]
    values = check_array(X, input_name="X")
    if values.dtype.kind not in "fiub":
        raise ValueError(f"X holds values of the type {values.dtype}, which are no numbers.")
    numbers = np.asarray(values, dtype=np.float64)
    # Rows are kept in single precision, and the squares of larger ones overflow even double.
    if np.abs(numbers).max(initial=0.0) > np.finfo(np.float32).max:
        raise ValueError(
            "Input X contains a value too large for dtype('float32'); scale this column first."
        )
    return numbers


def _require_computable(frame: pd.DataFrame) -> None:
    known = pd.api.types.is_numeric_dtype, pd.api.types.is_object_dtype
    kinds = zip(frame.columns, frame.dtypes, strict=True)
    strange = [name for name, kind in kinds if not any(holds(kind) for holds in known)]
    if strange:
        raise ValueError(
            f"The columns {strange} are no numbers, between which rows could be made; encode them, "
            "or choose a sampler that copies rows."
        )


def _take(given: Any, rows: Ints) -> Any:
    """Return the rows at these positions, of the kind that was given."""
    if isinstance(given, (pd.DataFrame, pd.Series)):
        return given.iloc[rows]
    if isinstance(given, list):
        return [given[row] for row in rows.tolist()]
    return _safe_indexing(given, rows)


def _blended(given: Any, recipe: Recipe, values: Floats) -> Any:
    """Return the caller's rows as they were, and computed rows in the same types."""
    numbers, made = recipe.between(values), recipe.origin > DUPLICATE
    if recipe.drawn is not None:
        own = np.flatnonzero(recipe.drawn.whole)
        numbers[np.take(recipe.drawn.at, own)] = recipe.drawn.numbers[own]
    if not isinstance(given, pd.DataFrame):
        array = _as_type(numbers, np.asarray(given)[recipe.base], made)
        return array.tolist() if isinstance(given, list) else array
    columns = []
    for j, kind in enumerate(given.dtypes):
        plain = getattr(kind, "numpy_dtype", getattr(kind, "subtype", kind))
        own = given.iloc[:, j].to_numpy(dtype=plain)[recipe.base]
        column = pd.Series(_as_type(numbers[:, j], own, made))
        columns.append(column if own.dtype.kind == "O" else column.astype(kind))
    frame = pd.concat(columns, axis=1)
    frame.columns = given.columns
    return frame


def _as_type(numbers: Floats, own: NDArray[Any], made: NDArray[np.bool_]) -> NDArray[Any]:
    """Return numbers in the type of the caller's own values, which stay where no row was made."""
    if own.dtype.kind not in "iub":
        return numbers.astype(own.dtype if own.dtype.kind == "f" else np.float64)
    low, high = (0, 1) if own.dtype.kind == "b" else _bounds(own.dtype)
    result = own.copy()
    result[made] = np.clip(np.rint(numbers[made]), low, high).astype(own.dtype)
    return result


def _bounds(kind: np.dtype[Any]) -> tuple[float, float]:
    """Return the least and the largest whole number of a type that is exact as a float."""
    info = np.iinfo(kind)
    return float(info.min), float(np.floor(np.nextafter(float(info.max) + 1, 0)))
