"""The rows of a preview in a plane, and one of them beside those it comes from."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from app.components.charts import draw, effect_words, explain_words, is_dark
from app.components.texts import count, joined, plain, share
from app.components.words import strategy_label
from app.i18n import _
from rebal_core.figures import effect as figures
from rebal_core.figures.explain import written
from rebal_core.preview import Effect, Picture, TrainingPart, picture_of
from rebal_core.rows import ADVERSARIAL
from rebal_core.schema import Column
from rebal_core.strategies import STRATEGIES

#: Letters of a column's name on an axis, and of a value in the table.
NAME, VALUE = 16, 60


def rows_in_plane(effect: Effect, key: str) -> None:
    """Draw the rows; one that is clicked, or chosen in the list, is shown with its parents.

    Parameters
    ----------
    key : str
        Of the effect: another one forgets which row was looked at.
    """
    part = effect.part
    with st.container(horizontal=True):
        x, y = (_axis_field(part, name) for name in ("x", "y"))
    picture = picture_of(effect, x, y)
    mine = f"{abs(hash(key)):x}"
    pick, chart = f"plan_row_{mine}", f"plan_plane_{mine}"
    row = st.session_state.get(pick)
    figure = figures.rows_in_plane(
        picture.marks,
        (axis(part, x, 0), axis(part, y, 1)),
        focus=part.labels.classes[part.labels.positive],
        chosen=None if row is None else _chosen(effect, picture, row),
        words=effect_words(),
        dark=is_dark(),
    )

    def clicked() -> None:
        points = st.session_state[chart]["selection"]["points"]
        told = points[0].get("customdata") if points else None
        told = told[0] if isinstance(told, list | tuple) else told
        st.session_state[pick] = None if told is None else int(told)

    alt = _("Rows before and after in a plane; the list below names them")
    draw(figure, chart, on_select=clicked, selection_mode="points", alt=alt)
    drawn, whole = len(picture.marks), picture.whole
    if drawn < whole:
        words = _(
            "{some} of {whole} marks are drawn: as many of each class, or all of a small one. "
            "Copies of a row are one mark."
        )
        st.caption(words.format(some=count(drawn), whole=count(whole)))
    _look(effect, picture, pick)


def _axis_field(part: TrainingPart, name: str) -> str | None:
    titles = {
        "x": (_("Across"), _("Projection, first direction")),
        "y": (_("Up"), _("Projection, second direction")),
    }
    label, projected = titles[name]
    chosen: str = st.selectbox(
        label,
        ["", *part.columns],
        format_func=lambda column: column or projected,
        key=f"plan_axis_{name}@{part.dataset.fingerprint[:8]}",
        help=_(
            "The projection keeps as much of the spread of all columns as a plane can, every class "
            "weighing the same; how much of it stands behind the columns that count most."
        ),
    )
    return chosen or None


def axis(part: TrainingPart, column: str | None, place: int) -> figures.Axis:
    """Return an axis of the plane: a column, or the direction at this place."""
    span = part.side(column, place)
    if column is not None:
        dates = part.dataset.schema[column].kind == "time"
        return figures.Axis(column, part.values(column), dates, span)
    names = [plain_name(name) for name in part.plane.names[place]]
    words = _("mostly {columns} ({share})")
    if not names:
        return figures.Axis("", span=span)
    told = words.format(columns=joined(names), share=share(part.plane.shares[place]))
    return figures.Axis(told, span=span)


def plain_name(name: str) -> str:
    """Return a column's name cut to what an axis can carry."""
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _chosen(effect: Effect, picture: Picture, row: int) -> figures.Chosen:
    if row < 0:
        return figures.Chosen(_place(picture.before[-1 - row]))
    parents, _fit = effect.parents(row)
    if effect.recipe.origin[row] == 0:
        return figures.Chosen(_place(picture.after[row]))
    ends = tuple(_place(picture.before[parent]) for parent in parents.tolist())
    return figures.Chosen(_place(picture.after[row]), ends)


def _place(xy: Any) -> tuple[float, float]:
    return float(xy[0]), float(xy[1])


