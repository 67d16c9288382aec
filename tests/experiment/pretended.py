"""A cluster that is only pretended, and small plans for it."""

import numpy as np

from rebal_core.arm import Arm, Protocol
from rebal_core.experiment.plan import Plan
from rebal_core.experiment.task import Place
from rebal_core.files import write_json
from rebal_core.schema import Column, Schema


def write_result(path):
    """Write something whole of the kind that the path tells."""
    if path.suffix == ".json":
        write_json(path, {})
    elif path.suffix == ".npz":
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, x=np.zeros(1))
    else:
        write_json(path / f"{path.name}.json", {})


class Pretended:
    """Workers that do what the test tells them."""

    def __init__(self, home, cpus=2, gpus=0):
        self.home = home
        names = [f"cpu-{i}" for i in range(cpus)] + [f"gpu-{i}" for i in range(gpus)]
        self.seats = {n: Place(n, n[:3], f"tls://{n}", f"nanny-{n}") for n in names}
        self.running = {}
        self.said = []
        self.told = []
        self.killed = []
        self.started = []

    def places(self):
        return dict(self.seats)

    def trouble(self):
        return None if self.seats else "No worker."

    def rest(self):
        pass

    def start(self, node, attempt, flag, place):
        assert place.name not in [p.name for _, p in self.running.values()]
        self.running[attempt] = (node, place)
        self.started.append(node)

    def ended(self, timeout):
        said, self.said = self.said, []
        return said

    def reports(self):
        told, self.told = self.told, []
        return told

    def kill(self, place):
        self.killed.append(place.name)
        for attempt, (_, where) in list(self.running.items()):
            if where == place:
                self.end(attempt, "died")

    def lose(self, attempt):
        self.end(attempt, "died")

    def end(self, attempt, outcome, **more):
        node, _ = self.running.pop(attempt)
        if outcome == "done":
            for path in node.paths:
                write_result(self.home / path)
        self.said.append((attempt, {"outcome": outcome, "seconds": 1.0, **more}))


def make_plan(*arms, folds=2, seed=0, dataset="d"):
    return Plan(
        dataset=dataset,
        fingerprint="0" * 64,
        schema=Schema((Column("y", "category", "target"), Column("x", "number"))),
        arms=tuple(Arm(*name.split("/")) for name in arms),
        protocol=Protocol("f1", "f1", folds=folds, seed=seed),
    )


def add(store, plan, version=""):
    return store.add_run("compare", plan.to_dict(), dataset=plan.dataset, version=version)


def drive(dispatcher, cluster, outcome=lambda node: "done", turns=200, stop=lambda: False):
    """Turn until nothing is left; each started task ends in the next turn."""
    for _ in range(turns):
        dispatcher.turn(0)
        if stop() or (dispatcher.idle and not cluster.running):
            return
        for attempt, (node, _) in list(cluster.running.items()):
            answer = outcome(node)
            if answer is not None:
                more = {"error": "No.", "incident": None} if answer == "failed" else {}
                cluster.end(attempt, answer, **more)
    raise AssertionError("it never ends")
