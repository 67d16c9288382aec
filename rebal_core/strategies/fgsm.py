"""Rare rows are moved to where a network errs on them."""

from rebal_core.samplers.adversarial import FGSM
from rebal_core.strategies.base import STRATEGIES, Strategy

fgsm = STRATEGIES.add(
    Strategy(
        name="fgsm",
        label="FGSM",
        family="over",
        reference="Goodfellow, Shlens & Szegedy (2015), Explaining and harnessing adversarial "
        "examples, ICLR",
        aliases=(
            "fast_gradient_sign",
            "adversarial_examples",
            "adversarial_oversampling",
            "对抗样本",
            "快速梯度符号法",
        ),
        about="Rare rows are repeated, their numbers moved a little to where a network errs on "
        "them.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Taking the slope in the weights instead of the inputs, or of the predicted label "
        "instead of the true one. Attacked rows bring no new information, and a large reach pushes "
        "them into another class.",
        steps=(FGSM(),),
        fast={"epochs": 2},
    )
)
