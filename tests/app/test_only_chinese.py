"""The Chinese pages of a Chinese table hold no English but names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from rebal_core.data.reading.load import from_frame
from rebal_core.experiment.client import KINDS, submit
from rebal_core.experiment.in_process import run_here
from rebal_core.experiment.planning import make_plan
from rebal_core.store.store import Store

#: Names that a Chinese analyst writes in Latin letters: methods, metrics, formats, and codes.
NAMES = {
    "SMOTE", "ENN", "AUC", "ROC", "MCC", "mean", "Brier", "CSV", "TSV", "Parquet", "UTF", "Big",
    "EN", "E", "O", "G", "MB", "LR", "n", "k", "MLP", "GBT", "Holm", "RBL", "gray", "small",
    "warning", "block", "material", "help", "ADASYN", "All", "Bagging", "Copula", "BalanceCascade",
    "Boosting", "Borderline", "CNN", "EasyEnsemble", "IHT", "KMeans", "LOF", "LightGBM", "N", "NC",
    "NCR", "NearMiss", "OSS", "RBF", "RENN", "ROSE", "RUSBoost", "SVM", "Stacking", "Tomek",
    "UnderBagging", "kNN", "cost", "matrix", "FGSM", "Mixup", "PGD", "FT", "Transformer", "TabM",
    "TabICL", "LDAM", "softmax", "torch",
}  # fmt: skip
WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]+(?![A-Za-z0-9])")
CHINESE = {"amount": "金额", "age": "年龄", "device": "设备", "city": "城市", "label": "结果"}
VALUES = {"phone": "手机", "tablet": "平板", "desk": "台式", "Paris": "巴黎", "Lima": "利马",
          "rare": "流失", "common": "留下"}  # fmt: skip


@pytest.fixture
def places(store: Store, tiny_binary: pd.DataFrame) -> dict[str, str]:
    """A table without Latin letters, a finished run with settings, one that waits, other work."""
    table = tiny_binary.rename(columns=CHINESE).replace(VALUES)
    table["序列"] = range(len(table))
    table["固定"] = "甲"
    identifier, folder = store.new_dataset_folder()
    store.add_dataset(from_frame(table, folder, name="客户", target="结果"))
    opened = store.dataset(identifier)
    wishes = {"strategies": ["smote", "random_under"], "classifiers": ["logistic"], "folds": 3}
    params = {"smote": {"ratio": 0.5, "k_neighbors": 3}}
    done = run_here(store, make_plan(opened, params=params, **wishes)).run
    waiting = submit(store, make_plan(opened, **wishes))
    for kind in KINDS:
        store.add_run(kind, {}, dataset=identifier, version="1")
    return {"ds": identifier, "done": str(done), "waiting": str(waiting)}


def seen(app: AppTest) -> Iterator[str]:
    """Yield everything on a page that a reader sees as text, charts and tables included."""
    for kind in ("title", "header", "subheader", "markdown", "caption"):
        yield from (str(element.value) for element in app.get(kind))
    for kind in ("button", "selectbox", "checkbox", "number_input", "toggle", "button_group"):
        for element in app.get(kind):  # what is chosen is a name of ours, shown by its words
            yield str(getattr(element, "label", ""))
            yield from map(str, getattr(element, "options", ()))
    for table in app.dataframe:
        shown = table.value.drop(columns=["role", "kind", "fill"], errors="ignore")
        yield from (cell for cell in shown.to_numpy(dtype=object).flat if isinstance(cell, str))
    for chart in app.get("plotly_chart"):
        for trace in json.loads(chart.proto.spec)["data"]:
            yield str(trace.get("name") or "")
            yield str(trace.get("text") or "")


@pytest.mark.parametrize("view", ["data", "skew", "plan", "run", "compare", "runs", "waiting"])
def test_no_english_is_left(
    page: Callable[..., AppTest], places: dict[str, str], view: str
) -> None:
    asked = {"run": places["waiting" if view == "waiting" else "done"]}
    if view == "data":
        asked = {"check": places["ds"]}
    app = page("run" if view == "waiting" else view, "zh", **asked)
    strays = {word for text in seen(app) for word in WORD.findall(re.sub(r"<[^>]*>", "", text))}
    assert sorted(strays - NAMES) == []
