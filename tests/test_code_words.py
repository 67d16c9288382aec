"""Every code of the program has words for people, in both languages."""

from typing import get_args

import pytest

from app.i18n import catalogue
from rebal_core.codes import ALARMS, RUN_VERDICTS, STATES, VERDICTS, WORK
from rebal_core.evaluation.conditions import ALARM_CODES
from rebal_core.evaluation.verdict import ArmCode, RunCode
from rebal_core.experiment.client import KINDS
from rebal_core.families import FAMILIES
from rebal_core.store.rows import RunState, TaskState

WORDS = {
    "states": (STATES, {*get_args(RunState), *get_args(TaskState)}),
    "work": (WORK, set(KINDS)),
    "verdicts": (VERDICTS, set(get_args(ArmCode))),
    "verdicts of runs": (RUN_VERDICTS, set(get_args(RunCode))),
    "alarms": (ALARMS, set(ALARM_CODES)),
    "families": ({name: family.title for name, family in FAMILIES.items()}, set(FAMILIES)),
}


@pytest.mark.parametrize("kind", WORDS)
def test_every_code_has_words_in_both_languages(kind):
    words, codes = WORDS[kind]
    assert set(words) == codes
    for text in words.values():
        said = text.render()
        assert "_" not in said
        assert not said.isupper()
        assert catalogue("zh")[said]
