"""Product categories: which of 60 categories a title belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rebal_core.data.simulate.draw import exact_labels, zipf_shares
from rebal_core.rows import Ints
from rebal_core.seeding import generator

ZIPF = 1.35
#: Share of titles that name only the department, and of titles that also name another category.
VAGUE, MENTION = 0.10, 0.12

#: Department (English, Chinese word, mean log price) to its categories (English, Chinese).
DEPARTMENTS: dict[tuple[str, str, float], tuple[tuple[str, str], ...]] = {
    ("clothing", "服装", 3.2): (
        ("T-shirt", "T恤"),
        ("dress", "连衣裙"),
        ("jeans", "牛仔裤"),
        ("jacket", "夹克"),
        ("socks", "袜子"),
        ("scarf", "围巾"),
    ),
    ("shoes", "鞋类", 3.8): (
        ("running shoes", "跑鞋"),
        ("sandals", "凉鞋"),
        ("boots", "靴子"),
        ("slippers", "拖鞋"),
        ("high heels", "高跟鞋"),
        ("hiking shoes", "登山鞋"),
    ),
    ("electronics", "电子产品", 4.9): (
        ("phone case", "手机壳"),
        ("headphones", "耳机"),
        ("power bank", "充电宝"),
        ("keyboard", "键盘"),
        ("monitor", "显示器"),
        ("webcam", "摄像头"),
    ),
    ("kitchen", "厨房用品", 3.1): (
        ("frying pan", "平底锅"),
        ("kettle", "水壶"),
        ("rice cooker", "电饭煲"),
        ("knife set", "刀具"),
        ("lunch box", "饭盒"),
        ("teapot", "茶壶"),
    ),
    ("home", "家居", 3.6): (
        ("pillow", "枕头"),
        ("curtain", "窗帘"),
        ("desk lamp", "台灯"),
        ("bookshelf", "书架"),
        ("carpet", "地毯"),
        ("wall clock", "挂钟"),
    ),
    ("beauty", "美妆", 2.9): (
        ("lipstick", "口红"),
        ("face cream", "面霜"),
        ("shampoo", "洗发水"),
        ("perfume", "香水"),
        ("sunscreen", "防晒霜"),
        ("nail polish", "指甲油"),
    ),
    ("toys", "玩具", 3.0): (
        ("building blocks", "积木"),
        ("doll", "娃娃"),
        ("jigsaw puzzle", "拼图"),
        ("toy car", "玩具车"),
        ("kite", "风筝"),
        ("board game", "桌游"),
    ),
    ("sports", "运动用品", 3.4): (
        ("yoga mat", "瑜伽垫"),
        ("dumbbell", "哑铃"),
        ("badminton racket", "羽毛球拍"),
        ("football", "足球"),
        ("tent", "帐篷"),
        ("skipping rope", "跳绳"),
    ),
    ("pets", "宠物用品", 2.7): (
        ("cat litter", "猫砂"),
        ("dog leash", "狗绳"),
        ("fish tank", "鱼缸"),
        ("bird cage", "鸟笼"),
        ("cat tree", "猫爬架"),
        ("dog food", "狗粮"),
    ),
    ("food", "食品", 2.3): (
        ("green tea", "绿茶"),
        ("coffee beans", "咖啡豆"),
        ("instant noodles", "方便面"),
        ("dark chocolate", "黑巧克力"),
        ("mixed nuts", "坚果"),
        ("olive oil", "橄榄油"),
    ),
}
BRANDS = ("Lumora", "Tenko", "Varda", "Quill", "Osmi", "Brava", "Nord", "Pikto", "Zelu", "Hanmi")
ENGLISH = ("new", "classic", "portable", "for women", "for men", "2026", "large", "gift", "soft")
CHINESE = ("新款", "经典", "便携", "女士", "男士", "2026款", "大号", "送礼", "柔软")


def simulate_product_categories(rows: int = 9_000, seed: int = 0) -> pd.DataFrame:
    """Return product titles in English and Chinese with their price and category.

    Parameters
    ----------
    rows : int
        Products; the class sizes follow the Zipf law exactly (largest remainders).
    seed : int
        Same seed, same table.

    Returns
    -------
    DataFrame
        ``product_id, title, price, language, category``.

    Notes
    -----
    Truth. The share of the category of rank r is proportional to r ** -1.35: the largest has 36 %
    of the rows, the 40 smallest together 11 %, the rarest 13 rows. Ranks are dealt to categories at
    random. Half of the titles are Chinese. A title is a brand, words without meaning for the
    category, and the category's own noun; but 10 % name only the department (six categories share
    it, so the best guess is the department's most frequent category near that price) and 12 % also
    name another category behind "fits" or 适用, which a bag of characters cannot tell apart from
    the first. ln(price) is normal (sd 0.4) around the department's mean plus 0.3 times the
    category's place in it, 0 to 5.
    """
    rng = generator(seed, "product_categories")
    nouns = [pair for group in DEPARTMENTS.values() for pair in group]
    department = np.repeat(np.arange(len(DEPARTMENTS)), 6)
    heads = list(DEPARTMENTS)
    ranked = rng.permutation(len(nouns))
    label = ranked[exact_labels(zipf_shares(len(nouns), ZIPF), rows, rng)]
    chinese = rng.random(rows) < 0.5
    vague = rng.random(rows) < VAGUE
    mention = rng.random(rows) < MENTION
    others = rng.integers(0, len(nouns), rows)
    brands = rng.integers(0, len(BRANDS), rows)
    fillers = rng.integers(0, len(ENGLISH), (rows, 2))
    names = [heads[department[k]] if v else nouns[k] for k, v in zip(label, vague, strict=True)]
    also = [nouns[k] if m else None for k, m in zip(others, mention, strict=True)]
    drawn = zip(names, also, chinese, brands, fillers, strict=True)
    mean = np.array([h[2] for h in heads])[department[label]] + 0.3 * (label % 6)
    return pd.DataFrame(
        {
            "product_id": [f"s{n:06d}" for n in range(rows)],
            "title": [_title(*each) for each in drawn],
            "price": np.round(np.exp(rng.normal(mean, 0.4)), 2),
            "language": np.where(chinese, "zh", "en"),
            "category": np.array([pair[0] for pair in nouns])[label],
        }
    )


def _title(
    name: tuple[Any, ...], also: tuple[str, str] | None, chinese: bool, brand: int, words: Ints
) -> str:
    """Write one title; ``name`` and ``also`` are in English and Chinese."""
    tongue = int(chinese)
    noun = str(name[tongue])
    if also is not None:
        noun += f" 适用{also[1]}" if chinese else f" fits {also[0]}"
    first, second = ((CHINESE if chinese else ENGLISH)[w] for w in words)
    gap = "" if chinese else " "
    return f"{BRANDS[brand]} {first}{gap}{noun} {second}"
