"""The codes that the program writes, and the words that people read in their place.

JSON holds the codes; pages, the terminal and tables for people say the words.
"""

from __future__ import annotations

from rebal_core.wording import Text

#: How far a run, a task or an arm is.
STATES = {
    "queued": Text("waiting"),
    "running": Text("running"),
    "done": Text("done"),
    "failed": Text("failed"),
    "cancelled": Text("cancelled"),
    "skipped": Text("not run"),
}
#: What a run does that is no comparison.
WORK = {
    "ingest": Text("read a table"),
    "profile": Text("profile a table"),
    "judge": Text("judge again"),
    "explain": Text("explain an arm"),
    "synthetic": Text("judge made rows"),
    "rank": Text("rank items"),
    "export": Text("write files"),
    "lists": Text("write lists"),
    "predict": Text("score new rows"),
    "generate": Text("draw more rows"),
}
#: What became of an arm against its untreated model.
VERDICTS = {
    "HELPS": Text("helps"),
    "HURTS": Text("hurts"),
    "NEGLIGIBLE": Text("too small to matter"),
    "NO_DIFFERENCE": Text("no difference"),
    "CANT_TELL": Text("can't tell"),
    "NO_VERDICT": Text("no verdict"),
}
#: What became of a whole comparison.
RUN_VERDICTS = {
    "HELPS": Text("a remedy helps"),
    "NO_REMEDY_NEEDED": Text("no remedy needed"),
    "NOT_SHOWN": Text("not proven"),
    "NO_VERDICT": Text("no verdict"),
}
#: What makes the numbers of a comparison look too good.
ALARMS = {
    "copies_across_folds": Text("Test rows have copies in training"),
    "single_feature": Text("One column gives the answer away"),
    "mixed_groups": Text("The same groups are trained on and tested"),
    "unsound_reference": Text("An untreated model is no fair reference"),
}
