"""What leaves the house: balanced data, the model, all numbers."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app import run_cache
from app.components.charts import class_words, draw, is_dark
from app.components.export_files import (
    download_button,
    export_folder,
    manifest_of,
    note_lines,
    require_files,
)
from app.components.export_rows import exported_rows, removed_of
from app.components.recipes import recipes_told, whole_name
from app.components.repairs import distrust, repair_words
from app.components.texts import (
    bracketed,
    counted,
    cutoff,
    interval,
    number,
    plain,
    share,
    title,
)
from app.components.words import (
    arm_labels,
    arm_marks,
    gain_digits,
    metric_label,
    verdict_told,
)
from app.i18n import _, message
from app.state import store
from rebal_core.evaluation import Evaluation
from rebal_core.figures.resampling import PATTERNS, class_changes
from rebal_core.strategies import STRATEGIES, Strategy

FORMATS = {"parquet": "Parquet", "csv": "CSV"}
#: What a run of each verdict says of training rows that are left as they are.
UNTREATED = {
    "NO_REMEDY_NEEDED": message("Nothing to balance: your own rows are the right training data."),
    "NOT_SHOWN": message(
        "These are your own rows. No remedy was shown to help, nor that none is needed: too few "
        "rows to tell. Until there are more, leaving the data alone is the safe choice."
    ),
    "HELPS": message(
        "These are your own rows. A remedy was shown to help: choose that arm for balanced ones."
    ),
    "NO_VERDICT": message(
        "These are your own rows. This run says nothing about whether to balance them."
    ),
}


def arm_picker(evaluation: Evaluation) -> str:
    """Let the user choose the arm; the winner, or the reference, is preset."""
    labels, marks = arm_labels(evaluation), arm_marks(a.arm for a in evaluation.arms)
    names = [a.name for a in evaluation.arms if a.status == "done" and not a.dummy]
    best = evaluation.run.best_arm
    with st.container(horizontal=True, vertical_alignment="bottom"):
        arm = st.selectbox(
            _("Arm"),
            names,
            index=names.index(best) if best in names else 0,
            format_func=lambda a: f"{marks[a]} {labels[a]}",
            key=f"export_arm_{evaluation.facts.get('fingerprint', '')[:8]}_{len(names)}",
            width=390,
        )
        st.markdown(f":gray[{_standing(evaluation, arm)}]")
    whole_name(labels[arm])
    recipes_told([a.arm for a in evaluation.arms if a.name == arm], evaluation.classes)
    return str(arm)


def _standing(evaluation: Evaluation, arm: str) -> str:
    """Return the arm's verdict in one grey line."""
    verdict = evaluation.verdicts.get(arm)
    if verdict is None and not _strategy(evaluation, arm).remedy:
        return _("No remedy for imbalance: what helps has to beat it.")
    if verdict is None:
        return _("The untreated model of this run; what every remedy was compared with.")
    metric = evaluation.protocol.metric
    words = _("{verdict}: {interval} in {metric} against its own untreated model.")
    other, rival = verdict.reference, ""
    if verdict.spoken_of is verdict.vs_rival and verdict.rival is not None:
        words = _("{verdict}: {interval} in {metric} against its rival, {rival}.")
        other, rival = verdict.rival, arm_labels(evaluation)[verdict.rival]
    low, high = evaluation.possible(other, verdict.spoken_of, verdict.level)
    return words.format(
        verdict=verdict_told(verdict.code),
        interval=interval(low, high, gain_digits(metric), to=_("to")),
        metric=metric_label(metric),
        rival=plain(rival),
    )


def export_cards(run: int, evaluation: Evaluation, arm: str) -> None:
    """Draw the cards of one arm; its files are made first, as a job."""
    grid = st.grid(2, min_column_width=380, gap="medium")
    data, right = grid.cell().container(border=True), grid.cell()
    model = right.container(border=True)
    with data:
        made = _strategy(evaluation, arm).changes_rows
        st.subheader(_("Balanced data") if made else _("Training data"), anchor=False)
        kind = _data_head(arm, evaluation)
    with model:
        st.subheader(_("Model"), anchor=False)
        refit = _model_head(evaluation, arm)
    removes = _strategy(evaluation, arm).changes_rows
    wishes = {"csv": kind == "csv", "refit": refit, "removed": removes}
    ready = require_files(run, arm, wishes)
    manifest = manifest_of(run, arm)
    if manifest is None:
        return
    with data:
        _data_card(run, evaluation, arm, manifest, kind, ready)
    with model:
        _model_card(run, evaluation, arm, manifest, refit and ready)
    with right, st.container(border=True):
        _numbers_card(run, arm)
    note_lines(manifest["notes"])


