"""A worker of another's scheduler that cannot be given work: real Dask, in this process."""

import threading
import time

import psutil
import pytest
from distributed import LocalCluster

from rebal_core.experiment import engine as engines
from rebal_core.experiment import worker
from rebal_core.experiment.engine import Engine


@pytest.fixture
def outside(tmp_path, monkeypatch, request):
    """Start a scheduler and a worker, or more; return what makes an engine of them."""
    made = []
    with LocalCluster(
        n_workers=getattr(request, "param", 1), threads_per_worker=1, processes=False,
        dashboard_address=None, protocol="tcp://", host="127.0.0.1",
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


def begun():
    """Take the place of what networks load; say so, and end when told."""
    began.release()
    assert may_end.acquire(timeout=20)


began, may_end = threading.Semaphore(0), threading.Semaphore(0)


@pytest.mark.parametrize("outside", [2], indirect=True)
def test_in_a_pause_one_worker_after_the_other_gets_ready_for_networks(outside, monkeypatch):
    monkeypatch.setattr(worker, "NETWORKS", f"{__name__}:begun")
    engine = outside()
    while len(engine.places()) < 2:
        time.sleep(0.02)
    for _ in range(2):
        engine.rest()
        assert began.acquire(timeout=20)
        engine.rest()
        assert sorted(place.occupied for place in engine.places().values()) == [False, True]
        may_end.release()
        while any(place.occupied for place in engine.places().values()):
            time.sleep(0.02)
    engine.rest()
    assert not any(place.occupied for place in engine.places().values()), "each once"
    assert not began.acquire(blocking=False)


def test_little_memory_is_left_alone(monkeypatch):
    monkeypatch.setattr(worker, "NETWORKS", "nowhere:nothing")
    monkeypatch.setattr(worker, "SPARE_BYTES", psutil.virtual_memory().total + 1)
    worker.get_ready_for_networks()
    monkeypatch.setattr(worker, "SPARE_BYTES", 0)
    with pytest.raises(ModuleNotFoundError):
        worker.get_ready_for_networks()
