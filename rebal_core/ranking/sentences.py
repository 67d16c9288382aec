"""What a comparison of rankings says, in sentences."""

from __future__ import annotations

from typing import Any

from rebal_core.data.formats import change, count, number, share
from rebal_core.evaluation.intervals import LEVEL
from rebal_core.ranking.compare import RankingComparison
from rebal_core.ranking.foretold import Foretold
from rebal_core.ranking.models.base import BASELINE, RECOMMENDERS
from rebal_core.ranking.outcomes import ArmOutcome, Reference
from rebal_core.ranking.rerank import Shape
from rebal_core.ranking.scored import Means
from rebal_core.ranking.segments import MOST, Guard
from rebal_core.ranking.verdict import FEWEST_TAIL, TailVerdict
from rebal_core.wording import Text, listed

_OF_CODE = {
    "HELPS": "finds more of the tail than re-ranking at its price",
    "HURTS": "finds less of the tail than re-ranking at its price",
    "NEGLIGIBLE": "finds hardly more of the tail than re-ranking at its price",
    "NO_DIFFERENCE": "finds as much of the tail as re-ranking at its price",
    "CANT_TELL": "may or may not find more of the tail than re-ranking at its price",
    "dearer": "finds more of the tail than re-ranking does, and costs more NDCG",
    "cheaper": "finds less of the tail than re-ranking does, and costs less NDCG",
}
_OF_RERANK = {
    "HELPS": "finds more of the tail than the order that it came from",
    "HURTS": "finds less of the tail than the order that it came from",
    "NEGLIGIBLE": "finds hardly more of the tail than the order that it came from",
    "NO_DIFFERENCE": "finds as much of the tail as the order that it came from",
    "CANT_TELL": "may or may not find more of the tail than the order that it came from",
    "dearer": "finds more of the tail than the order that it came from, for much NDCG",
    "cheaper": "finds less of the tail than the order that it came from, and has more NDCG",
}
#: What is discounted.
_HOW: dict[Shape, str] = {
    "popularity": "by popularity alone",
    "tail": "by a step at the border of the tail alone",
}
#: What a rule of re-ranking did to the lists.
_OF_RULE = {
    "quality": "Quality of the places: {before} to {after} spreads above the catalogue.",
    "over_cap": "Lists over the cap: {before} to {after}.",
    "diversity": "Diversity within a list: {before} to {after}.",
}
#: Part of the last events that has to be of items had before to be spoken of.
_OFTEN = 0.05
#: A gain that three decimals show.
_VISIBLE = 0.0005


def sentence_of_arm(outcome: ArmOutcome, reference: Reference, in_tail: int) -> Text:
    """Return what is said of one arm that was fitted, and of the segments that it was to serve.

    Parameters
    ----------
    in_tail : int
        Visits that end in the tail.
    """
    said = _of_tail(outcome, reference, in_tail)
    paid = _of_price(outcome, reference)
    if paid is not None:
        said = Text("{first} {second}", {"first": said, "second": paid})
    if outcome.segments is None:
        return said
    return Text("{first} {second}", {"first": said, "second": _of_segments(outcome.segments)})


def _of_price(outcome: ArmOutcome, reference: Reference) -> Text | None:
    """Return by how much a decision is dearer than it was allowed to be, where that is sure."""
    if not outcome.arm.remedy.reranks or outcome.verdict is None:
        return None
    cost, before = float(outcome.arm.remedy_params["cost"]), _ndcg(reference.scored.means)
    _, high = outcome.verdict.ndcg.interval(LEVEL)
    if not high < -cost * before:
        return None
    return Text(
        "It costs {paid} of the NDCG, where {price} was its price: the events by which tau is "
        "chosen are unlike those that are judged.",
        {"paid": share(-outcome.verdict.ndcg.gain / before), "price": share(cost)},
    )


def _of_segments(guard: Guard) -> Text:
    """Return what became of the segment that an arm is aimed at, and who paid for it."""
    aimed = guard.changes.get(guard.aim.value)
    if aimed is None:
        return Text(
            "Too few users of “{segment}” are asked for a verdict on it.",
            {"segment": guard.aim.value},
        )
    # By the metric that says it more surely, so that no interval around 0 stands beside “worse”.
    metric = min(aimed, key=lambda name: aimed[name].p)
    found = aimed[metric]
    low, high = found.interval
    told = {
        "metric": Text("NDCG") if metric == "ndcg" else Text("recall"),
        "segment": guard.aim.value,
        "before": number(found.untreated),
        "after": number(found.arm),
        "gain": change(found.difference.gain),
        "low": change(low),
        "high": change(high),
    }
    if not guard.worse:
        return Text(
            "The {metric} of “{segment}” goes from {before} to {after} ({gain}, from {low} to "
            "{high}); no segment is shown to be made worse.",
            told,
        )
    return Text(
        "The {metric} of “{segment}” goes from {before} to {after} ({gain}, from {low} to {high}); "
        "made worse in NDCG or recall: {worse}.",
        {**told, "worse": listed([f"“{name}”" for name in guard.worse], MOST)},
    )


