"""The score by made rows per missing row, on the Compare page."""

from dataclasses import replace

import pytest
from page_reading import widget

from app.components import amounts as view
from rebal_core.arm import Arm
from rebal_core.experiment.results import evaluation

#: Which arms of the finished run stand for those of two amounts.
STANDS_FOR = {
    "smote/logistic": Arm("copula", "logistic", (("fill", 0.5), ("ratio", 0.9))),
    "random_under/logistic": Arm("copula", "logistic", (("ratio", 0.9),)),
}


@pytest.fixture
def judged(finished):
    e = evaluation(finished.store, finished.run)

    def called(arms):
        return {STANDS_FOR[n].name if n in STANDS_FOR else n: v for n, v in arms.items()}

    arms = tuple(replace(a, arm=STANDS_FOR.get(a.name, a.arm)) for a in e.arms)
    return replace(e, arms=arms, scores=called(e.scores), verdicts=called(e.verdicts))


def test_each_remedy_of_several_amounts_has_its_curve(judged, monkeypatch):
    titles, figures = [], []
    monkeypatch.setattr(view.st, "markdown", titles.append)
    monkeypatch.setattr(view, "draw", lambda figure, key: figures.append((key, figure)))
    view.amounts(1, judged, [], None)
    assert titles == ["**Gaussian copula (ratio 0.9)**"]
    ((key, figure),) = figures
    assert key == "compare_amounts_copula(ratio=0.9)_fill"
    (line,) = figure.data
    assert line.name == "Logistic regression"
    assert list(line.x) == [0, 0.5, 1]
    assert figure.layout.xaxis.title.text == "Made rows per missing row"


def test_without_several_amounts_there_is_no_such_view(run_page):
    app = run_page("compare")
    assert "Amounts" not in widget(app.button_group, "compare_view").options
