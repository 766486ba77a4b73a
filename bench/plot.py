"""Draw the CPU time of a request as bars, in an SVG that reads in light and in dark.

The scale ends at a multiple of our own bar: one proxy that costs twenty times
as much would leave all others a hair's breadth. Bars beyond it are torn off,
and every bar has its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from .figures import Case
from .peers import OURS

DRAWN = ("frontend", "api")
FIGURE = "cpu_us"
SCALE_ENDS_AT = 4.0

_WIDTH, _MARGIN = 760, 24
_NAMES, _NUMBERS = 176, 108
_BAR, _ROW = 16, 26
_TOP, _HEADING, _GAP, _FOOT = 64, 30, 18, 34
_TEAR = 5
_LEGEND = "µs of one core, and in brackets how many times nginx; shorter is better"

_STYLE = """
  svg { --page: #ffffff; --edge: #d5d9e0; --text: #1c2330; --faint: #5d6675; --bar: #a9b4c4;
        --ours: #2457d6; color-scheme: light dark; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #12161d; --edge: #333b48; --text: #e8ecf3; --faint: #9aa5b5; --bar: #566174;
          --ours: #6f9bff; }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
         fill: var(--text); }
  .title { font-size: 17px; font-weight: 600; }
  .case { font-weight: 600; }
  .faint { fill: var(--faint); font-size: 12px; }
  .name { text-anchor: end; }
  .bar { fill: var(--bar); }
  .ours { fill: var(--ours); }
  .ours-name { font-weight: 600; }
"""

_OPENING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" '
    'width="{width}" height="{height:g}" role="img" aria-labelledby="title">'
)
_SHEET = (
    '<rect x="0.5" y="0.5" width="{width}" height="{height:g}" rx="10" '
    'fill="var(--page)" stroke="var(--edge)"/>'
)


def draw(cases: Sequence[Case], note: str) -> str:
    """Return the picture of those cases that it shows; `note` stands below it."""
    shown = [case for case in cases if case.name in DRAWN and case.medians(OURS)]
    parts: list[str] = []
    y = float(_TOP)
    for case in shown:
        parts += _panel(case, y)
        y += _HEADING + _ROW * len(_ordered(case)) + _GAP
    height = y + _FOOT - _GAP
    lines = [
        _OPENING.format(width=_WIDTH, height=height),
        f"<style>{_STYLE}</style>",
        _SHEET.format(width=_WIDTH - 1, height=height - 1),
        _text(_MARGIN, 32, "CPU time of one request through a proxy", "title", name="title"),
        _text(_MARGIN, 50, _LEGEND, "faint"),
        *parts,
        _text(_MARGIN, height - 16, note, "faint"),
        "</svg>\n",
    ]
    return "\n".join(lines)


def _panel(case: Case, y: float) -> Iterator[str]:
    """Draw one case: its title, and a bar for each peer, the cheapest first."""
    ends_at = SCALE_ENDS_AT * case.medians(OURS)[FIGURE]
    yield _text(_MARGIN, y + 14, case.title, "case")
    for place, (peer, value) in enumerate(_ordered(case)):
        top = y + _HEADING + place * _ROW
        is_ours = peer == OURS
        yield _text(_MARGIN + _NAMES - 10, top + 13, peer, "name ours-name" if is_ours else "name")
        yield _bar(top, value / ends_at, "bar ours" if is_ours else "bar")
        end = _MARGIN + _NAMES + _length(value / ends_at)
        ratio = case.ratio(peer)
        told = f"{value:,.0f}"
        if ratio is not None and peer != case.yardstick:
            told += f"  ({ratio:.1f} ×)"
        yield _text(end + 8, top + 13, told, "ours-name" if is_ours else "")


def _ordered(case: Case) -> list[tuple[str, float]]:
    found = {peer: case.medians(peer).get(FIGURE) for peer in case.rounds}
    known = [(peer, value) for peer, value in found.items() if value is not None]
    return sorted(known, key=lambda pair: pair[1])


def _length(share: float) -> float:
    return round((_WIDTH - 2 * _MARGIN - _NAMES - _NUMBERS) * min(share, 1.0), 1)


def _bar(top: float, share: float, kind: str) -> str:
    """Draw a bar; one that is longer than the scale has a torn end."""
    left, length, bottom = _MARGIN + _NAMES, _length(share), top + _BAR
    right = left + length
    if share <= 1:
        end = f"H{right:g} V{bottom:g}"
    else:
        step = _BAR / 4
        torn = [
            f"L{right - (_TEAR if number % 2 else 0):g} {top + step * number:g}"
            for number in range(5)
        ]
        end = " ".join(torn)
    return f'<path class="{kind}" d="M{left} {top:g} {end} H{left} Z"/>'


def _text(x: float, y: float, text: str, kind: str, *, name: str | None = None) -> str:
    attributes = f' id="{name}"' if name else ""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}"{attributes}>{escape(text)}</text>'