def _strategy(evaluation: Evaluation, arm: str) -> Strategy:
    return STRATEGIES[next(a.arm.strategy for a in evaluation.arms if a.name == arm)]


def _data_head(arm: str, evaluation: Evaluation) -> str:
    strategy = _strategy(evaluation, arm)
    if strategy.changes_rows:
        words = _(
            "Your own columns plus `_origin` and `_parents` (rows of your table, counted from 0); "
            "a row without parents names in `_fit` what it was drawn from, and in `_distance` how "
            "far the nearest row of its class is. Whole numbers stay whole in made rows. For "
            "training only: never measure a model on it."
        )
    elif strategy.weights is not None:
        words = _("Your own rows plus `_weight`: how much each counts when a model learns from it.")
    elif strategy.family in ("reference", "decision"):
        words = _(UNTREATED[evaluation.run.code])
    else:
        words = _("This remedy changes the training, not the rows: these are your own rows.")
    st.markdown(f":gray[{words}]")
    return str(
        st.segmented_control(
            _("Format"),
            list(FORMATS),
            format_func=FORMATS.__getitem__,
            default="parquet",
            key="export_format",
            required=True,
        )
    )


def _data_card(
    run: int,
    evaluation: Evaluation,
    arm: str,
    manifest: Mapping[str, Any],
    kind: str,
    ready: bool,
) -> None:
    changes = _changes(run, evaluation, arm, manifest)
    focus = evaluation.classes[evaluation.focus]
    figure = class_changes(changes, focus=focus, words=class_words(), dark=is_dark())
    draw(figure, "export_rows")
    folder = export_folder(run, arm)
    train, test = (folder / f"{name}.{kind}" for name in ("train_balanced", "test_untouched"))
    made = int(changes.drop(columns=["label", "removed"]).to_numpy().sum())
    held = int(manifest["split"]["test_rows"])
    if ready:
        with st.container(horizontal=True, vertical_alignment="center"):
            words = counted("Download 1 row to train on", "Download {n} rows to train on", made)
            download_button(words, train, key="export_train", filled=True)
            words = counted("1 untouched row to test on", "{n} untouched rows to test on", held)
            download_button(words, test, key="export_test")
            gone = removed_of(folder)
            if gone:
                words = counted("1 removed row", "{n} removed rows", gone)
                download_button(words, folder / f"removed.{kind}", key="export_removed")
            if manifest["natural_prevalence"] != manifest["balanced_prevalence"]:
                with st.popover(_("What the shift means"), type="tertiary"):
                    _shift(focus, manifest)
    if ready:
        exported_rows(folder, manifest["dataset"]["target"])
    if kind == "csv":
        st.caption(
            _("CSV cells that a spreadsheet would run as a formula get a leading apostrophe.")
        )


def _changes(
    run: int, evaluation: Evaluation, arm: str, manifest: Mapping[str, Any]
) -> pd.DataFrame:
    """Return ``label, kept, removed`` and rows made by origin, largest class first."""
    path = export_folder(run, arm) / "train_balanced.parquet"
    target = manifest["dataset"]["target"]
    rows = run_cache.row_origins(str(path), path.stat().st_mtime, target)
    table = rows.pivot_table(index="label", columns="origin", values="rows", aggfunc="sum")
    table = table.reindex(list(evaluation.classes)).fillna(0)
    kept = table["original"] if "original" in table else 0 * table.iloc[:, 0]
    made = {name: table[name].to_numpy() for name in PATTERNS if name in table}
    # Rows that a classifier holds out are in neither file, and no step took them away.
    removed, gone = export_folder(run, arm) / "removed.parquet", 0 * kept
    if removed.is_file():
        rows = run_cache.row_origins(str(removed), removed.stat().st_mtime, target)
        gone = rows.set_index("label")["rows"].reindex(table.index).fillna(0)
    frame = {"label": list(evaluation.classes), "kept": kept.to_numpy(), "removed": gone.to_numpy()}
    return pd.DataFrame({**frame, **made})


def _shift(focus: str, manifest: Mapping[str, Any]) -> None:
    """Tell natural and new prevalence, and how a model's probabilities are brought back."""
    natural, new = (manifest[f"{k}_prevalence"][focus] for k in ("natural", "balanced"))
    words = _(
        "“{label}” makes up {natural} of your rows and {new} of this file. A model trained on the "
        "file takes the class for that common. This brings a probability q back, for each class k:"
    )
    st.markdown(words.format(label=plain(focus), natural=share(natural), new=share(new)))
    st.code("p_k = q_k * natural_k / balanced_k\np   = p / p.sum()", language=None)
    st.caption(_("Both shares of every class stand in manifest.json and in the Parquet file."))


