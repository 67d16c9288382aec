from importlib.resources import files

import pandas as pd
import pytest

from rebal_core.data.goals import GOALS
from rebal_core.data.profile import task_of
from rebal_core.data.samples import SAMPLES, open_sample
from rebal_core.data.simulate import TABLES
from rebal_core.wording import UserError


def test_every_simulated_table_is_a_sample():
    assert set(SAMPLES.names()) == set(TABLES)


@pytest.mark.parametrize("sample", list(SAMPLES), ids=lambda sample: sample.name)
def test_a_sample_opens_ready_to_compare(sample, tmp_path):
    dataset = open_sample(sample.name, tmp_path / "here")
    assert dataset.schema == sample.schema
    assert [c.name for c in dataset.schema.columns] == list(dataset.frame(rows=None).columns)
    assert dataset.name == sample.label
    assert dataset.goal == sample.goal
    labels = dataset.labels()
    assert labels.missing == 0
    assert labels.positive == len(labels.classes) - 1
    assert task_of(len(labels.classes)) in GOALS[sample.goal].tasks


@pytest.mark.parametrize("name", TABLES)
def test_the_files_are_what_the_generator_makes(name):
    stored = pd.read_parquet(str(files("sample_data") / f"{name}.parquet"))
    pd.testing.assert_frame_equal(stored, TABLES[name](), rtol=1e-9, check_dtype=False)


def test_the_class_bar_tells_the_truth():
    rare = {}
    for sample in SAMPLES:
        target = [sample.schema.target]
        stored = pd.read_parquet(str(files("sample_data") / sample.file), columns=target)
        counts = stored.value_counts().to_list()
        first = {"product_categories": 20, "customer_questions": 3}.get(sample.name)
        chosen = counts[-1:] if first is None else counts[first:]
        rare[sample.name] = sum(chosen) / sum(counts)
    for sample in SAMPLES:
        assert rare[sample.name] == pytest.approx(sample.rare_share, rel=0.06), sample.name


def test_splits_a_sample_asks_for():
    assert (SAMPLES["click_log"].group, SAMPLES["click_log"].time) == ("user_id", "timestamp")
    assert (SAMPLES["diagnosis"].group, SAMPLES["diagnosis"].time) == (None, None)


def test_an_unknown_sample_is_the_users_error(tmp_path):
    with pytest.raises(UserError, match="no sample"):
        open_sample("nothing", tmp_path)
