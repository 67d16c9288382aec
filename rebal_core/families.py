"""The families of strategies: their other words, and how each looks wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from rebal_core.wording import Text


@dataclass(frozen=True)
class Family:
    """One family.

    Parameters
    ----------
    title : Text
        Its name for people.
    words : tuple of str
        Other words for it, English and Chinese.
    mark : str
        Stands before a name.
    symbol, dash : str
        Of points and lines, as plotly calls them.
    light, dark : str
        Its colour in each theme.
    """

    title: Text
    words: tuple[str, ...]
    mark: str
    symbol: str
    dash: str
    light: str
    dark: str

    def color(self, dark: bool = False) -> str:
        """Return the colour of the theme."""
        return self.dark if dark else self.light


#: In the order of the pickers.
FAMILIES: dict[str, Family] = {
    "reference": Family(
        Text("Reference"),
        ("baseline", "基线", "对照"),
        *("■", "square", "dash", "#1C2530", "#E4E9EE"),
    ),
    "decision": Family(
        Text("Decision"),
        ("决策", "决策规则"),
        *("◆", "diamond", "solid", "#332288", "#8C7BFF"),
    ),
    "weighting": Family(
        Text("Weights"),
        ("weights", "加权", "权重"),
        *("▲", "triangle-up", "dot", "#7F7A28", "#E6DF6E"),
    ),
    "over": Family(
        Text("Over-sampling"),
        ("oversampling", "upsampling", "over_sampling", "过采样", "上采样", "升采样"),
        *("●", "circle", "solid", "#117733", "#3FBF6F"),
    ),
    "under": Family(
        Text("Under-sampling"),
        ("undersampling", "downsampling", "under_sampling", "欠采样", "下采样", "降采样"),
        *("▼", "triangle-down", "dashdot", "#882255", "#E56BAF"),
    ),
    "context": Family(
        Text("Inside a context"),
        ("上下文", "场景内平衡"),
        *("✖", "x", "longdash", "#4C6A92", "#9DB8DB"),
    ),
    "cleaning": Family(
        Text("Cleaning"),
        ("data_cleaning", "清洗", "数据清洗"),
        *("✚", "cross", "dot", "#5C3A12", "#C08552"),
    ),
    "combined": Family(
        Text("Combined"),
        ("combination", "hybrid", "组合采样", "混合采样"),
        *("✦", "star-diamond", "dashdot", "#2B7F75", "#63C9B9"),
    ),
    "your_own": Family(
        Text("Your own"),
        ("自选组合",),
        *("◀", "triangle-left", "longdashdot", "#4F7318", "#A9CF5A"),
    ),
    "ensemble": Family(
        Text("Ensembles"),
        ("ensembles", "集成", "集成学习"),
        *("⬢", "hexagon", "longdash", "#E0607A", "#FFB3BC"),
    ),
    "training": Family(
        Text("Training"),
        ("losses", "训练", "损失函数"),
        *("★", "star", "solid", "#B45FB4", "#C77BD6"),
    ),
    "synthesis": Family(
        Text("Synthesis"),
        ("generators", "合成", "生成"),
        *("⬟", "pentagon", "dashdot", "#2E9BD0", "#7FD3F7"),
    ),
    "ranking": Family(
        Text("Ranking"),
        ("排序", "推荐"),
        *("▶", "triangle-right", "dash", "#6B4C9A", "#B79FE0"),
    ),
}
