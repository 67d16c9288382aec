"""What a comparison will do, frozen before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from rebal_core.types import Arm, Protocol, Schema


@dataclass(frozen=True)
class Plan:
    """Arms times splits on one dataset.

    Parameters
    ----------
    dataset : str
        Its id in the store.
    fingerprint : str
        Of its content: results belong to the content, not to the id.
    schema : Schema
        Roles as they are for this comparison.
    arms : tuple of Arm
        In the order in which they are shown.
    protocol : Protocol
        How they are judged.
    left_out : tuple of (str, str)
        Arms (or classifiers) that are not run, each with its reason.
    """

    dataset: str
    fingerprint: str
    schema: Schema
    arms: tuple[Arm, ...]
    protocol: Protocol
    left_out: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """Rebuild what :meth:`to_dict` wrote, also after a way through JSON."""
        return cls(
            dataset=values["dataset"],
            fingerprint=values["fingerprint"],
            schema=Schema.from_dict(values["schema"]),
            arms=tuple(_arm(a) for a in values["arms"]),
            protocol=Protocol(**values["protocol"]),
            left_out=tuple((arm, reason) for arm, reason in values["left_out"]),
        )

    def sharpened(self) -> Plan:
        """Return the plan with one more repeat; what it shares with this one is not redone."""
        more = replace(self.protocol, repeats=self.protocol.repeats + 1)
        return replace(self, protocol=more)


def _arm(values: Mapping[str, Any]) -> Arm:
    params = tuple((name, _frozen(value)) for name, value in values["params"])
    return Arm(values["strategy"], values["classifier"], params)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple) else value
