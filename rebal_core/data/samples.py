"""The sample tables: what each asks, how its columns are used, and how to open one."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from rebal_core.data.dataset import Dataset
from rebal_core.data.reading.load import read_table
from rebal_core.data.reading.options import ReadOptions
from rebal_core.registry import Registry
from rebal_core.schema import Column, Kind, Role, Schema


@dataclass(frozen=True)
class Sample:
    """One sample table and everything that a user would otherwise have to choose.

    Parameters
    ----------
    name, label, family, aliases
        See :class:`rebal_core.registry.Spec`.
    question : str
        What is asked of the table, for its card.
    facts : str
        One line below the class bar.
    rare_share : float
        Share of the class bar that stands for the rare side.
    goal : str
        A name of :data:`rebal_core.data.goals.GOALS`.
    schema : Schema
        Every column with kind and role.
    """

    name: str
    label: str
    question: str
    facts: str
    rare_share: float
    goal: str
    schema: Schema
    family: str = "sample"
    aliases: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Name of its file in the package ``sample_data``."""
        return f"{self.name}.parquet"

    @property
    def target(self) -> str:
        """The column to predict."""
        return self.schema.named("target")[0]

    @property
    def group(self) -> str | None:
        """The column whose rows stay together in one fold."""
        return next(iter(self.schema.named("group")), None)

    @property
    def time(self) -> str | None:
        """The column that orders the rows."""
        return next(iter(self.schema.named("time")), None)


def _schema(positive: str | None, **columns: str) -> Schema:
    """Build a schema from ``name="kind role"``; the role may be left out for a feature."""
    made = []
    for name, words in columns.items():
        kind, _, role = words.partition(" ")
        made.append(Column(name, _KINDS[kind], role=_ROLES[role]))
    return Schema(tuple(made), positive=positive)


_KINDS: dict[str, Kind] = {k: k for k in ("number", "category", "text", "time")}
_ROLES: dict[str, Role] = {r: r for r in ("target", "id", "group", "time", "item")}
_ROLES[""] = "feature"

SAMPLES: Registry[Sample] = Registry("sample")

SAMPLES.add(
    Sample(
        name="click_log",
        label="Click log",
        question="Which impressions get a click?",
        facts="2% clicks · users, items, positions",
        rare_share=0.02,
        goal="ads",
        schema=_schema(
            "click",
            impression_id="category id",
            user_id="category group",
            item_id="category item",
            timestamp="time time",
            query="category",
            category="category",
            device="category",
            position="number",
            price="number",
            item_age_days="number",
            past_interest="number",
            clicked="category target",
        ),
        aliases=("clicks", "点击日志"),
    )
)
SAMPLES.add(
    Sample(
        name="product_categories",
        label="Product categories",
        question="60 categories from titles, long tail",
        facts="11% in the 40 smallest classes",
        rare_share=0.11,
        goal="every_class",
        schema=_schema(
            None,
            product_id="category id",
            title="text",
            price="number",
            language="category",
            category="category target",
        ),
        aliases=("categories", "商品类目"),
    )
)
SAMPLES.add(
    Sample(
        name="card_fraud",
        label="Card fraud",
        question="Which payments are fraud?",
        facts="0.5% fraud · amounts, hours, merchants",
        rare_share=0.005,
        goal="fraud",
        schema=_schema(
            "fraud",
            payment_id="category id",
            card_id="category group",
            timestamp="time time",
            amount="number",
            hour="number",
            merchant="category",
            country="category",
            abroad="category",
            entry="category",
            minutes_since_last="number",
            fraud="category target",
        ),
        aliases=("fraud", "盗刷"),
    )
)
SAMPLES.add(
    Sample(
        name="customer_questions",
        label="Customer questions",
        question="What does the customer want?",
        facts="3 of 40 intents hold half · English, Chinese",
        rare_share=0.5,
        goal="every_class",
        schema=_schema(
            None,
            question="text",
            language="category",
            channel="category",
            intent="category target",
        ),
        aliases=("questions", "客户提问"),
    )
)
SAMPLES.add(
    Sample(
        name="diagnosis",
        label="Diagnosis",
        question="Which of five diseases is it?",
        facts="0.3% tuberculosis · values missing",
        rare_share=0.003,
        goal="diagnosis",
        schema=_schema(
            None,
            patient_id="category id",
            age="number",
            sex="category",
            smoker="category",
            cough="category",
            cough_days="number",
            temperature="number",
            heart_rate="number",
            oxygen="number",
            log_crp="number",
            white_cells="number",
            lymphocytes="number",
            haemoglobin="number",
            weight_loss_kg="number",
            diagnosis="category target",
        ),
        aliases=("diseases", "诊断表"),
    )
)

SAMPLES.add(
    Sample(
        name="shop_visits",
        label="Shop visits",
        question="Who buys what, and what comes next?",
        facts="2.7% purchases · visitors, items, times",
        rare_share=0.0274,
        goal="every_class",
        schema=_schema(
            "buy",
            visitor_id="category group",
            item_id="category item",
            timestamp="time time",
            category="category",
            price="number",
            device="category",
            event="category target",
        ),
        aliases=("visits", "商店访问"),
    )
)


def open_sample(name: str, into: Path) -> Dataset:
    """Store a sample as a dataset, with its roles and its goal set.

    Parameters
    ----------
    name : str
        A name or alias of :data:`SAMPLES`.
    into : Path
        The new dataset's folder.

    Returns
    -------
    Dataset
        Ready to be profiled and compared.

    Raises
    ------
    UserError
        When there is no such sample.
    """
    sample = SAMPLES.find(name)
    with as_file(files("sample_data") / sample.file) as path:
        dataset = read_table(path, into, ReadOptions(name=sample.label, schema=sample.schema))
    return dataset.with_goal(sample.goal)
