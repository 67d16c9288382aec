"""Losses of each row, from logits and labels; each is the cross-entropy at one setting.

All are stable: they work on logits, never on probabilities, so that no value and no gradient is
lost where a network is very sure.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax, one_hot


def focal(logits: Tensor, y: Tensor, gamma: float, alpha: Tensor | None = None) -> Tensor:
    """Return ``-alpha_y (1 - p_y)^gamma log p_y``; gamma 0 is the (weighted) cross-entropy.

    Parameters
    ----------
    logits : Tensor of shape (n, K)
        K at least 2.
    y : Tensor of shape (n,)
    gamma : float
    alpha : Tensor of shape (K,), optional
        Weight of each class; the published alpha of two classes is ``(1 - alpha, alpha)``.

    Returns
    -------
    Tensor of shape (n,)

    Notes
    -----
    It weighs hard rows up, which are not always the rare ones. It is not proper: its answers are
    too near 1/2, and :func:`rebal_core.focal.recovered` leads back. An alpha is recovered as a
    class weight, after that.

    References
    ----------
    Lin, Goyal, Girshick, He, Dollár (2017), Focal loss for dense object detection, ICCV.
    """
    own = one_hot(y, logits.shape[1]).bool()
    # log(1 - p_y) from the other logits: no digits lost near 1, and a finite slope for gamma < 1.
    others = logits.masked_fill(own, -math.inf).logsumexp(dim=1)
    focus = torch.exp(gamma * (others - logits.logsumexp(dim=1)))
    return focus * cross_entropy(logits, y, weight=alpha, reduction="none")


def logit_adjusted(logits: Tensor, y: Tensor, log_shares: Tensor, tau: float) -> Tensor:
    """Return the cross-entropy of ``logits + tau log_shares``; tau 0 is the usual one.

    At tau 1 (balanced softmax) the best logits are those of a world with equal class shares:
    ``softmax(logits)`` is proportional to the true probability over the share.

    Parameters
    ----------
    logits : Tensor of shape (n, K)
    y : Tensor of shape (n,)
    log_shares : Tensor of shape (K,)
        Finite, also for classes without rows.
    tau : float

    Returns
    -------
    Tensor of shape (n,)

    References
    ----------
    Menon et al. (2021), Long-tail learning via logit adjustment, ICLR, eq. 10; Ren et al. (2020),
    Balanced meta-softmax for long-tailed visual recognition, NeurIPS.
    """
    return cross_entropy(logits + tau * log_shares, y, reduction="none")


def ldam_margins(counts: Tensor, most: float = 0.5) -> Tensor:
    """Return the margin of each class, ``C / N_k^(1/4)``, the rarest class having `most`.

    Parameters
    ----------
    counts : Tensor of shape (K,)
        Rows of each class; a class without rows gets the margin of the rarest.
    most : float

    Returns
    -------
    Tensor of shape (K,)
    """
    rarest = counts[counts > 0].min()
    return most * (rarest / counts.clamp(min=float(rarest))) ** 0.25


def ldam(cosines: Tensor, y: Tensor, margins: Tensor, scale: float) -> Tensor:
    """Return the cross-entropy of ``scale (cosines - margin of the true class)``.

    Margins 0 and scale 1 are the usual one. Its answers are no probabilities.

    Parameters
    ----------
    cosines : Tensor of shape (n, K)
        Between the rows of a network and its directions of the classes, -1 to 1.
    y : Tensor of shape (n,)
    margins : Tensor of shape (K,)
        Of :func:`ldam_margins`.
    scale : float

    Returns
    -------
    Tensor of shape (n,)

    References
    ----------
    Cao, Wei, Gaidon, Arechiga, Ma (2019), Learning imbalanced datasets with label-distribution-
    aware margin loss, NeurIPS, eq. 13 and its appendix.
    """
    own = one_hot(y, cosines.shape[1]).to(cosines.dtype)
    return cross_entropy(scale * (cosines - own * margins), y, reduction="none")


def label_smoothing(logits: Tensor, y: Tensor, epsilon: float) -> Tensor:
    """Return the cross-entropy towards ``(1 - epsilon)`` of the label and ``epsilon / K`` of all.

    Parameters
    ----------
    logits : Tensor of shape (n, K)
    y : Tensor of shape (n,)
    epsilon : float
        0 is the usual cross-entropy.

    Returns
    -------
    Tensor of shape (n,)

    References
    ----------
    Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016), Rethinking the Inception architecture, CVPR.
    """
    return cross_entropy(logits, y, reduction="none", label_smoothing=epsilon)


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return ``-sum_k t_k log p_k``, for rows that belong to several classes in part.

    Parameters
    ----------
    logits, targets : Tensor of shape (n, K)

    Returns
    -------
    Tensor of shape (n,)
    """
    return cross_entropy(logits, targets, reduction="none")


def prior_matching(logits: Tensor, shares: Tensor, lam: float) -> Tensor:
    """Return ``-lam sum_k pi_k log pbar_k``, pbar the mean probabilities of the batch.

    Added to the mean cross-entropy, it is least where the batch is given the class shares on
    average: it mends calibration, not the recall of rare classes.

    Parameters
    ----------
    logits : Tensor of shape (n, K)
    shares : Tensor of shape (K,)
        Of the rows that batches are drawn from; sum 1.
    lam : float
        0 or more.

    Returns
    -------
    Tensor of shape ()

    Notes
    -----
    A sum ``+lam sum_k pi_k log p_k`` in each row, as articles have it, falls without end: a sure
    network is paid for driving all other classes to 0.
    """
    log_mean = log_softmax(logits, dim=1).logsumexp(dim=0) - math.log(len(logits))
    return -lam * (shares * log_mean).sum()
