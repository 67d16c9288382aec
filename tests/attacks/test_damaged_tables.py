"""Garbage in a table, or its deletion while it is read, is a sentence; a fault of ours is none."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from harms import flip

from rebal_core.checks import profile_report, run_checks
from rebal_core.data import dataset
from rebal_core.data.profile import class_counts, query_table, raw_counts
from rebal_core.data.reading.mask import find_personal
from rebal_core.data.segments import rate_by_segment, rate_over_time
from rebal_core.trouble import sentence_of_fault, tried


def frames(store, opened):
    opened.frame()


def labels(store, opened):
    opened.labels()


def counted(store, opened):
    with query_table(opened) as connection:
        for column in opened.schema.columns:
            raw_counts(connection, column.name)


def checked(store, opened):
    run_checks(opened)


def skewed(store, opened):
    class_counts(opened)
    profile_report(opened)


def personal(store, opened):
    find_personal(opened.table)


READERS = (frames, labels, counted, checked, skewed, personal)


def test_garbage_deep_inside_a_table_is_a_sentence(store):
    """Whoever reads the table, and whatever he makes of the garbage."""
    row = next(row for row in store.datasets() if row.name == "two")
    table = store.home.datasets / row.id / "table.parquet"
    whole, opened = table.read_bytes(), store.dataset(row.id)
    told = {}
    for place in (0.02, 0.3, 0.6, 0.8):
        start, noise = int(len(whole) * place), np.random.default_rng(0).bytes(len(whole) // 10)
        table.write_bytes(whole[:start] + noise + whole[start + len(noise) :])
        for read in READERS:
            try:
                read(store, opened)
            except Exception as error:
                told[place, read] = sentence_of_fault(error)
    assert all(
        one is not None and "The table of “two” is damaged or gone" in one.render()
        for one in told.values()
    )
    assert len({read for _, read in told}) >= 5  # the labels may be known from before


def times(store, opened):
    rate_over_time(opened, opened.schema.features[0].name, opened.labels().classes[0])


def segmented(store, opened):
    rate_by_segment(opened, opened.schema.features[0].name, opened.labels().classes[0])


def saved(store, opened):
    opened.renamed("another")


@pytest.mark.parametrize("read", [*READERS, times, segmented, saved])
def test_a_table_that_is_deleted_while_it_is_read_is_a_sentence(read, store):
    """The folder goes between its opening and the reading, as another session deletes it."""
    row = next(row for row in store.datasets() if row.name == "two")
    opened = store.dataset(row.id)
    dataset._coded.cache_clear()
    if read in (times, segmented):
        opened.labels()  # so that the query is what fails
    shutil.rmtree(opened.path)
    value, told = tried(read, store, opened)
    assert value is None
    assert told is not None
    assert "“two” was deleted while it was being read" in told.render()


def test_a_fault_of_ours_is_ours_also_beside_a_table_that_was_deleted(store):
    opened = store.dataset(store.datasets()[0].id)

    def ours(dataset):
        shutil.rmtree(dataset.path)
        raise FileNotFoundError(2, "No such file", "/elsewhere")

    with pytest.raises(FileNotFoundError) as raised:
        ours(opened)
    assert sentence_of_fault(raised.value) is None


def test_a_fault_of_ours_is_no_damage(store):
    """Nor where a table is damaged at which nobody was, or one was at hand that is whole."""
    one, two = (store.dataset(row.id) for row in store.datasets())
    flip(two.table)

    def ours(dataset):
        raise ValueError(dataset.name)

    with pytest.raises(ValueError, match=r"one|two") as raised:
        ours(one)
    assert sentence_of_fault(raised.value.with_traceback(raised.tb.tb_next)) is None
    with pytest.raises(ValueError, match=r"one|two") as raised:
        ours(two)
    told = sentence_of_fault(raised.value.with_traceback(raised.tb.tb_next))
    assert told is not None
    assert "damaged" in told.render()
