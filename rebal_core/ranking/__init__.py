"""Recommenders and what becomes of the long tail: logs of events in, lists and verdicts out.

The way through: a table becomes an :class:`~rebal_core.ranking.log.EventLog`, that a
:class:`~rebal_core.ranking.trial.Trial` (what is learned from, whom is asked, what was right), a
model scores the whole catalogue for each visit, lists are cut from the scores, and metrics read
lists beside the truth, over all items and over head, mid and tail.
"""
