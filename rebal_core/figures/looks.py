"""How an arm is drawn: no two arms of a run look alike, and an arm looks the same everywhere.

The family gives shape and colour. Its first arm has the colour itself and a filled mark, the second
an open one; further pairs have the same hue, lighter or darker, and a number beside their mark.
"""

from __future__ import annotations

import colorsys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rebal_core.figures.theme import family_style, palette

#: Dashes for the open marks of a family.
DASHES = ("solid", "dot", "dash", "dashdot")
#: Filled marks and their open twins.
OPEN = str.maketrans("■◆▲●▼✚✦◀⬢★⬟✖▶", "□◊△○▽✛✧◁⬡☆⬠✕▷")
#: Digits of the number that further pairs of a family have beside their mark.
LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
#: Least contrast of a mark with the page (WCAG 2.1, 1.4.11).
CONTRAST = 3.0
#: Shades of a hue from which tones are taken.
SHADES = 65


@dataclass(frozen=True)
class Look:
    """How one arm is drawn."""

    color: str
    dash: str
    symbol: str
    mark: str


def looks(
    families: Mapping[str, str], dark: bool = False, drawn: Container[str] | None = None
) -> dict[str, Look]:
    """Return the look of each arm; no two share the mark, symbol and colour, or dash and colour.

    Parameters
    ----------
    families : mapping of arm to family
        All arms of a run in its order, so that an arm looks the same in each of its figures.
    dark : bool
        The theme.
    drawn : container of str, optional
        The arms that are asked for; all by default.
    """
    seen: dict[str, int] = {}
    made = {}
    for arm, family in families.items():
        style = family_style(family)
        place = seen[family] = seen.get(family, -1) + 1
        color = tone(style.color(dark), place // 2, palette(dark).page)
        number = "" if place < 2 else str(place // 2 + 1).translate(LOW)
        if place % 2 == 0:
            made[arm] = Look(color, style.dash, style.symbol, style.mark + number)
        else:
            others = [dash for dash in DASHES if dash != style.dash]
            open_mark = style.mark.translate(OPEN) + number
            made[arm] = Look(color, others[0], f"{style.symbol}-open", open_mark)
    return {arm: look for arm, look in made.items() if drawn is None or arm in drawn}


@lru_cache(maxsize=1_024)
def tone(color: str, place: int, page: str) -> str:
    """Return the ``place``-th tone of a colour on a page: the 0th is the colour itself.

    Each further one is the shade of the hue that is the furthest from those before it, among the
    shades that are read on the page.
    """
    hue, own, depth = colorsys.rgb_to_hls(*_rgb(color))
    # From the ends, black and white, no hue is read.
    shades = [0.1 + 0.8 * k / (SHADES - 1) for k in range(SHADES)]
    known = {s: _hex(colorsys.hls_to_rgb(hue, s, depth)) for s in shades}
    free = [s for s in shades if contrast(known[s], page) >= CONTRAST]
    taken, found = [own], color
    for _place in range(place):
        shade = max(free, key=lambda s: min(abs(s - t) for t in taken))
        taken.append(shade)
        found = known[shade]
    return found


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.1)."""
    dim, bright = sorted(_luminance(c) for c in (one, other))
    return (bright + 0.05) / (dim + 0.05)


def _luminance(color: str) -> float:
    line = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(color)]
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]


def _rgb(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue


def _hex(rgb: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * c):02X}" for c in rgb)
