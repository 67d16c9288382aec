"""Parameters that a base adds to its subclasses, whose constructors know nothing of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from rebal_core.params import Param


def taking(init: Callable[..., None], parameters: tuple[Param, ...]) -> Callable[..., None]:
    """Return a constructor that takes more parameters, by name only, and keeps them."""

    @wraps(init)
    def __init__(self: Any, *args: Any, **values: Any) -> None:
        more = {p.name: values.pop(p.name, p.default) for p in parameters}
        init(self, *args, **values)
        for name, value in more.items():
            setattr(self, name, value)

    signature, word = inspect.signature(init), inspect.Parameter.KEYWORD_ONLY
    added = [inspect.Parameter(p.name, word, default=p.default) for p in parameters]
    __init__.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), *added]
    )
    return __init__
