"""Checks of the target: classes too small to judge, labels that are missing or misspelt."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rebal_core.checks.base import CHECKS, Check, Hit, listed
from rebal_core.checks.look import Look
from rebal_core.data.formats import share
from rebal_core.data.profile import JUDGED


def _small(look: Look, least: int, most: int) -> list[str] | None:
    """Classes of ``least`` to ``most - 1`` rows, rarest first."""
    labels = look.labels
    if labels is None or len(labels.classes) < 2:
        return None
    pairs = zip(reversed(labels.classes), reversed(labels.counts), strict=True)
    return [name for name, count in pairs if least <= count < most]


def find_below_folds(look: Look) -> Sequence[Hit] | None:
    """Classes that cannot have a row in every fold."""
    names = _small(look, 0, look.folds)
    if not names:
        return names if names is None else []
    return [Hit({"folds": look.folds, "names": listed(names)})]


def find_too_small(look: Look) -> Sequence[Hit] | None:
    """Classes of fewer than ten rows."""
    names = _small(look, 0, JUDGED)
    if not names:
        return names if names is None else []
    return [Hit({"rows": JUDGED, "names": listed(names)})]


def folded(label: str) -> str:
    """Return a label without case, outer and double spaces, full-width and look-alike forms."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def find_spellings(look: Look) -> Sequence[Hit] | None:
    """Classes whose labels differ only in case, space or width."""
    if look.labels is None:
        return None
    groups: dict[str, list[str]] = {}
    for label in look.labels.classes:
        groups.setdefault(folded(label), []).append(label)
    twins = [labels for labels in groups.values() if len(labels) > 1]
    if not twins:
        return []
    names = listed([" = ".join(labels) for labels in twins])
    return [Hit({"names": names}, (str(look.dataset.schema.target),))]


def find_missing_target(look: Look) -> Sequence[Hit] | None:
    """Rows without a label."""
    if look.labels is None:
        return None
    missing = look.labels.missing
    if not missing:
        return []
    values = {"rows": missing, "share": share(missing / look.dataset.rows)}
    return [Hit(values, (str(look.dataset.schema.target),))]


CHECKS.add(
    Check(
        code="RBL001",
        name="below_folds",
        family="classes",
        title="Class smaller than the folds",
        severity="issue",
        why="A class with fewer rows than there are folds is absent from some of them: its scores "
        "rest on a handful of rows, and a class of one row can be trained on but never tested.",
        fix="Merge it with a class that means nearly the same, collect more rows, or take fewer "
        "folds. Its rows still train; no claim is made about it.",
        sentences=("Fewer rows than the {folds} folds: {names}.",),
        passed="Every class has a row for every fold.",
        find=find_below_folds,
    )
)
CHECKS.add(
    Check(
        code="RBL002",
        name="too_small",
        family="classes",
        title="Class too small to judge",
        severity="tip",
        why="With fewer than ten rows even a perfect score proves little: 3 of 3 found is "
        "compatible with a true recall of 29%.",
        fix="Collect more rows of it, or merge it with a related class. To show a recall of 80% "
        "with 95% certainty, 14 of 14 rows must be found.",
        sentences=("Fewer than {rows} rows, so no verdict is possible: {names}.",),
        passed="Every class has at least ten rows.",
        find=find_too_small,
    )
)
CHECKS.add(
    Check(
        code="RBL008",
        name="spellings",
        family="classes",
        title="One class, several spellings",
        severity="issue",
        why="Labels that differ only in case, spaces or full-width letters count as classes of "
        "their own: rare classes look rarer than they are, and the model is asked to tell apart "
        "what is the same.",
        fix="Give them one spelling in the file and read it again.",
        sentences=("Spelt in several ways: {names}.",),
        passed="No two labels differ only in case, spaces or width.",
        find=find_spellings,
    )
)
CHECKS.add(
    Check(
        code="RBL009",
        name="missing_target",
        family="classes",
        title="Rows without a label",
        severity="tip",
        why="They can neither train nor test. If labels are missing more often in one class (late "
        "chargebacks, patients who did not return), the shares on this page are wrong.",
        fix="Nothing, if they are missing by chance: such rows are kept and left out. Else add the "
        "labels first.",
        sentences=("Rows without a label, which are left out: {rows:,} ({share}).",),
        passed="Every row has a label.",
        find=find_missing_target,
    )
)
