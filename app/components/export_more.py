"""More rows from the generator of an exported arm."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import streamlit as st

from app.components.export_files import download_button, export_folder, manifest_of, note_lines
from app.components.shares import shares_told
from app.components.states import show_problem
from app.components.task import follow_job, start_job
from app.components.texts import counted, plain
from app.i18n import _
from app.state import store
from rebal_core.experiment.whole import is_whole
from rebal_core.export.generator import GENERATOR
from rebal_core.samplers.generators.marginal import MARGINAL
from rebal_core.samplers.generators.rules import RULES
from rebal_core.wording import UserError

JOB, ANSWER = "more_job", "more_answer"
#: Rows shown before the download, and the most that are drawn at once.
PREVIEW, MOST = 50, 1_000_000


def more_rows_card(run: int, arm: str) -> None:
    """Draw rows of a class from the arm's generator; nothing where it has none."""
    manifest = manifest_of(run, arm)
    learned = manifest.get("generator") if manifest else None
    file = export_folder(run, arm) / GENERATOR
    if not learned or not is_whole(file):
        return
    with st.container(border=True):
        st.subheader(
            _("More rows"),
            anchor=False,
            help=_(
                "Drawn from what the generator has learned of the training rows of the fold that "
                "is handed over. For training only: never measure a model on them."
            ),
        )
        left, right = st.columns([2, 3], gap="large")
        with left:
            _ask(run, file, learned)
        with right:
            going = follow_job(JOB, _("Drawing rows"), _remember)
            answer = st.session_state.get(ANSWER)
            if answer and answer["of"] == str(file) and not going:
                _result(answer)


def _ask(run: int, file: Path, learned: list[str]) -> None:
    label = st.selectbox(
        _("Class"), learned, format_func=lambda text: plain(text, 60), key=f"more_class_{file}"
    )
    size = st.number_input(_("Rows"), 1, MOST, 1_000, step=100, key="more_rows")
    seed = st.number_input(
        _("Seed"), 0, 2**31 - 1, 0, key="more_seed", help=_("The same seed draws the same rows.")
    )
    more, problem = _more_asked()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Draw rows"), key="more_go", disabled=problem):
            folder = store().home.run_folder(run) / "generated" / secrets.token_hex(6)
            counts = {label: int(size)}
            asked = {"generator": str(file), "counts": counts, "seed": int(seed), **more}
            st.session_state["more_asked"] = {"of": str(file), "label": label}
            st.session_state.pop(ANSWER, None)
            dataset = store().run(run).dataset
            start_job(JOB, "generate", {**asked, "to": str(folder)}, dataset)
            st.rerun()
        download_button(_("Download the generator"), file, key="more_generator")
    if not problem:
        st.code(_command(label, int(size), int(seed), more), language="bash", wrap_lines=True)


def _command(label: str, size: int, seed: int, more: Mapping[str, str]) -> str:
    """Return what draws the same rows on the command line."""
    words = ["rebal", "generate", GENERATOR, "--count", f"{label}={size}"]
    if RULES.name in more:
        words += ["--rule", more[RULES.name]]
    if MARGINAL.name in more:
        words += ["--marginal", more[MARGINAL.name]]
    words += ["--seed", str(seed)] if seed else []
    return shlex.join([*words, "--out", "more.csv"])


def _more_asked() -> tuple[dict[str, str], bool]:
    """Ask what the rows keep beside what the generator was learned with; return it, and if wrong.

    Nothing is said of the shares where none are written: then those of the arm hold.
    """
    found, problem = {}, False
    with st.expander(_("Rules and shares of drawn rows"), type="compact"):
        st.caption(_("Beside the rules that the arm has; shares stand instead of the arm's."))
        for parameter in (RULES, MARGINAL):
            text = st.text_input(
                _(parameter.label),
                max_chars=500,
                help=_(parameter.about),
                key=f"more_{parameter.name}",
            ).strip()
            if parameter is MARGINAL:
                shares_told(text)
            try:
                if text:
                    found[parameter.name] = parameter.read(text)
            except UserError as error:
                show_problem(error.text)
                problem = True
    return found, problem


def _remember(answer: Any) -> None:
    st.session_state[ANSWER] = {**answer, **st.session_state["more_asked"]}


def _result(answer: dict[str, Any]) -> None:
    files = {Path(f).suffix: Path(f) for f in answer["files"]}
    if not all(is_whole(file) for file in files.values()):
        return
    words = counted("1 row drawn", "{n} rows drawn", answer["rows"])
    st.markdown(f"**{words}** :gray[“{plain(answer['label'], 60)}”]")
    note_lines(answer["notes"])
    with st.container(horizontal=True):
        for suffix, title in ((".csv", "CSV"), (".parquet", "Parquet")):
            words = _("Download {kind}").format(kind=title)
            download_button(words, files[suffix], key=f"more_download_{title}")
    batch = next(pq.ParquetFile(files[".parquet"]).iter_batches(PREVIEW), None)
    if batch is not None:
        st.dataframe(batch.to_pandas(), key="more_preview", hide_index=True, height=318)