def _look(effect: Effect, picture: Picture, pick: str) -> None:
    """Let a row be chosen from a list, and show it beside those it comes from."""
    marks = picture.marks
    listed = marks.loc[marks["kind"] != "original", ["row", "kind", "label"]]
    listed = pd.concat([listed[listed["kind"] != "removed"], listed[listed["kind"] == "removed"]])
    names = {
        int(row): _name(effect, int(row), kind, label)
        for row, kind, label in listed.itertuples(index=False)
    }
    row = st.session_state.get(pick)
    if row is not None and row not in names:
        code = effect.part.typed.y[-1 - row] if row < 0 else effect.recipe.label[row]
        names[row] = _name(effect, row, "original", effect.part.labels.classes[code])
    st.selectbox(
        _("Row to look at"),
        list(names),
        index=None,
        format_func=names.__getitem__,
        key=pick,
        placeholder=_("Click a mark, or choose a made or removed row here"),
    )
    if row is not None:
        _beside_its_parents(effect, int(row))


def _name(effect: Effect, row: int, kind: str, label: str) -> str:
    """Return ``interpolated · fraud · rows 17 and 873``."""
    words = [getattr(effect_words(), kind), str(label)[:VALUE]]
    if row < 0:
        words.append(_("row {n}").format(n=int(effect.part.rows[-1 - row])))
    else:
        parents = effect.part.rows[effect.parents(row)[0]].tolist()
        if parents:
            words.append(joined(_("row {n}").format(n=n) for n in parents))
        else:
            words.append(f"#{row}")
    return " · ".join(words)


def _beside_its_parents(effect: Effect, row: int) -> None:
    st.markdown(_story(effect, row))
    frame = effect.part.frame
    if row < 0:
        sides = {_("Removed row"): frame.iloc[-1 - row]}
    else:
        sides = {_("This row"): effect.restored(row)}
        for parent in effect.parents(row)[0].tolist() if effect.recipe.origin[row] else ():
            sides[_("Row {n}").format(n=int(effect.part.rows[parent]))] = frame.iloc[parent]
    columns = effect.part.dataset.schema.columns
    values = {side: [_written(known[c.name], c) for c in columns] for side, known in sides.items()}
    table = pd.DataFrame({_("Column"): [c.name for c in columns], **values})
    st.dataframe(
        table,
        key="plan_parents",
        hide_index=True,
        height="content" if len(table) <= 12 else 420,
    )


def _written(value: Any, column: Column) -> str:
    """Return a value as people write it; what a made row cannot have, an id, is a dash."""
    if isinstance(value, float) and math.isfinite(value):
        value = round(value, 4) if abs(value) >= 1 else float(f"{value:.4g}")
    told = explain_words().missing if column.role == "feature" else "–"
    return written(value, told)[:VALUE]


def _story(effect: Effect, row: int) -> str:
    """Return where a row comes from, or which step took it away, in a sentence."""
    recipe, steps = effect.recipe, effect.strategy.samplers
    if row < 0:
        step = steps[int(recipe.removed_by[-1 - row])] if recipe.removed_by is not None else None
        if step is None:
            return ""
        words = _("Taken away by {step}. It takes {which}.")
        if not step.goes.template:
            words = _("Taken away by {step}.")
        return words.format(step=_step(step.name), which=step.goes.render(_))
    parents, fit = effect.parents(row)
    origin = int(recipe.origin[row])
    if origin == 0:
        return _("One of your own rows, as it is.")
    if not len(parents):
        label = plain(effect.part.labels.classes[recipe.label[row]])
        words = _("It has no parents: it was drawn from what {step} learned of “{label}”.")
        step = None if recipe.drawn_by is None else steps[int(recipe.drawn_by[row])]
        told = words.format(step=_step(step.name if step else effect.strategy.name), label=label)
        return f"{told} `{fit}`" if fit else told
    numbers = effect.part.rows[parents].tolist()
    if origin == ADVERSARIAL:
        told = _(
            "Row {n}, its numbers moved to where a network errs on it; all else is that row's."
        )
        return told.format(n=numbers[0])
    if len(parents) == 1:
        return _("A copy of row {n}.").format(n=numbers[0])
    words = _("{share} of the way from row {a} to row {b}; its categories are those of row {c}.")
    donor = numbers[1] if recipe.pick[row] else numbers[0]
    way = share(float(recipe.step[row]))
    return words.format(share=way, a=numbers[0], b=numbers[1], c=donor)


def _step(name: str) -> str:
    """Return what a step is called: as the strategy of its name, where there is one."""
    return strategy_label(name) if name in STRATEGIES else name.replace("_", " ")