def _of_tail(outcome: ArmOutcome, reference: Reference, in_tail: int) -> Text:
    if in_tail < FEWEST_TAIL:
        return Text("Too few visits end in the tail for a verdict on it.")
    if outcome.verdict is None:
        return _of_untreated(outcome, reference)
    assert outcome.scored is not None
    if max(_tail(outcome.scored.means), _tail(reference.scored.means)) == 0:
        return Text("Nothing of the tail is found, by it or by what it is judged against.")
    templates = _OF_RERANK if outcome.arm.remedy.reranks else _OF_CODE
    return Text(
        "It {finds}: recall there {arm} against {reference} ({gain}, from {low} to {high}), NDCG "
        "{ndcg} against {other}.",
        {
            "finds": Text(templates[_word(outcome.verdict)]),
            **_recalls(outcome.scored.means, reference.scored.means, outcome.verdict),
            "ndcg": number(_ndcg(outcome.scored.means)),
            "other": number(_ndcg(reference.scored.means)),
        },
    )


def _word(verdict: TailVerdict) -> str:
    """Return the code, or what is to be said of the tail where something else keeps it back.

    That is an unequal price, or a segment that pays for the gain.
    """
    if verdict.paid:
        return "HELPS"
    low, high = verdict.tail.interval(verdict.level)
    bought = verdict.price == "dearer" and low > 0
    left = verdict.price == "cheaper" and high < 0
    return verdict.price if verdict.code == "CANT_TELL" and (bought or left) else verdict.code


def _of_untreated(outcome: ArmOutcome, reference: Reference) -> Text:
    assert outcome.scored is not None
    gained = _tail(reference.scored.means) - _tail(outcome.scored.means)
    if not gained >= _VISIBLE:
        return Text("Re-ranking finds nothing more in the tail at a small price in NDCG.")
    return Text(
        "Re-ranking {what} takes recall in the tail from {before} to {after}, and NDCG from {ndcg} "
        "to {other}; a remedy has to beat that.",
        {
            "what": Text(_HOW[reference.shape]),
            "before": number(_tail(outcome.scored.means)),
            "after": number(_tail(reference.scored.means)),
            "ndcg": number(_ndcg(outcome.scored.means)),
            "other": number(_ndcg(reference.scored.means)),
        },
    )


def sentences_of_rules(outcome: ArmOutcome) -> list[Text]:
    """Return what each rule of an arm that re-ranks did to its lists."""
    written = {"quality": change, "over_cap": share, "diversity": number}
    return [
        Text(_OF_RULE[rule], {"before": written[rule](old), "after": written[rule](new)})
        for rule, (old, new) in outcome.ruled.items()
    ]


#: Whether chances of a click or a purchase know which of the pairs it is.
_OF_CHANCES = {
    "more": "The chances tell more than the mean rate (normalised entropy {ne}, from {low} "
    "to {high}); {ratio} are foretold for each that happens (from {least} to {most}).",
    "same": "The chances are not shown to tell more than the mean rate (normalised entropy "
    "{ne}, from {low} to {high}); {ratio} are foretold for each that happens (from {least} to "
    "{most}).",
    "less": "The chances tell less than the mean rate (normalised entropy {ne}, from {low} "
    "to {high}); {ratio} are foretold for each that happens (from {least} to {most}).",
    "few": "Too few to judge the chances by, {happened} in the last fifth of the time.",
}


def sentence_of_chances(found: Foretold) -> Text:
    """Return whether the chances of a task know more than its mean rate."""
    ne, low, high = map(number, found.scores["normalised_entropy"])
    ratio, least, most = (number(value, 2) for value in found.scores["calibration_ratio"])
    told = {"happened": count(found.happened), "ne": ne}
    told |= {"low": low, "high": high, "ratio": ratio, "least": least, "most": most}
    return Text(_OF_CHANCES[found.code], told)


def sentences_of_values(outcome: ArmOutcome) -> list[Text]:
    """Return how well an arm foretells the value of what comes next, where it has a head for it."""
    kept = [one for one in outcome.story if one["kept"] and "value_loss" in one]
    if not kept:
        return []
    lost, shares = kept[-1]["value_loss"], kept[-1]["value_shares_loss"]
    template = (
        "The {column} of what comes next is foretold with a log loss of {loss} on events set aside "
        "to stop by; the shares of its values alone have {shares}."
    )
    column = f"“{outcome.arm.settings['attribute']}”"
    told = {"column": column, "loss": number(lost), "shares": number(shares)}
    return [Text(template, told)]


