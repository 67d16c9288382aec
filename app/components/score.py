"""Score new rows: a table in, the same rows with prediction and probabilities out."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.components.export_files import download_button, export_folder, manifest_of, note_lines
from app.components.task import follow_job, start_job
from app.components.texts import counted, plain
from app.components.upload import Upload, drop_zone
from app.i18n import _
from app.routes import discard
from app.state import store
from rebal_core.evaluation import Evaluation
from rebal_core.experiment.whole import is_whole

JOB = "score_job"
#: Rows shown before the download.
PREVIEW = 50
#: Above this many classes only the class in focus gets a field for its share.
FIELDS = 12


def score_card(run: int, evaluation: Evaluation, arm: str) -> None:
    """Draw upload, shares of the new population, progress and result."""
    with st.container(border=True):
        st.subheader(
            _("Score new rows"),
            anchor=False,
            help=_(
                "The table needs the columns that the model was fitted on. Probabilities are "
                "repaired, decisions taken at the stored cut-off."
            ),
        )
        if manifest_of(run, arm) is None:
            st.caption(_("The model is being made; then a table can be scored with it."))
            return
        left, right = st.columns([2, 3], gap="large")
        with left:
            prior = _prior(evaluation)
            upload = drop_zone("score_file", filled=False)
            if upload is not None:
                _start(run, arm, upload, prior)
        with right:
            going = follow_job(JOB, _("Scoring"), _remember)
            answer = st.session_state.get("score_answer")
            if answer and not going:
                _result(answer)


def _prior(evaluation: Evaluation) -> dict[str, float] | None:
    """Return the shares of the new population; None keeps those of the training rows."""
    shares = evaluation.support / evaluation.support.sum()
    if not st.toggle(
        _("The new rows come from another mix"),
        key="score_other",
        help=_(
            "Where the class is more or less common among the new rows than in your table, say how "
            "common: probabilities and decisions are moved to it."
        ),
    ):
        return None
    codes = [evaluation.focus]
    if not evaluation.binary and len(evaluation.classes) <= FIELDS:
        codes = list(range(len(evaluation.classes)))[1:]
    chosen = {}
    for code in codes:
        label = evaluation.classes[code]
        percent = st.number_input(
            _("“{label}”, in % of the new rows").format(label=plain(label)),
            min_value=0.0,
            max_value=100.0,
            value=round(100 * float(shares[code]), 3),
            format="%.3g",
            key=f"score_prior_{code}",
        )
        chosen[label] = percent / 100
    if sum(chosen.values()) > 1:
        st.caption(_("These shares sum to more than 100%; lower one of them."))
        st.stop()
    return chosen


def _start(run: int, arm: str, upload: Upload, prior: dict[str, float] | None) -> None:
    folder = store().home.run_folder(run) / "scored" / secrets.token_hex(6)
    params = {
        "model": str(export_folder(run, arm) / "model.rebal"),
        "data": str(upload.path),
        "to": str(folder),
        "prior": prior,
        "name": upload.name,
    }
    discard(st.session_state.get("score_upload", {}).get("path"))
    st.session_state["score_upload"] = {"path": str(upload.path), "name": upload.name}
    st.session_state.pop("score_answer", None)
    start_job(JOB, "predict", params, store().run(run).dataset)
    st.rerun()


def _remember(answer: Any) -> None:
    discard(st.session_state["score_upload"]["path"])
    st.session_state["score_answer"] = answer


def _result(answer: dict[str, Any]) -> None:
    import pyarrow.parquet as pq

    files = {Path(f).suffix: Path(f) for f in answer["files"]}
    if not all(is_whole(file) for file in files.values()):
        return
    name = Path(st.session_state["score_upload"]["name"]).name.split(".")[0]
    words = counted("1 row scored", "{n} rows scored", answer["rows"])
    st.markdown(f"**{words}** :gray[{plain(name)}]")
    with st.container(horizontal=True):
        for suffix, title in ((".csv", "CSV"), (".parquet", "Parquet")):
            download_button(
                _("Download {kind}").format(kind=title),
                files[suffix],
                key=f"score_download_{title}",
                name=f"{name}_scored{suffix}",
            )
    batch = next(pq.ParquetFile(files[".parquet"]).iter_batches(PREVIEW), None)
    if batch is not None:
        frame: pd.DataFrame = batch.to_pandas()
        ours = [c for c in frame if str(c).startswith(("prediction", "p_"))]
        st.dataframe(
            frame[[*ours, *(c for c in frame if c not in ours)]],
            key="score_preview",
            hide_index=True,
            column_config={
                str(c): st.column_config.NumberColumn(format="%.4f")
                for c in ours
                if not str(c).startswith("prediction")
            },
        )
        st.caption(counted("The first row.", "The first {n} rows.", len(frame)))
    note_lines(answer["notes"])
