"""The classes are balanced inside each value of a column."""

from rebal_core.samplers.contextual import Contextual
from rebal_core.strategies.base import STRATEGIES, Strategy

contextual = STRATEGIES.add(
    Strategy(
        name="contextual",
        label="Contextual sampling",
        family="context",
        reference="Horvitz & Thompson (1952), A generalization of sampling without replacement "
        "from a finite universe, Journal of the American Statistical Association 47, 663-685",
        aliases=(
            *("context_sampling", "within_query_sampling", "stratified_by_context"),
            *("上下文采样", "情境采样", "按上下文采样", "场景采样"),
        ),
        about="The classes are balanced separately inside each query, visit, day or category: as "
        "many rows of the frequent classes stay there as the rarest one has. Weights stand in for "
        "the rows that went, so that the probabilities stay right.",
        pitfall="Balancing inside each context without the weights: contexts in which the event is "
        "common and those in which it is rare then look alike, and nothing done to the whole table "
        "afterwards tells them apart again. And taking a column that gives the answer away as the "
        "context.",
        steps=(Contextual(),),
        fast={"column": "device"},
    )
)
