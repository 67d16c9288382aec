"""Rows go that crowd out a rare row."""

from rebal_core.samplers.enn import NeighbourhoodCleaning
from rebal_core.strategies.base import STRATEGIES, Strategy

neighbourhood_cleaning = STRATEGIES.add(
    Strategy(
        name="neighbourhood_cleaning",
        label="Neighbourhood cleaning",
        family="cleaning",
        reference="Laurikkala (2001), Improving identification of difficult small classes, "
        "AIME 2001, 63-66",
        aliases=(
            "ncr",
            "ncl",
            "neighbourhood_cleaning_rule",
            "neighborhood_cleaning_rule",
            "邻域清洗",
            "邻域清理",
        ),
        about="Rows of the more frequent classes go that are outvoted by near rows, or that "
        "outvote a rare row near them. Clears the surroundings of the rare class.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="Deleting all neighbours of every frequent row, which is nearly the whole table: "
        "only rows around a rare row that they outvote go.",
        steps=(NeighbourhoodCleaning(),),
    )
)
