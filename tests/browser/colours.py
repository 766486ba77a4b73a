"""Read the colours of a style sheet, and tell how far apart two of them are."""

from __future__ import annotations

import re


def palettes(sheet: str) -> dict[str, dict[str, str]]:
    """Return the custom colours in daylight and at night; the night has the rest of the day's."""
    light, dark = (
        dict(re.findall(r"--([\w-]+): #([0-9a-f]{6})", block))
        for block in re.findall(r":root \{([^}]*)\}", sheet)
    )
    return {"light": light, "dark": light | dark}


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two sRGB colours, as WCAG defines it."""
    brighter, darker = sorted(map(_luminance, (one, other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
