"""Checks of how the file was read: rejected lines, doubled names, words that mean missing."""

from __future__ import annotations

from collections.abc import Sequence

from rebal_core.checks.base import CHECKS, Check, Hit, listed
from rebal_core.checks.look import Look
from rebal_core.data.formats import share


def find_tokens(look: Look) -> Sequence[Hit] | None:
    """Words that seem to stand for a missing value and have not been chosen as such."""
    proposed = look.dataset.source.get("na_proposed")
    if proposed is None:
        return None
    chosen = set(look.dataset.source.get("na") or ())
    left = {token: columns for token, columns in proposed.items() if token not in chosen}
    if not left:
        return []
    columns = tuple(dict.fromkeys(c for names in left.values() for c in names))
    return [Hit({"tokens": listed(list(left)), "names": listed(columns)}, columns)]


def find_rejected(look: Look) -> Sequence[Hit] | None:
    """Lines that could not be read."""
    rejected = look.dataset.source.get("rejected_rows")
    if rejected is None:
        return None
    part = rejected / max(rejected + look.dataset.rows, 1)
    return [Hit({"rows": rejected, "share": share(part)})] if rejected else []


def find_renamed(look: Look) -> Sequence[Hit] | None:
    """Columns that got another name because theirs was taken or empty."""
    renamed = look.dataset.source.get("renamed")
    if renamed is None:
        return None
    if not renamed:
        return []
    taken = {new: old for new, old in renamed.items() if old}
    empty = [new for new in renamed if new not in taken]
    twice = listed([f"{old} → {new}" for new, old in taken.items()])
    hits = [Hit({"names": twice}, tuple(taken)), Hit({"names": listed(empty)}, tuple(empty), 1)]
    return [hit for hit in hits if hit.columns]


def find_strays(look: Look) -> Sequence[Hit] | None:
    """Columns of numbers that a few other values turn into text."""
    strays = look.dataset.source.get("strays")
    if strays is None:
        return None
    names = {c.name for c in look.dataset.schema.columns if c.role != "target"}
    return [
        Hit({"name": name, "count": seen["count"], "example": seen["examples"][0]}, (name,))
        for name, seen in strays.items()
        if name in names
    ]


def find_infinite(look: Look) -> Sequence[Hit] | None:
    """Columns with infinite values, which were read as missing."""
    infinite = look.dataset.source.get("infinite")
    if infinite is None:
        return None
    return [Hit({"name": name, "count": count}, (name,)) for name, count in infinite.items()]


def find_doubts(look: Look) -> Sequence[Hit] | None:
    """Columns whose numbers can be read in two ways."""
    doubts = look.dataset.source.get("doubts")
    if doubts is None:
        return None
    names = {c.name for c in look.dataset.schema.columns if c.role != "target"}
    order = ("decimals", "thousands", "text", "code", "amount")
    return [
        Hit({"name": name, **seen}, (name,), order.index(seen["taken"]))
        for name, seen in doubts.items()
        if name in names
    ]


def find_one_value(look: Look) -> Sequence[Hit] | None:
    """Columns with two writings of one number, which codes and versions have."""
    same = look.dataset.source.get("one_value")
    if same is None:
        return None
    # Amounts with marks are no codes; as labels they are told all the same.
    marked = {
        name
        for name, form in look.dataset.source.get("written", {}).items()
        if form.get("sign") or form.get("group")
    }
    roles = {
        c.name: c.role
        for c in look.dataset.schema.columns
        if c.role == "target" or (c.role != "ignore" and c.name not in marked)
    }
    return [
        Hit({"name": n, "one": texts[0], "other": texts[1]}, (n,), int(roles[n] != "target"))
        for n, texts in same.items()
        if n in roles
    ]


def find_unsure_encoding(look: Look) -> Sequence[Hit] | None:
    """Several encodings in which the text reads well."""
    known = look.dataset.source.get("encodings")
    if known is None:
        return None
    if not known:
        return []
    name, *others = known
    shown = ", ".join(f"{other} (“{known[other][0]}”)" for other in others)
    return [Hit({"name": name, "example": known[name][0], "others": shown})]


def find_doubtful_times(look: Look) -> Sequence[Hit] | None:
    """Columns that look like times and are not read as such, for it would be a guess."""
    doubtful = look.dataset.source.get("times_in_doubt")
    if doubtful is None:
        return None
    columns = {c.name: c for c in look.dataset.schema.columns}
    return [
        Hit(
            {"name": name, "count": seen["count"], "example": (*seen["examples"], "")[0]},
            (name,),
            _OPEN_TIMES.index(seen["why"]),
        )
        for name, seen in doubtful.items()
        if name in columns and columns[name].role != "target" and columns[name].kind != "time"
    ]


#: In the order of the sentences.
_OPEN_TIMES = ("order", "century", "zone", "month", "value", "calendar", "form")

