"""The parts of the Help page, and the search over all of them."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from app.components.charts import draw, is_dark
from app.components.glossary import GAME, TERMS, TRAPS, VERDICT_SPANS
from app.components.help_game import game
from app.components.texts import capital, in_a_row, plain
from app.components.words import aftermath, made_label, mark, verdict_told
from app.i18n import _, message, sentence
from app.state import saved
from rebal_core.checks import CHECKS
from rebal_core.classifiers import CLASSIFIERS
from rebal_core.codes import VERDICTS
from rebal_core.figures.verdicts import verdict_axis
from rebal_core.metrics import METRICS
from rebal_core.registry import holds
from rebal_core.strategies import STRATEGIES

PARTS = {
    "start": message("Start here"),
    "verdict": message("Reading a verdict"),
    "metrics": message("Metrics"),
    "strategies": message("Strategies"),
    "models": message("Models"),
    "checks": message("Checks"),
    "traps": message("Traps"),
    "privacy": message("Privacy"),
}
#: Part of what the user saved; it stands above the strategies.
OWN = "own"
#: How an answer tells where it stands.
_HEADS = {**PARTS, OWN: message("Your own")}
PRIVACY = (
    message("Your data stays on this computer: nothing is sent anywhere, no font, no statistics."),
    message("Everything lies in one folder, readable by your user alone. Delete removes for good."),
    message(
        "Columns that look personal are pointed out; they can be dropped or replaced by keyed "
        "tokens that stay stable."
    ),
    message("Models are files without pickle: opening one runs no code."),
)
STEPS = (
    message("Open a table or a sample, and confirm what was read."),
    message("Look at the skew: how rare is the class, and is the table fit to judge anything?"),
    message("Press Compare strategies: every remedy is judged on rows that it has not seen."),
    message("Read the verdict. “Leave your data alone, tune the cut-off” is a legal one."),
    message("Export the data and the model that prove it."),
)


@dataclass(frozen=True)
class Entry:
    """One thing that can be looked up: where it belongs, name, text, other words, what follows."""

    part: str
    name: str
    text: str
    more: str = ""
    words: tuple[str, ...] = ()
    then: str = ""

    def holds(self, wanted: str) -> bool:
        """Tell whether a search finds it, in either language."""
        texts = (self.name, self.text, _(self.name), _(self.text), *self.words)
        return holds(texts, wanted)


def entries() -> list[Entry]:
    """Return everything that the Help page can answer."""
    found = [Entry(t.group, t.name, t.about, words=t.words) for t in TERMS]
    found += [
        Entry("codes", VERDICTS[code].template, text, words=(code.casefold(),))
        for code, text, *_numbers in VERDICT_SPANS
    ]
    found += [Entry("metrics", m.label, m.about, words=(m.name, *m.aliases)) for m in METRICS]
    found += _own()
    found += [
        Entry(
            "strategies",
            s.label,
            s.about,
            s.reference,
            (s.name, s.family, *s.aliases),
            aftermath(s),
        )
        for s in STRATEGIES
    ]
    found += [
        Entry("models", c.label, c.about, c.reference, (c.name, *c.aliases)) for c in CLASSIFIERS
    ]
    found += [Entry("checks", c.title, c.why, c.fix, (c.code, c.name)) for c in CHECKS]
    return found + [Entry("traps", title, text) for title, text in TRAPS]


def _own() -> list[Entry]:
    """Return what the user saved: what each is made of, or why it cannot be used."""
    mine = saved()
    usable = [
        Entry(OWN, plain(one.name), plain(made_label(one), 400), one.strategy.reference,
              (one.name, *one.made_of.split("+")))
        for one in mine.strategies
    ]  # fmt: skip
    broken = mine.unusable.items()
    return usable + [
        Entry(OWN, plain(name), plain(sentence(why), 400), words=(name,)) for name, why in broken
    ]


def answers(wanted: str) -> None:
    """Show what a search finds, the names before the texts."""
    key = wanted.strip().casefold()
    found = [e for e in entries() if e.holds(key)]
    found.sort(key=lambda e: key not in f"{e.name} {_(e.name)} {' '.join(e.words)}".casefold())
    if not found:
        st.markdown(_("Nothing is called that. Try another word, in English or Chinese."))
    for entry in found[:30]:
        with st.container(border=True):
            where = _(_HEADS.get(entry.part, "Words"))
            st.markdown(f"**{_(entry.name)}** :gray[{where}]")
            _text(entry)


def part(name: str) -> None:
    """Show one part."""
    if name == "start":
        st.markdown("\n".join(f"{k}. {_(step)}" for k, step in enumerate(STEPS, start=1)))
        _table(e for e in entries() if e.part in ("start", "data"))
    elif name == "verdict":
        _verdicts()
    elif name == "privacy":
        st.markdown("\n".join(f"- {_(line)}" for line in PRIVACY))
    elif name == "traps":
        for title, text in TRAPS:
            with st.expander(_(title)):
                st.markdown(_(text))
                if title == GAME:
                    game()
    elif name == "metrics":
        _metrics()
    else:
        if name == "strategies":
            _mine()
        _entries(name)


def _entries(part: str) -> None:
    for entry in entries():
        if entry.part == part:
            with st.expander(_entry_title(entry)):
                _text(entry)


def _mine() -> None:
    """List the user's own strategies, or say where they are made."""
    st.subheader(_("Your own"), anchor=False)
    _entries(OWN)
    if not _own():
        st.caption(_("None yet. Combine remedies on the Plan page and save them under a name."))
    st.subheader(_("Strategies"), anchor=False)


