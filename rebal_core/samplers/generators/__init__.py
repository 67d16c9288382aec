"""Generators: samplers that learn what rows of a class look like, and draw new ones."""

from rebal_core.samplers.generators.arf import ARF
from rebal_core.samplers.generators.autoregressive import Autoregressive
from rebal_core.samplers.generators.base import Fitted, Generator
from rebal_core.samplers.generators.cgan import Cgan
from rebal_core.samplers.generators.copula import Copula
from rebal_core.samplers.generators.diffusion import Diffusion
from rebal_core.samplers.generators.gan import Gan
from rebal_core.samplers.generators.sheet import Columns, Sheet, grid
from rebal_core.samplers.generators.vae import Vae

__all__ = [
    "ARF",
    "Autoregressive",
    "Cgan",
    "Columns",
    "Copula",
    "Diffusion",
    "Fitted",
    "Gan",
    "Generator",
    "Sheet",
    "Vae",
    "grid",
]
