"""A worker of another's scheduler that cannot be given work: real Dask, in this process."""

import time

import pytest
from distributed import LocalCluster

from rebal_core.experiment import engine as engines
from rebal_core.experiment.engine import Engine


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Start a scheduler and a worker; return what makes an engine of them."""
    made = []
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None,
        protocol="tcp://", host="127.0.0.1",
    ) as cluster:  # fmt: skip
        monkeypatch.setenv("REBAL_SCHEDULER", cluster.scheduler_address)
        # The worker is in this process: what it would import is here.
        monkeypatch.setattr("rebal_core.experiment.worker.warm_up", lambda: None)

        def make():
            made.append(Engine(tmp_path, 0, 0))
            return made[-1]

        yield make
        for one in made:
            one.close()


def judged(engine, patience=20):
    """Wait until all workers have answered; return who may work, and what is told."""
    end = time.monotonic() + patience
    while not (places := engine.places()) and (told := engine.trouble()) in (None, engines.NOBODY):
        assert time.monotonic() < end
        time.sleep(0.02)
    return list(places), None if places else told


def test_a_worker_that_does_not_see_the_home_gets_no_work(outside, tmp_path):
    engine = outside()
    (mark,) = (tmp_path / "tmp").glob("seen-*")
    mark.unlink()  # as it looks from a computer that does not share the folder
    places, told = judged(engine)
    assert places == []
    assert f"does not see the folder {tmp_path} and gets no work; share it" in told


def test_a_worker_of_another_version_gets_no_work(outside, monkeypatch):
    monkeypatch.setattr(engines, "same_code", lambda: "0" * 16)
    places, told = judged(outside())
    assert places == []
    assert "runs another version of Rebal" in told


def test_a_worker_that_sees_it_gets_work(outside):
    places, told = judged(outside())
    assert (len(places), told) == (1, None)
