"""A dataset that comes from another disk is there whole or not at all, whenever it is killed."""

from __future__ import annotations

import errno
import os

import pytest
from test_scratch import begin, lab  # noqa: F401  (a fixture)

from rebal_core.cli import main
from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import from_frame
from rebal_core.store import Store

ADOPT = """
import errno, os
from pathlib import Path
import rebal_core.scratch as scratch
from rebal_core.data.dataset import Dataset
from rebal_core.store import Store
whole = os.rename
def rename(a, b):
    if Path(a).parent != Path(b).parent:
        raise OSError(errno.EXDEV, "another disk")
    whole(a, b)
os.rename = rename
{held} = stay
Store().adopt_dataset(Dataset.open(Path(sys.argv[1])))
stay()
"""


@pytest.mark.parametrize(
    ("held", "listed"),
    [("scratch.shutil.copyfile", 0), ("scratch.sync", 0), ("scratch.discard", 1),
     ("nothing", 1)],
)  # fmt: skip
def test_a_dataset_from_another_disk(held, listed, lab, tiny_binary):  # noqa: F811
    away = lab / "away"
    from_frame(tiny_binary, away, name="t", target="label")
    before = Dataset.open(away).frame()
    process = begin(ADOPT.format(held=held), away)
    process.kill()
    process.wait()
    assert main(["runs"]) == 0
    store = Store()
    found = [store.dataset(row.id) for row in store.datasets()]
    assert len(found) == listed
    assert all(dataset.frame().equals(before) for dataset in found)
    assert listed or Dataset.open(away).frame().equals(before)
    store.close()


def test_what_cannot_be_moved_stays(lab, tiny_binary, monkeypatch):  # noqa: F811
    before = from_frame(tiny_binary, lab / "away", name="t", target="label")

    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    store = Store()
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(OSError, match="Input/output"):
        store.adopt_dataset(before)
    assert store.datasets() == []
    assert list(store.home.datasets.iterdir()) == []
    assert Dataset.open(lab / "away") == before
    store.close()