def _model_head(evaluation: Evaluation, arm: str) -> bool:
    words = _(
        "Preparation, model, prior correction, calibration and cut-off in one file. No pickle."
    )
    st.markdown(f":gray[{words}]")
    metric, scores = evaluation.protocol.metric, evaluation.scores[arm]
    digits = gain_digits(metric)
    shown = (evaluation.score(arm, metric).mean, *evaluation.interval(arm, metric))
    mean, low, high = (number(value, digits) for value in shown)
    head = _("{metric} on held-out rows").format(metric=metric_label(metric))
    lines = [(_("Arm"), arm_labels(evaluation)[arm])]
    lines.append((head, bracketed(mean, f"{low} {_('to')} {high}")))
    if evaluation.binary:
        ratio = number(scores.series("calibration_ratio").mean, 2)
        lines.append((_("Predicted against observed (E/O)"), ratio))
    lines.append((_("Its probabilities"), repair_words(evaluation.repair(arm).name)))
    st.html(_table(lines))
    warning = distrust(evaluation, arm)
    if warning:
        line = _("{a}: {b}").format(a=arm_labels(evaluation)[arm], b=warning)
        st.markdown(f":material/warning: {line}")
    return bool(
        st.checkbox(
            _("Also a model fitted on all rows"),
            key="export_refit",
            help=_(
                "It has seen every row, so its own numbers cannot be measured any more; those of "
                "the comparison stand in for them."
            ),
        )
    )


def _model_card(
    run: int, evaluation: Evaluation, arm: str, manifest: Mapping[str, Any], refit: bool
) -> None:
    decision = manifest["decision"]
    lines = []
    if decision.get("prices"):
        lines.append((_("Cut-off"), _("each row gets the answer that costs least")))
    elif decision["threshold"] is not None:
        of_all = evaluation.decisions[arm].cutoff.value
        words = _("Its cut-off, tuned for fold {n}").format(n=manifest["split"]["fold"])
        lines.append((words, cutoff(decision["threshold"])))
        lines.append((_("Beside it: the cut-off from all held-out rows"), cutoff(of_all)))
    elif decision["tau"]:
        lines.append((_("Correction for rare classes (tau)"), number(decision["tau"], 1)))
    trained = counted(
        "1 row, fingerprint {f}",
        "{n} rows, fingerprint {f}",
        manifest["split"]["train_rows"],
        f=f"{manifest['dataset']['fingerprint'][:4]}…{manifest['dataset']['fingerprint'][-2:]}",
    )
    lines.append((_("Trained on"), trained))
    st.html(_table(lines))
    folder = export_folder(run, arm)
    with st.container(horizontal=True, vertical_alignment="center"):
        download_button(_("Download model"), folder / "model.rebal", key="export_model")
        if refit:
            words = _("Model of all rows")
            download_button(words, folder / "model_refit.rebal", key="export_model_refit")
        with st.popover(_("How to use it"), type="tertiary"):
            st.code("rebal predict model.rebal NEW_ROWS.csv --out scored.csv", language="bash")
            st.caption(_("Or score a table further down on this page."))


def _numbers_card(run: int, arm: str) -> None:
    folder = export_folder(run, arm)
    st.subheader(_("All numbers"), anchor=False)
    words = _(
        "Every arm with its scores, intervals, verdict and times as CSV; the manifest says what "
        "was done to which rows, with which versions."
    )
    st.markdown(f":gray[{words}]")
    with st.container(horizontal=True):
        download_button(_("Download the comparison"), folder / "arms.csv", key="export_arms")
        download_button(_("Manifest"), folder / "manifest.json", key="export_manifest")


def _table(lines: list[tuple[str, str]]) -> str:
    rows = "".join(f"<tr><td>{html.escape(a)}</td><td>{html.escape(b)}</td></tr>" for a, b in lines)
    return f'<table class="hits" style="width:100%">{rows}</table>'


def export_sentence(run: int) -> str:
    """Return the grey line below the page's title."""
    names = {row.id: row.name for row in store().datasets()}
    words = _(
        "Everything is made from run {run} on {name} and carries its fingerprint, so you can show "
        "later where it came from."
    )
    return words.format(run=run, name=plain(title(names[str(store().run(run).dataset)])))
