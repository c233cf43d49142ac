"""The example letter that ``undersigned letter new --example`` writes: invented, neutral, complete."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from undersigned import durable
from undersigned.client.errors import InputError

LETTER: Final = """\
# A letter. Everything here is fixed when it opens, and part of what people sign.

slug = "valley-water"           # the last word of its address
names = "sealed"                # or "public": shown at once, no trustees
anonymous = "allowed"           # or "forbidden"
check = "roll"                  # "roll": a list of people; "codes": blank codes handed on
trustees = ["trustees/one.public.json", "trustees/two.public.json", "trustees/three.public.json"]
threshold = 2                   # so many of them open the names together

[title]
en = "Give the valley its water back"
he = "השיבו לעמק את מימיו"

[[groups]]
id = "residents"
name = { en = "Residents", he = "תושבים" }

[[groups]]
id = "former"
name = { en = "Former residents", he = "תושבים לשעבר" }

[batch]
min = 16                        # entries wait until so many can be shuffled,
wait = 3600                     # but no longer than so many seconds

[release]
signatures = 50                 # nothing is opened while fewer stand behind it
not_before = 2026-12-01T06:00:00Z
grace = 259200                  # seconds between a notice and its cut: three days
abandon_after = 2027-06-01T00:00:00Z
"""

TEXTS: Final = {
    "en": """\
We have lived in this valley, some of us for fifty years. For two summers the brook behind the mill has been dry,
because its water is led away above the weir.

We ask the council to open the weir again from May to September, to publish what flows through it, and to hear us
before it decides on the next permit.
""",
    "he": """\
אנו גרים בעמק הזה, אחדים מאיתנו חמישים שנה. זה הקיץ השני שהפלג שמאחורי הטחנה יבש, משום שמימיו מוטים מעל הסכר.

אנו מבקשים מהמועצה לשוב ולפתוח את הסכר ממאי עד ספטמבר, לפרסם כמה מים עוברים בו, ולשמוע אותנו לפני שתחליט על ההיתר הבא.
""",
}

PEOPLE: Final = """\
group,name,title,address
residents,Ada Millward,,Mill Lane 1
residents,Bruno Weirman,Dr,Mill Lane 3
former,נועה בן־עמק,,Brook Road 7
"""


def write(folder: Path) -> None:
    """Creates ``folder`` with the example. Raises InputError if it is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty: choose another folder")
    (folder / "text").mkdir(parents=True, exist_ok=True)
    (folder / "trustees").mkdir(exist_ok=True)
    _put(folder / "letter.toml", LETTER)
    _put(folder / "people.csv", PEOPLE)
    for language, text in TEXTS.items():
        _put(folder / "text" / f"{language}.md", text)


def _put(path: Path, text: str) -> None:
    durable.write_over(path, text.encode("utf-8"), mode=0o644, durable=False)
