"""Names and looks of the arms of a ranking, and of head, mid and tail."""

from __future__ import annotations

from collections.abc import Mapping

from app.components.charts import is_dark
from app.i18n import _
from rebal_core.experiment.ranked import Ranked
from rebal_core.figures.looks import looks
from rebal_core.figures.theme import FAMILIES, palette
from rebal_core.ranking.models import RECOMMENDERS
from rebal_core.ranking.remedies import REMEDIES

#: Families of remedies that are called otherwise among the strategies.
_LIKE = {"weights": "weighting"}


def model_name(name: str) -> str:
    """Return a model's name for people."""
    return _(RECOMMENDERS[name].label) if name in RECOMMENDERS else name


def remedy_name(name: str) -> str:
    """Return a remedy's name for people."""
    return _(REMEDIES[name].label) if name in REMEDIES else name


def arm_name(arm: str) -> str:
    """Return ``none/item_knn`` for people."""
    remedy, _slash, model = arm.partition("/")
    return f"{remedy_name(remedy)} · {model_name(model)}"


def arm_names(ranked: Ranked) -> dict[str, str]:
    """Return the names of all arms for people."""
    return {told["arm"]: arm_name(told["arm"]) for told in ranked.report["arms"]}


def families(ranked: Ranked) -> dict[str, str]:
    """Return the family of each arm, by which it is drawn."""
    found = {}
    for told in ranked.report["arms"]:
        name = told["strategy"]
        family = REMEDIES[name].family if name in REMEDIES else "ranking"
        family = _LIKE.get(family, family)
        found[told["arm"]] = family if family in FAMILIES else "ranking"
    return found


def marks(ranked: Ranked) -> dict[str, str]:
    """Return the mark that stands before the name of each arm."""
    return {arm: look.mark for arm, look in looks(families(ranked), is_dark()).items()}


def band_names() -> tuple[str, str, str]:
    """Return the names of the bands, translated."""
    return _("head"), _("mid"), _("tail")


def band_colors() -> tuple[str, str, str]:
    """Return the colours of the bands, as on the page Skew."""
    colors = palette(is_dark())
    return colors.others, colors.mid, colors.focus


def metrics_said(k: int) -> Mapping[str, tuple[str, str]]:
    """Return the name of each number at k, and what it means."""
    return {
        "ndcg": (
            f"NDCG@{k}",
            _("1 where the item that came next stands first in every list, 0 where none shows it."),
        ),
        "recall": (
            _("Recall@{k}").format(k=k),
            _("Share of the users whose list shows what came next."),
        ),
        "coverage": (
            _("Coverage"),
            _("Share of the catalogue that some list shows."),
        ),
        "gini": (
            _("Gini"),
            _("Unevenness of the exposure: 0 where all items are shown equally often."),
        ),
        "popularity_lift": (
            _("Popularity lift"),
            _("By what share lists are more popular than what their users had before."),
        ),
    }
