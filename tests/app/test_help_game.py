"""The game of generator and critic on the Help page: what was kept is what is shown."""

import numpy as np
import pytest
from page_reading import shown, widget

from app.components import help_game
from app.components.help_game import rounds
from rebal_core.nn.generators.cgan import Cgan


def test_the_loss_of_the_kept_round_is_not_the_least():
    told = rounds()
    assert told["epoch"].tolist() == list(range(1, len(told) + 1))
    best = told[told["kept"]].iloc[-1]
    assert told["loss"].min() < best["loss"], "the loss is no reason to keep a round"
    worth = told["use"] + told["shape"]
    assert worth[best.name] > worth.max() - Cgan.slack - 1e-3, "the probe is the reason"
    early = told.head(3)
    assert best["right"] > early["right"].max(), "the share of right rows has risen"
    assert best["use"] > early["use"].max()
    # The probe, which knows nothing of spots, tells what the loss does not.
    assert np.corrcoef(told["use"], told["right"])[0, 1] > 0.5


@pytest.mark.parametrize(
    ("language", "said"), [("en", "“The loss has not fallen"), ("zh", "“损失没有下降")]
)
def test_the_kept_numbers_are_shown(run_page, monkeypatch, language, said):
    figures, draw = [], help_game.draw
    monkeypatch.setattr(help_game, "draw", lambda f, *a: (figures.append(f), draw(f, *a)))
    app = run_page("help", language)
    widget(app.button_group, "help_part").set_value("traps").run()
    (box,) = [box for box in app.expander if said in box.label]
    told = rounds()
    assert len(box.get("plotly_chart")) == 2
    drawn = [[t.y for t in figure.data if t.mode == "lines"] for figure in figures[-2:]]
    wanted = ("loss", "critic_loss"), ("use", "right")
    np.testing.assert_array_equal(drawn, [[told[name] for name in names] for names in wanted])
    best = told[told["kept"]].iloc[-1]
    for number in (f"{best['right']:.0%}", f"{best['use']:.2f}", str(best["epoch"])):
        assert number in shown(box)