CHECKS.add(
    Check(
        code="RBL011",
        name="missing_words",
        family="file",
        title="Words that mean missing",
        severity="tip",
        why="A word such as “unknown” or “-” in a column of numbers turns the numbers into "
        "categories; in a category it is a value like any other, which may be right or not.",
        fix="Choose the words that mean missing and read the table again (on the command line: "
        "--na).",
        sentences=("{tokens} may stand for a missing value in {names}.",),
        passed="No word stands for a missing value.",
        find=find_tokens,
    )
)
CHECKS.add(
    Check(
        code="RBL012",
        name="rejected_rows",
        family="file",
        title="Lines that could not be read",
        severity="issue",
        why="Lines with too many or too few fields are left out. If they come from one source or "
        "one class, the table is no longer what was collected.",
        fix="Download the rejected lines, mend them (mostly quotes or separators) and read the "
        "file again.",
        sentences=("Lines that could not be read and are left out: {rows:,} ({share}).",),
        passed="Every line of the file was read.",
        find=find_rejected,
    )
)
CHECKS.add(
    Check(
        code="RBL013",
        name="renamed_columns",
        family="file",
        title="Columns were renamed",
        severity="tip",
        why="Two columns of one name cannot be told apart, so the later one got another; so did a "
        "column without a name.",
        fix="Check that the right one is used, or rename it in the file.",
        sentences=("Renamed: {names}.", "Columns without a name are called {names} here."),
        passed="Every column kept its name.",
        find=find_renamed,
    )
)
CHECKS.add(
    Check(
        code="RBL017",
        name="stray_values",
        family="file",
        title="Numbers read as text",
        severity="tip",
        why="One value that is no number makes text of a whole column, and every number in it "
        "becomes a category of its own.",
        fix="Mend these values in the file, or name them as missing and read the table again (on "
        "the command line: --na).",
        sentences=("Values of “{name}” that are no numbers: {count:,}, such as “{example}”.",),
        passed="No stray value makes text of a column of numbers.",
        find=find_strays,
    )
)
CHECKS.add(
    Check(
        code="RBL018",
        name="infinite_values",
        family="file",
        title="Infinite values",
        severity="tip",
        why="No model can add or scale with an infinite number, so it is read as missing and "
        "filled in like one. Mostly it comes from a division by zero.",
        fix="Look at how the column was computed; write a number, or leave the cell empty.",
        sentences=("Infinite values of “{name}” that were read as missing: {count:,}.",),
        passed="No value is infinite.",
        find=find_infinite,
    )
)
CHECKS.add(
    Check(
        code="RBL021",
        name="doubtful_numbers",
        family="file",
        title="Numbers with two readings",
        severity="issue",
        why="Where only three digits follow a mark, it may part decimals or thousands, and 5K may "
        "be 5,000 or a code: read the wrong way, every such number is a thousand times too large "
        "or too small.",
        fix="Choose the decimal sign under “Read it differently” while the file is at hand (on "
        "the command line: --decimal point or --decimal comma); where a letter is in doubt, give "
        "the column the type number or category.",
        sentences=(
            "“{value}” in “{name}” may be {decimals} or {thousands}; it was read as {decimals}.",
            "“{value}” in “{name}” may be {decimals} or {thousands}; it was read as {thousands}.",
            "“{value}” in “{name}” may be {decimals} or {thousands}; the column was kept as text.",
            "“{value}” in “{name}” may be a code or {thousands}; the column was kept as text.",
            "“{value}” in “{name}” may be a code or {thousands}; it was read as {thousands}.",
        ),
        passed="Every number can be read in one way only.",
        find=find_doubts,
    )
)
CHECKS.add(
    Check(
        code="RBL022",
        name="one_value",
        family="file",
        title="Two writings, one number",
        severity="tip",
        why="250.0 and 250.00 are two codes and one number, and so are the versions 1.1 and 1.10. "
        "As labels and categories they are kept apart; as numbers they are one.",
        fix="If they mean the same, write them alike in the file; if a feature holds codes or "
        "versions, give it the type category.",
        sentences=(
            "“{one}” and “{other}” in “{name}” are one number; as labels they are two.",
            "“{one}” and “{other}” in “{name}” are one number, and no model tells them apart.",
        ),
        passed="No number is written in two ways.",
        find=find_one_value,
    )
)
CHECKS.add(
    Check(
        code="RBL023",
        name="unsure_encoding",
        family="file",
        title="The encoding is a guess",
        severity="issue",
        why="A file does not say in which encoding its letters are written. Read in a wrong one, "
        "names and labels become other names, and none of them is found among new rows.",
        fix="Look at the examples and choose the encoding in which they read right (on the command "
        "line: --encoding), or save the file as UTF-8.",
        sentences=("It is read as {name} (“{example}”), but may also be {others}.",),
        passed="The encoding of the file is clear.",
        find=find_unsure_encoding,
    )
)
CHECKS.add(
    Check(
        code="RBL019",
        name="times_as_text",
        family="file",
        title="Times read as text",
        severity="tip",
        why="A time that is misread sorts wrongly, and a split by time then trains on the future. "
        "Where more than one reading is possible the column stays text.",
        fix="Write these times as 2024-09-27 10:15:00, with the offset +02:00 if there is one; or "
        "name the values that mean missing and read the table again (on the command line: --na).",
        sentences=(
            "“{name}” looks like dates whose order of day, month and year is open: “{example}”.",
            "“{name}” has years of two digits whose century is open: {count:,}, such as "
            "“{example}”.",
            "“{name}” names a time zone that is not certain: “{example}”.",
            "“{name}” names months that are of no one language: “{example}”.",
            "Values of “{name}” that are no times in the form of the others: {count:,}, such as "
            "“{example}”.",
            "The years of “{name}” may be those of another calendar: “{example}”.",
            "“{name}” looks like times in a form that is not known: “{example}”.",
        ),
        passed="Every time is read as one.",
        find=find_doubtful_times,
    )
)
