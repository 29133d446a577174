"""Texts of labels that look alike: case, Unicode form, variation selectors, codes of emoji
(docs/rules.md#what-people-say).

The short codes are those of GitHub and Slack that labels of QA use, not all 1,900: one that is missing here
is compared as the text that it is, and `inv doctor` names a word of the settings that no label matches.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

_CODE = re.compile(r":([a-z0-9_+-]+):")
_WITHOUT_SELECTORS = {0xFE0E: None, 0xFE0F: None}
_EMOJI = {
    "✅": "white_check_mark",
    "✔": "heavy_check_mark",
    "☑": "ballot_box_with_check",
    "❌": "x",
    "❎": "negative_squared_cross_mark",
    "✖": "heavy_multiplication_x",
    "⛔": "no_entry",
    "🚫": "no_entry_sign",
    "🛑": "stop_sign octagonal_sign",
    "⚠": "warning",
    "🚧": "construction",
    "🚨": "rotating_light",
    "🚦": "vertical_traffic_light",
    "👍": "+1 thumbsup",
    "👎": "-1 thumbsdown",
    "👌": "ok_hand",
    "🆗": "ok",
    "✋": "hand raised_hand",
    "👀": "eyes",
    "🔍": "mag",
    "🔎": "mag_right",
    "🔬": "microscope",
    "🧪": "test_tube",
    "🐛": "bug",
    "🐞": "beetle lady_beetle",
    "🔥": "fire",
    "💥": "boom collision",
    "💣": "bomb",
    "💚": "green_heart",
    "💔": "broken_heart",
    "🟢": "green_circle large_green_circle",
    "🟡": "yellow_circle large_yellow_circle",
    "🟠": "orange_circle large_orange_circle",
    "🔴": "red_circle",
    "🔵": "large_blue_circle blue_circle",
    "⚪": "white_circle",
    "⚫": "black_circle",
    "🟩": "green_square large_green_square",
    "🟥": "red_square large_red_square",
    "⏳": "hourglass_flowing_sand",
    "⌛": "hourglass",
    "⏸": "pause_button double_vertical_bar",
    "❓": "question",
    "❗": "exclamation heavy_exclamation_mark",
    "🤔": "thinking",
    "🙈": "see_no_evil",
    "🤷": "shrug",
    "🎉": "tada",
    "🚀": "rocket",
    "🚢": "ship",
    "✨": "sparkles",
    "⭐": "star",
    "💯": "100",
    "🔒": "lock",
    "🧹": "broom",
    "🔧": "wrench",
    "🔨": "hammer",
}
_BY_CODE = {code: sign for sign, codes in _EMOJI.items() for code in codes.split()}


def is_launchpad_tag(text: str) -> bool:
    """Whether Launchpad would take it for a tag of a bug, in small letters as it keeps them: it answers
    400 to what has a blank, and to a search for that."""
    return bool(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", text))


@lru_cache(maxsize=4096)  # tens of thousands of tags are a few dozen texts
def folded(text: str) -> str:
    """Return the form that all texts that look alike share; not fit to be shown or written."""
    plain = normalize("NFC", normalize("NFC", text.translate(_WITHOUT_SELECTORS)).casefold()).strip()
    return _CODE.sub(lambda code: _BY_CODE.get(code[1], code[0]), plain)


def folded_name(text: str) -> str:
    """The same of the name of a status, of a field or of its value: several blanks count as one."""
    return " ".join(folded(text).split())