def _entry_title(entry: Entry) -> str:
    known = [s for s in STRATEGIES if s.label == entry.name]
    head = f"{mark(known[0].family)} " if entry.part == "strategies" and known else ""
    tail = f" :gray[{entry.words[0]}]" if entry.part == "checks" else ""
    return f"{head}{_(entry.name)}{tail}"


def _text(entry: Entry) -> None:
    st.markdown(in_a_row([_(entry.text), entry.then]))
    if entry.more:
        st.markdown(f":gray[{_(entry.more)}]")


def _verdicts() -> None:
    lines = [(code, verdict_told(code), *numbers) for code, _text, *numbers in VERDICT_SPANS]
    grid = st.grid(5, min_column_width=220, gap="medium")
    with grid.cell(column_span=3):
        st.subheader(_("The six verdicts"), anchor=False)
        draw(verdict_axis(lines, reference=_("reference"), dark=is_dark()), "help_verdicts")  # type: ignore[arg-type]
        st.caption(
            _(
                "Dot: the difference we measured. Line: where the truth lies, 95 times in 100. "
                "Grey band: too small to matter."
            )
        )
    with grid.cell(column_span=2):
        st.subheader(_("What they mean"), anchor=False)
        _table(e for e in entries() if e.part == "codes")
    _table(e for e in entries() if e.part == "verdict")


def _metrics() -> None:
    """Names in both languages side by side, since articles mix them up."""
    heads = (_("Metric"), _("English"), _("Chinese"), _("What it says"))
    body = ""
    for metric in METRICS:
        chinese = " · ".join(w for w in metric.aliases if not w.isascii())
        cells = (_(metric.label), metric.label, chinese, _(metric.about))
        body += "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>"
    head = "".join(f"<th>{html.escape(h)}</th>" for h in heads)
    st.html(f'<table class="words"><tr>{head}</tr>{body}</table>')
    _table(e for e in entries() if e.part == "metrics" and e.name in {t.name for t in TERMS})


def _table(found: Iterable[Entry]) -> None:
    rows = "".join(
        f"<tr><td><b>{html.escape(capital(_(e.name)))}</b></td><td>{html.escape(_(e.text))}</td></tr>"
        for e in found
    )
    st.html(f'<table class="words">{rows}</table>')
