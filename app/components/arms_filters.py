"""What the table of arms is asked for: a class, a way of telling, models."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from app.components.linked import asked, begin, choose
from app.components.texts import bracketed, plain
from app.components.words import model_label
from app.i18n import _
from app.state import write_view
from rebal_core.evaluation import Evaluation


def filters(evaluation: Evaluation) -> tuple[int | None, bool, list[str]]:
    """Let the reader choose class, way of telling and models.

    Returns
    -------
    focus : int or None
        Code of the class; None for all.
    against : bool
        Whether distances are told.
    classifiers : list of str
        Those shown.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        focus = _class(evaluation)
        ways = {"against": _("Against reference"), "absolute": _("Absolute")}
        way = choose("numbers", _("Numbers"), ways, "against", "compare_way")
        kinds = finished_models(evaluation)
        if "compare_models" not in st.session_state:
            begin("compare_models", asked("model", kinds) or kinds)
        chosen = st.pills(
            _("Models"),
            kinds,
            format_func=_model,
            selection_mode="multi",
            key="compare_models",
            label_visibility="collapsed",
            wrap=True,
        )
    classifiers = list(chosen) or kinds
    write_view("model", [] if classifiers == kinds else classifiers)
    return focus, way != "absolute", classifiers


def _class(evaluation: Evaluation) -> int | None:
    """Let the reader choose one of the worst classes, the one that the address names, or all."""
    order = _worst_first(evaluation)
    if "compare_class" not in st.session_state:
        found = asked("class", ["", *evaluation.classes])  # nothing after the sign: all classes
        default = claimed(evaluation)
        wanted = evaluation.classes.index(found[0]) if found and found[0] else None
        wanted = wanted if found else default
        begin("compare_class", "all" if wanted is None else wanted)
        begin("compare_named", st.session_state["compare_class"])
    named = st.session_state["compare_named"]
    shown = list(dict.fromkeys([*order[:4], *([] if named == "all" else [named])]))
    names: dict[Any, str] = {k: plain(evaluation.classes[k], 24) for k in shown}
    names[order[0]] = bracketed(names[order[0]], _("worst"))
    names["all"] = _("all")
    focus = st.segmented_control(
        _("Class"),
        list(names),
        format_func=names.__getitem__,
        key="compare_class",
        label_visibility="collapsed",
    )
    code = None if focus in (None, "all") else int(focus)
    write_view("class", ["" if code is None else evaluation.classes[code]])
    return code


def claimed(evaluation: Evaluation) -> int | None:
    """Return the code of the class that the verdicts speak of; None where of all together."""
    return evaluation.positive if evaluation.binary else None


def finished_models(evaluation: Evaluation) -> list[str]:
    """Return the models of which an arm ran to its end: only they have lines in the table."""
    done = (a.arm.classifier for a in evaluation.arms if a.status == "done" and not a.dummy)
    return list(dict.fromkeys(done))


def _model(name: str) -> str:
    """Return a model's name with the letters that stand for it in the table."""
    full, short = model_label(name), model_label(name, short=True)
    return full if full == short else bracketed(full, short)


def _worst_first(evaluation: Evaluation) -> list[int]:
    """Return the classes by the best untreated arm's F1, the worst first."""
    best = evaluation.run.best_untreated
    if best is None:
        return list(range(len(evaluation.classes)))[::-1]
    f1 = evaluation.per_class(best)["f1"].fillna(0.0).to_numpy()
    return [int(k) for k in np.argsort(f1, kind="stable")]
