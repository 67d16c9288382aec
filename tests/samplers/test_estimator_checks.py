"""Scikit-learn's and imbalanced-learn's own checks of estimators, on every sampler."""

from __future__ import annotations

import warnings
from functools import partial

import pytest
from imblearn.utils import estimator_checks as imblearn_checks
from sklearn.utils import estimator_checks as sklearn_checks

from rebal_core import samplers
from rebal_core.samplers import (
    ADASYN,
    ENN,
    MGS,
    ROSE,
    SMOTE,
    SMOTEENN,
    SVMSMOTE,
    BorderlineSMOTE,
    KMeansSMOTE,
    RandomOver,
    RandomUnder,
    RowSampler,
)

SAMPLERS = (
    RandomOver(random_state=0),
    RandomUnder(random_state=0),
    SMOTE(random_state=0),
    BorderlineSMOTE(random_state=0),
    ADASYN(random_state=0),
    ROSE(random_state=0),
    MGS(random_state=0),
    SVMSMOTE(random_state=0),
    KMeansSMOTE(random_state=0),
    ENN(),
    SMOTEENN(random_state=0),
)
#: What imbalanced-learn asks of every sampler, then of those that look at no value.
IMBLEARN = {
    "check_target_type", "check_samplers_one_label", "check_samplers_fit", "check_samplers_pandas",
    "check_samplers_pandas_sparse", "check_samplers_list", "check_samplers_multiclass_ova",
    "check_samplers_preserve_dtype", "check_samplers_sample_indices", "check_samplers_2d_target",
    "check_sampler_get_feature_names_out", "check_sampler_get_feature_names_out_pandas",
}  # fmt: skip
ANY_VALUE = {"check_samplers_sparse", "check_samplers_string", "check_samplers_nan"}
#: What scikit-learn asks of every estimator, then of those that need finite numbers.
SKLEARN = {
    "check_estimator_cloneable", "check_estimator_tags_renamed", "check_valid_tag_types",
    "check_estimator_repr", "check_no_attributes_set_in_init", "check_fit_score_takes_y",
    "check_estimators_overwrite_params", "check_dont_overwrite_parameters",
    "check_estimators_fit_returns_self", "check_readonly_memmap_input",
    "check_estimators_unfitted", "check_do_not_raise_errors_in_init_or_set_params",
    "check_n_features_in_after_fitting", "check_mixin_order",
    "check_positive_only_tag_during_fit", "check_estimators_dtypes", "check_complex_data",
    "check_dtype_object", "check_estimators_empty_data_messages", "check_pipeline_consistency",
    "check_estimator_sparse_tag", "check_estimator_sparse_array", "check_estimator_sparse_matrix",
    "check_estimators_pickle", "check_f_contiguous_array_estimator",
    "check_parameters_default_constructible", "check_methods_sample_order_invariance",
    "check_methods_subset_invariance", "check_fit2d_1sample", "check_fit2d_1feature",
    "check_get_params_invariance", "check_set_params", "check_dict_unchanged",
    "check_fit_idempotent", "check_fit_check_is_fitted", "check_n_features_in", "check_fit1d",
    "check_fit2d_predict1d", "check_requires_y_none",
}  # fmt: skip
FINITE = {"check_estimators_nan_inf"}

#: Checks that do not run, and why.
LEFT_OUT = {
    "check_samplers_fit_resample": "checks counts only of subclasses of imbalanced-learn's bases; "
    "test_samplers.py holds those of ours",
    "check_samplers_sampling_strategy_fit_resample": "sets sampling_strategy, only on subclasses "
    "of imbalanced-learn's bases; ours are ratio and counts, which test_fit_resample.py sets",
    "check_array_api_input": "of arrays that are not NumPy's, which is asked for by setting "
    "SCIPY_ARRAY_API before SciPy is imported; not promised",
}


def _name(check) -> str:
    return check.func.__name__ if isinstance(check, partial) else check.__name__


def _checks():
    for sampler in SAMPLERS:
        name = type(sampler).__name__
        for check in imblearn_checks._yield_all_checks(sampler):
            yield sampler, "imblearn", _name(check), partial(check, name, sampler)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of checks that scikit-learn itself leaves out
            for estimator, check in sklearn_checks.estimator_checks_generator(sampler):
                yield sampler, "sklearn", _name(check), partial(check, estimator)


CHECKS = list(_checks())
RUN = [check for check in CHECKS if check[2] not in LEFT_OUT]


def test_these_checks_run_on_every_public_sampler() -> None:
    public = {getattr(samplers, name) for name in samplers.__all__}
    whole = {c for c in public if isinstance(c, type) and issubclass(c, RowSampler)}
    bases = {RowSampler, samplers.ToCounts, samplers.OverSampler}
    assert whole - bases == {type(sampler) for sampler in SAMPLERS}
    for sampler in SAMPLERS:
        ran = {(source, name) for owner, source, name, _ in RUN if owner is sampler}
        free = isinstance(sampler, RandomOver | RandomUnder)
        assert {n for source, n in ran if source == "imblearn"} == IMBLEARN | (
            ANY_VALUE if free else set()
        )
        assert {n for source, n in ran if source == "sklearn"} == SKLEARN | (
            set() if free else FINITE
        )
    assert set(LEFT_OUT) == {name for *_, name, _ in CHECKS} - {name for *_, name, _ in RUN}


@pytest.mark.parametrize(
    "check", [c[3] for c in RUN], ids=[f"{type(c[0]).__name__}-{c[1]}-{c[2]}" for c in RUN]
)
@pytest.mark.filterwarnings("ignore:One class kept its own rows:UserWarning")
@pytest.mark.filterwarnings("ignore:.* grown by plain SMOTE:UserWarning")
def test_check(check) -> None:
    check()
