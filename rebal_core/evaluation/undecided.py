"""What a run leaves open, and whether more rows would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rebal_core.data.formats import count
from rebal_core.evaluation.verdict import rows_needed
from rebal_core.evaluation.words import rounded, signed
from rebal_core.metrics import METRICS
from rebal_core.wording import Text

if TYPE_CHECKING:
    from rebal_core.evaluation.sentences import Story

#: From so many times the rows on, the ratio is said; beyond the second, that rows are not the way.
SOME_TIMES, MOST_TIMES = 2, 100
_OPEN_ONE = (
    "No remedy was shown to beat {target}; gains up to {hi} ({arm} over {best}) cannot be excluded "
    "with {n} rows of “{cls}”."
)
_OPEN_MANY = (
    "No remedy was shown to beat {target}; gains up to {hi} ({arm} over {best}) cannot be excluded "
    "with these {n} rows."
)
_SETTLED_ONE = "About {need} rows of “{cls}” would settle it."
_SETTLED_MANY = "About {need} rows in all, mixed as these are, would settle it."
_TIMES_ONE = "About {need} rows of “{cls}” would settle it, {times} times what was looked at."
_TIMES_MANY = (
    "About {need} rows in all, mixed as these are, would settle it, {times} times what was looked "
    "at."
)
_NEVER_ONE = (
    "About {need} rows of “{cls}” would settle it, {times} times what was looked at: more rows "
    "alone are not the way, but columns that tell more may be, or a wider margin."
)
_NEVER_MANY = (
    "About {need} rows in all, mixed as these are, would settle it, {times} times what was looked "
    "at: more rows alone are not the way, but columns that tell more may be, or a wider margin."
)
#: What the bootstrap draws as one is what there have to be more of.
_BEYOND = {
    "group": "The further ones have to be of new values of “{group}”; more rows of the same tell "
    "little.",
    "time": "The further ones have to be of later times.",
}


def undecided(story: Story) -> list[Text]:
    """Tell what cannot be excluded, and what would settle it."""
    metric, best = METRICS[story.protocol.metric], str(story.run.best_untreated)
    base = story.scores[best].series(metric.name).mean
    bounds = {
        name: metric.possible(v.vs_best.interval(v.level), base)[1]
        for name, v in story.verdicts.items()
        if v.code != "NO_VERDICT"
    }
    known = {name: high for name, high in bounds.items() if not np.isnan(high)}
    target = "threshold tuning" if story.protocol.rule != "none" else "the untreated model"
    values: dict[str, Any] = {"target": Text(target)}
    if not known:
        return [Text("No remedy was shown to beat {target}.", values)]
    arm = max(sorted(known), key=lambda name: (known[name], story.verdicts[name].vs_best.gain))
    one, rows = len(story.classes) == 2, _deciding_rows(story)
    values |= {"hi": signed(known[arm], metric.name), "arm": arm, "best": best}
    values |= {"n": count(rows), "cls": story.classes[story.focus]}
    return [Text(_OPEN_ONE if one else _OPEN_MANY, values), *_settled(story, arm)]


def _deciding_rows(story: Story) -> int:
    """Rows whose number decides.

    Of two classes one is under claim, and its rows decide. A mean over many classes hangs on no
    class alone: there only the table can be spoken of.
    """
    one = len(story.classes) == 2
    return int(story.support[story.focus] if one else story.support.sum())


def _settled(story: Story, arm: str) -> list[Text]:
    """Tell how many rows would settle it, against how many there are.

    Nothing where nothing can be learnt: more of the same rows teach nothing either. Nor where the
    rows that are left were taught, for then it is not known.
    """
    v, rows = story.verdicts[arm], _deciding_rows(story)
    need = rows_needed(v.vs_best, v.level, v.margin, rows)
    taught = story.second is not None and story.second.outcome == "few"
    if need is None or taught or story.nothing_learnt:
        return []
    values = {
        "need": rounded(need),
        "times": rounded(need / rows),
        "cls": story.classes[story.focus],
    }
    many = len(story.classes) > 2
    if need > MOST_TIMES * rows:
        return [Text(_NEVER_MANY if many else _NEVER_ONE, values)]
    some = need >= SOME_TIMES * rows
    texts = (_TIMES_ONE, _TIMES_MANY) if some else (_SETTLED_ONE, _SETTLED_MANY)
    parts = [Text(texts[many], values)]
    if (beyond := _BEYOND.get(story.protocol.split)) is not None:
        parts.append(Text(beyond, {"group": story.protocol.group}))
    return parts
