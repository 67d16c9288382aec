"""Solvers that see all rows at once, in double precision: what small networks can be taught by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from rebal_core.nn.net import Net

#: Methods of :func:`scipy.optimize.minimize` by their names here.
SOLVERS: Mapping[str, str] = {"lbfgs": "L-BFGS-B", "newton": "Newton-CG", "cg": "CG"}
#: Where the slopes are this small nothing is left to gain.
TOLERANCE = 1e-8


def solve(
    net: Net,
    lost: Callable[[], Tensor],
    name: str,
    iterations: int,
    after: Callable[[float], bool],
) -> bool:
    """Minimise what a network loses, over all of its parameters.

    Parameters
    ----------
    net : Net
        In double precision; changed in place.
    lost : callable
        Returns the loss of all rows, a scalar with slopes.
    name : str
        Of :data:`SOLVERS`: limited-memory BFGS; Newton, each step by conjugate gradients on
        products with the Hessian; nonlinear conjugate gradients (Polak-Ribière).
    iterations : int
    after : callable
        Told the loss after each iteration; true ends the search.

    Returns
    -------
    bool
        Whether it converged, or was ended.

    References
    ----------
    Nocedal & Wright (2006), Numerical optimization, chapters 5 and 7.
    """
    whole, ended = _Whole(net, lost), False

    def callback(intermediate_result: OptimizeResult) -> None:
        nonlocal ended
        whole.put(intermediate_result.x)
        if after(float(intermediate_result.fun)):
            ended = True
            raise StopIteration

    stop = {"newton": {"xtol": TOLERANCE}, "lbfgs": {"gtol": TOLERANCE, "ftol": 1e-15}}
    found = minimize(
        whole.slopes,
        parameters_to_vector(whole.learned).detach().cpu().numpy(),
        jac=True,
        hessp=whole.bent if name == "newton" else None,
        method=SOLVERS[name],
        callback=callback,
        options={"maxiter": iterations, **stop.get(name, {"gtol": TOLERANCE})},
    )
    if not ended:
        whole.put(found.x)
    # 2: the loss cannot fall any more within double precision.
    return ended or found.status in (0, 2)


class _Whole:
    """What all rows lose, as a function of all parameters side by side."""

    def __init__(self, net: Net, lost: Callable[[], Tensor]) -> None:
        self.learned, self.lost = [p for p in net.parameters() if p.requires_grad], lost

    def put(self, x: NDArray[np.float64]) -> None:
        vector_to_parameters(torch.tensor(x).to(self.learned[0].device), self.learned)

    def slopes(self, x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the loss and its gradient."""
        self.put(x)
        loss = self.lost()
        found = torch.autograd.grad(loss, self.learned)
        return float(loss.detach()), parameters_to_vector(found).cpu().numpy()

    def bent(self, x: NDArray[np.float64], along: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the product of the Hessian with a direction."""
        self.put(x)
        grown = torch.autograd.grad(self.lost(), self.learned, create_graph=True)
        first = parameters_to_vector(grown)
        second = torch.autograd.grad(first @ torch.tensor(along).to(first), self.learned)
        return np.asarray(parameters_to_vector(second).cpu().numpy())
