"""The Help page, its search, and the two figures of their own."""

import pandas as pd
import pytest
from page_reading import shown, widget

from app.components.glossary import TERMS, TRAPS, VERDICT_SPANS
from app.components.help_parts import PARTS, entries
from app.i18n import catalogue
from rebal_core.figures.resampling import class_changes
from rebal_core.figures.verdicts import verdict_axis


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", list(PARTS))
def test_every_part_shows(run_page, part, language):
    app = run_page("help", language)
    widget(app.button_group, "help_part").set_value(part).run()
    shown(app)
    assert app.get("html") or app.expander or part == "privacy"


@pytest.mark.parametrize(
    ("language", "asked", "found"),
    [("en", "阈值", "**Cut-off**"), ("zh", "threshold", "**阈值**"), ("en", "RBL001", "Checks"),
     ("en", "近邻过采样", "**SMOTE**"), ("zh", "精确率", "精确率")],
)  # fmt: skip
def test_the_search_answers_in_either_language(run_page, language, asked, found):
    assert found in shown(run_page("help", language, q=asked))


@pytest.mark.parametrize(
    ("language", "asked", "three"),
    [("en", "cross-entropy plus", ("logit-adjusted loss", "p̄ the mean of the batch", "smoothing")),
     ("zh", "交叉熵加", ("对数几率调整", "p̄ 是批次的平均概率", "标签平滑"))],
)  # fmt: skip
def test_the_prior_term_of_articles_is_a_trap_with_three_ways_out(run_page, language, asked, three):
    said = shown(run_page("help", language, q=asked))
    assert [way for way in three if way not in said] == []
    app = run_page("help", language)
    widget(app.button_group, "help_part").set_value("traps").run()
    assert all(way in shown(app) for way in three)


def test_nothing_found_is_said(run_page):
    assert "Nothing is called that" in shown(run_page("help", q="zzzz"))


def test_every_term_is_translated():
    known = catalogue("zh")
    texts = [t for term in TERMS for t in (term.name, term.about)]
    texts += [t for trap in TRAPS for t in trap] + [v[1] for v in VERDICT_SPANS]
    assert [t for t in texts if t not in known] == []
    assert len({e.name for e in entries() if e.part == "metrics"}) > 12


def test_the_six_verdicts_on_one_axis():
    figure = verdict_axis([(c, c, *n) for c, _text, *n in VERDICT_SPANS], margin=0.01)
    drawn = {t.y[0]: t.x for t in figure.data if t.mode == "lines" and t.x[0] is not None}
    assert "NO_VERDICT" not in drawn
    assert min(drawn["HELPS"]) > 0.01
    assert -0.01 < min(drawn["NO_DIFFERENCE"]) < 0 < max(drawn["NO_DIFFERENCE"]) < 0.01
    assert min(drawn["NEGLIGIBLE"]) > 0
    assert max(drawn["NEGLIGIBLE"]) < 0.01
    assert min(drawn["CANT_TELL"]) < 0 < 0.01 < max(drawn["CANT_TELL"])


def test_class_changes_tell_rows_by_form():
    frame = pd.DataFrame(
        {"label": ["common", "<b>rare"], "kept": [90, 10], "removed": [30, 0], "duplicate": [0, 80]}
    )
    figure = class_changes(frame, focus="<b>rare")
    assert [t.name for t in figure.data] == ["your rows", "repeated", "removed"]
    assert list(figure.data[1].x) == [0, 80]
    assert figure.data[1].marker.pattern.shape == "x"
    assert figure.data[0].y[1] == "&lt;b&gt;rare"
    assert figure.data[0].marker.color[0] != figure.data[0].marker.color[1]
    assert [t.name for t in class_changes(frame.head(0)).data] == ["your rows"]
