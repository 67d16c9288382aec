"""Generators: samplers that learn what rows of a class look like, and draw new ones."""

from rebal_core.samplers.generators.arf import ARF
from rebal_core.samplers.generators.base import Fitted, Generator
from rebal_core.samplers.generators.copula import Copula
from rebal_core.samplers.generators.sheet import Columns, Sheet, grid

__all__ = ["ARF", "Columns", "Copula", "Fitted", "Generator", "Sheet", "grid"]
