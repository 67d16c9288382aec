"""What a comparison will do, frozen before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rebal_core.arm import Arm, Protocol
from rebal_core.schema import Role, Schema
from rebal_core.wording import UserError, listed


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
        Names of arms that are not run, each with its reason; the report shows them as skipped.
    rows : int or None
        Look at so many labelled rows only, drawn from every class alike; None: at all.
    notes : tuple of str
        What the quick plan decided by itself, in sentences.
    """

    dataset: str
    fingerprint: str
    schema: Schema
    arms: tuple[Arm, ...]
    protocol: Protocol
    left_out: tuple[tuple[str, str], ...] = ()
    rows: int | None = None
    notes: tuple[str, ...] = ()

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
            arms=tuple(Arm.from_dict(a) for a in values["arms"]),
            protocol=Protocol(**values["protocol"]),
            left_out=tuple((arm, reason) for arm, reason in values["left_out"]),
            rows=values["rows"],
            notes=tuple(values["notes"]),
        )

    def sharpened(self) -> Plan:
        """Return the plan with one more repeat; what it shares with this one is not redone.

        Raises
        ------
        UserError
            Under a time split, whose order cannot be repeated.
        """
        if self.protocol.split == "time":
            raise UserError("A split by time has one order only and cannot be repeated.")
        more = replace(self.protocol, repeats=self.protocol.repeats + 1)
        return replace(self, protocol=more)

    def without(self, column: str) -> Plan:
        """Return the plan with a column that no classifier may see.

        Raises
        ------
        UserError
            When it is the last one.
        """
        return replace(self, schema=with_roles(self.schema, [column]))


def with_roles(
    schema: Schema,
    drop: Sequence[str],
    group: str | None = None,
    time: str | None = None,
    positive: str | None = None,
    value: str | None = None,
) -> Schema:
    """Return the schema of a comparison.

    Columns left out, those to split by, that of the amounts at risk, the class in focus.

    Raises
    ------
    UserError
        An unknown column, the target, or nothing left to learn from.
    """
    asked: list[tuple[Role, str]] = [("ignore", name) for name in drop]
    asked += [("group", group)] if group else []
    asked += [("time", time)] if time else []
    asked += [("value", value)] if value else []
    if value and value in (group, time):
        raise UserError(
            "“{column}” cannot say both how rows are split and what is at risk in them; name "
            "another column.",
            column=value,
        )
    known = [c.name for c in schema.columns]
    for role, name in asked:
        if name not in known:
            raise UserError(
                "There is no column “{name}”; the table has {known}.",
                name=name,
                known=listed(known, 8),
            )
        if name == schema.target:
            raise UserError(
                "“{name}” is the target and cannot be used otherwise; name another.", name=name
            )
        schema = schema.with_role(role, name)
    if not schema.features:
        raise UserError("No column is left to learn from; drop fewer, or give one its role back.")
    return schema if positive is None else replace(schema, positive=positive)
