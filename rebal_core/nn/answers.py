"""What a network answers."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from rebal_core.nn.net import Net, averaged
from rebal_core.nn.rows import Source

#: Rows at a time; it bounds memory, not the result.
_CHUNK = 16_384


@torch.no_grad()
def answers(net: Net, source: Source) -> NDArray[np.float64]:
    """Return logarithms of probabilities, or logits of a network of one member, shape (n, K)."""
    net.eval()
    parts, exactness = [], next(net.parameters()).dtype
    for part in torch.arange(len(source)).split(_CHUNK):  # type: ignore[no-untyped-call]
        rows = source.take(part)
        parts.append(averaged(net(rows.numbers.to(exactness), rows.codes)).double().cpu().numpy())
    return np.concatenate(parts)


def predict(net: Net, source: Source) -> NDArray[np.float64]:
    """Return probabilities of shape (n, K).

    Computed in float64, so that a probability depends neither on its neighbours in the batch nor
    on the device.
    """
    exact = copy.deepcopy(net).to(source.device, torch.float64).eval()
    if not len(source):
        return np.zeros((0, 0))
    logits = torch.from_numpy(answers(exact, source))
    return np.asarray(logits.softmax(dim=1).numpy())