def sentence_of_run(found: RankingComparison) -> Text:
    """Return what is said of the whole comparison."""
    if found.best is None:
        return Text("No model could be fitted.")
    said = _of_models(found)
    tried = [
        o
        for o in found.outcomes
        if o.verdict is not None and not o.arm.remedy.reranks and o.verdict.code != "NO_VERDICT"
    ]
    if not tried:
        return said
    help_ = [o.arm.name for o in tried if o.verdict is not None and o.verdict.code == "HELPS"]
    tail = (
        Text("In the tail {arm} beat re-ranking.", {"arm": ", ".join(help_)})
        if help_
        else Text("No training is shown to beat re-ranking in the tail.")
    )
    return Text("{first} {second}", {"first": said, "second": tail})


def sentence_of_repeats(found: RankingComparison) -> Text | None:
    """Return how much of what came last was there before, where it is worth a sentence."""
    repeats = found.repeats
    if repeats is None or repeats.had < _OFTEN or _ndcg(repeats.means) < _VISIBLE:
        return None
    told = {
        "before": share(repeats.right_before),
        "had": share(repeats.had),
        "ndcg": number(_ndcg(repeats.means)),
    }
    if repeats.ahead is None or repeats.ahead.interval(LEVEL)[0] > 0:
        return Text(
            "Of the last events {before} repeat the item right before them, and {had} one that the "
            "user had had: to show each user what he had, the latest first, has an NDCG of {ndcg} "
            "without any model.",
            told,
        )
    return Text(
        "Of the last events {before} repeat the item right before them, and {had} one that the "
        "user had had: to show each user what he had, the latest first, has an NDCG of {ndcg}, and "
        "no model is shown to do better.",
        told,
    )


def sentence_of_windows(found: RankingComparison) -> Text:
    """Return whether the model that orders last events best does so in later windows of time."""
    judged = [window.found for window in found.windows if window.found is not None]
    gaps: dict[str, Any] = {"judged": len(judged), "windows": found.plan.windows}
    untreated = [
        {
            o.arm.model.name: _ndcg(o.scored.means)
            for o in one.outcomes
            if o.arm.remedy.untreated and o.scored
        }
        for one in judged
    ]
    known = [name for name in found.plan.models if all(name in one for one in untreated)]
    if not judged or not known or found.best is None:
        return Text("No later window of time has enough users who come back to be judged.")
    mean = {name: sum(one[name] for one in untreated) / len(judged) for name in known}
    best, last = max(known, key=mean.__getitem__), found.best.model
    gaps |= {"ndcg": number(mean[best]), "low": number(min(one[best] for one in untreated))}
    gaps |= {"high": number(max(one[best] for one in untreated))}
    if len(judged) == 1:
        return Text(
            "In the one later window of time that was judged {model} has the largest NDCG, {ndcg}.",
            {"model": best, **gaps},
        )
    if best == last:
        return Text(
            "So it is in later windows of time ({judged} of {windows} judged): {model} has an NDCG "
            "of {ndcg} on average, from {low} to {high}.",
            {"model": best, **gaps},
        )
    return Text(
        "In later windows of time ({judged} of {windows} judged) {model} has the largest NDCG, "
        "{ndcg} on average, from {low} to {high}; whether that is more than chance is not tested.",
        {"model": best, **gaps},
    )


def _of_models(found: RankingComparison) -> Text:
    assert found.best is not None
    best, ahead = found.best.model, found.best.ahead
    if RECOMMENDERS[best].family == BASELINE and ahead:
        return Text(
            "No model is shown to order better than {model}, which shows everybody the same list.",
            {"model": best},
        )
    close = [name for name, (_, _, p) in ahead.items() if p > LEVEL]
    if close:
        return Text(
            "{model} has the best NDCG, and {models} cannot be told from it.",
            {"model": best, "models": ", ".join(close)},
        )
    if not ahead:
        return Text("{model} is the only model.", {"model": best})
    second = min(ahead, key=lambda name: ahead[name][0].gain)
    difference, level, _ = ahead[second]
    low, high = difference.interval(level)
    return Text(
        "{model} orders best: its NDCG is {gain} above that of {model2} (from {low} to {high}).",
        {
            "model": best,
            "gain": number(difference.gain),
            "model2": second,
            "low": number(low),
            "high": number(high),
        },
    )


def _recalls(arm: Means, reference: Means, verdict: TailVerdict) -> dict[str, str]:
    low, high = verdict.tail.interval(verdict.level)
    return {
        "arm": number(_tail(arm)),
        "reference": number(_tail(reference)),
        "gain": change(verdict.tail.gain),
        "low": change(low),
        "high": change(high),
    }


def _tail(means: Means) -> float:
    return float(means["recall"]["tail"][0])


def _ndcg(means: Means) -> float:
    return float(means["ndcg"]["all"][0])
