"""What a system wrote beside the rows is asked about; what merely sounds like it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.arm import Protocol
from rebal_core.checks import doubts_of_plan, run_checks
from rebal_core.data.logged import origin_of_name
from rebal_core.data.reading.load import from_frame

ROWS = 300


def told(columns, tmp_path, **options):
    rng = np.random.default_rng(0)
    known = {"x": rng.normal(size=ROWS), "y": rng.choice(["a", "b"], ROWS), **columns}
    dataset = from_frame(pd.DataFrame(known), tmp_path / "d", target="y", **options)
    return dataset, [f for f in run_checks(dataset) if f.code == "RBL025"]


NAMES = {
    "model": "propensity_score|pscore|predicted_class|Predicted|y_pred|yHat|y_hat|proba_1"
    "|pred_proba|model_score|modelScore|ML score|prediction|logits|classifier_prob|预测值|预测概率"
    "|模型评分|流失预测结果|倾向得分|倾向性评分",
    "weight": "sample_weight|sampleWeight|fnlwgt|row weight|ipw|survey_wt|instance.weight|样本权重"
    "|抽样权重",
    "parts": "fold|Fold|cv_fold|kfold|fold_id|is_train|isTrain|train_test|in_training|折号"
    "|是否训练集|数据集划分",
    "shown": "rank_shown|shown rank|display_position|impression_slot|展示位置|曝光排名|推荐得分",
    None: "credit_score|weight|Weight (kg)|birth_weight|score|rank|position|model|car_model"
    "|model_year|test_score|weight_class|weights|is_trained_nurse|manifold|folder|position_title|split|1"
    "|%|class|training_hours|bifold|risk_score|体重|信用评分|折扣|几折|权重|评分|位置|排名|train_no|"
    "|probability_of_rain|weight_sample_total",
}


@pytest.mark.parametrize(
    ("name", "origin"),
    [(name, origin) for origin, names in NAMES.items() for name in names.split("|")],
)
def test_only_names_that_say_so_are_proposed(name, origin):
    assert origin_of_name(name) == origin


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("split", ["train", "test"]),
        ("set", ["Train", "Valid", "Test"]),
        ("用途", ["训练集", "测试集", "验证集"]),
        ("anything", ["training", "holdout", None]),
    ],
)
def test_a_column_of_train_and_test_is_told_by_its_values(name, values, tmp_path):
    _, (finding,) = told({name: np.resize(np.array(values, object), ROWS)}, tmp_path)
    assert finding.columns == (name,)
    assert finding.message == f"“{name}” seems to tell which rows train and which test."


@pytest.mark.parametrize("values", [["train", "bus"], ["test", "no test"], ["train"], ["val"]])
def test_other_words_are_no_parts(values, tmp_path):
    _, (finding,) = told({"split": np.resize(np.array(values, object), ROWS)}, tmp_path)
    assert finding.severity == "passed"


def test_the_two_answers_end_the_question(tmp_path):
    columns = {"propensity_score": np.arange(ROWS) % 7 / 10, "credit_score": np.arange(ROWS) % 50}
    dataset, (finding,) = told(columns, tmp_path)
    assert finding.message == "“propensity_score” is named like the output of a model."
    protocol = Protocol("average_precision", "f1")
    assert doubts_of_plan(dataset, protocol)[1] == [finding]
    left_out = dataset.with_schema(dataset.schema.with_role("ignore", "propensity_score"))
    assert doubts_of_plan(left_out, protocol)[1] == []
    trusted = dataset.trusting(["propensity_score"])
    assert doubts_of_plan(trusted, protocol)[1] == []


def test_what_the_values_tell_comes_before_what_names_do(tmp_path):
    """Ten are shown: a column of train and test is one of them whatever else there is."""
    named = {f"predicted_{k}": np.arange(ROWS) / (k + 1) for k in range(15)}
    columns = {**named, "part": np.resize(np.array(["train", "test"], object), ROWS)}
    _, findings = told(columns, tmp_path)
    assert findings[0].columns == ("part",)
    assert len(findings) == 11
    assert findings[-1].message == "More columns that a system may have written: 6."
