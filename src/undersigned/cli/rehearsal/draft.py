"""The invented letters of rehearsals and demos, as an organiser's folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from undersigned import durable


@dataclass(frozen=True, slots=True)
class Wording:
    """A letter's titles and texts by language."""

    titles: dict[str, str]
    texts: dict[str, str]


GROUP_NAMES: Final = {
    "reserve": {"en": "Reserve", "he": "מילואים", "ar": "الاحتياط"},
    "retired": {"en": "Retired", "he": "בדימוס", "ar": "المتقاعدون"},
}
TITLES: Final = {
    "en": "Keep the rescue boats in Vesper Bay",
    "he": "השאירו את סירות ההצלה במפרץ וספר",
    "ar": "أبقوا قوارب الإنقاذ في خليج فسبر",
}
TEXTS: Final = {
    "en": """\
We are the crews of the rescue boats of Vesper Bay, in reserve and retired. Between us we have put to sea more than nine
thousand times, at night and in every weather, and brought back everyone who was out there.

From next spring the three boats are to be moved to a harbour two hours away. On the night of a storm two hours are the
whole distance between a rescue and a search.

We ask the harbour board to leave the boats where they are, to publish the figures on which it decided, and to hear
those who sail them before it decides again. We will go on putting to sea as long as there is a boat to put to sea in.
""",
    "he": """\
אנחנו אנשי הצוות של סירות ההצלה במפרץ וספר, במילואים ובדימוס. יחד יצאנו לים יותר מתשעת אלפים פעם, בלילה ובכל מזג אוויר,
והשבנו כל מי שהיה שם.

מן האביב הבא אמורות שלוש הסירות לעגון בנמל המרוחק שעתיים מכאן. בליל סערה שעתיים הן כל המרחק שבין הצלה לבין חיפוש.

אנו מבקשים מהנהלת הנמל להשאיר את הסירות במקומן, לפרסם את הנתונים שעל פיהם החליטה, ולשמוע את המפליגים בהן לפני שתחליט
שוב. אנחנו נמשיך לצאת לים כל עוד תהיה סירה לצאת בה.
""",
    "ar": """\
نحن طواقم قوارب الإنقاذ في خليج فسبر، في الاحتياط ومن المتقاعدين. خرجنا معًا إلى البحر أكثر من تسعة آلاف مرة، ليلًا وفي
كل طقس، وأعدنا كل من كان هناك.

ابتداءً من الربيع القادم ستُنقل القوارب الثلاثة إلى ميناء يبعد ساعتين. وفي ليلة عاصفة تكون الساعتان هما كل المسافة بين
الإنقاذ والبحث.

نطلب من إدارة الميناء أن تترك القوارب في مكانها، وأن تنشر الأرقام التي قررت على أساسها، وأن تسمع من يبحرون بها قبل أن
تقرر من جديد. وسنظل نخرج إلى البحر ما دام هناك قارب نخرج به.
""",
}


RESCUE: Final = Wording(TITLES, TEXTS)
BRIDGE: Final = Wording(
    {"en": "Let the mill bridge stay open to walkers", "he": "השאירו את גשר הטחנה פתוח להולכי רגל"},
    {
        "en": """\
The mill bridge in Vesper is to be closed to everybody on foot. It is the only way from the lower quarter to the school.

We ask the town to keep it open to walkers, and to say in public what its repair would cost.
""",
        "he": """\
גשר הטחנה בווספר עומד להיסגר לכל הולכי הרגל. זו הדרך היחידה מן הרובע התחתון אל בית הספר.

אנו מבקשים מן העיר להשאירו פתוח להולכי רגל, ולומר בפומבי כמה יעלה תיקונו.
""",
    },
)


PATH: Final = Wording(
    {"en": "Light the river path", "he": "האירו את שביל הנהר"},
    {
        "en": """\
The path along the river in Vesper has no light between the weir and the school. We walk it every evening.

We ask the town to light it before the winter.
""",
        "he": """\
בשביל שלאורך הנהר בווספר אין אור בין הסכר לבין בית הספר. אנחנו הולכים בו מדי ערב.

אנו מבקשים מן העיר להאיר אותו לפני החורף.
""",
    },
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms in which our letters differ. ``public_files``: of the trustees, in order."""

    slug: str
    public_files: list[Path]
    threshold: int
    check: str = "roll"
    names: str = "sealed"
    signatures: int = 1
    grace: int = 4
    batch_min: int = 16
    batch_wait: int = 1


def write(folder: Path, terms: Terms, now: datetime, wording: Wording = RESCUE) -> None:
    """Writes ``letter.toml`` and ``text/`` into ``folder``, a new directory."""
    (folder / "text").mkdir(parents=True)
    for language, text in wording.texts.items():
        durable.write_over(folder / "text" / f"{language}.md", text.encode("utf-8"), mode=0o644, durable=False)
    durable.write_over(folder / "letter.toml", _toml(terms, now, wording).encode("utf-8"), mode=0o644, durable=False)


def _toml(terms: Terms, now: datetime, wording: Wording) -> str:
    lines = [
        "# An invented letter, made by a rehearsal.",
        f'slug = "{terms.slug}"',
        f'names = "{terms.names}"',
        'anonymous = "allowed"',
        f'check = "{terms.check}"',
        f"trustees = [{', '.join(_quoted(str(path.resolve())) for path in terms.public_files)}]",
        f"threshold = {terms.threshold}",
        "[title]",
        *(f"{language} = {_quoted(title)}" for language, title in wording.titles.items()),
    ]
    for group, names in GROUP_NAMES.items():
        named = ", ".join(f"{language} = {_quoted(names[language])}" for language in wording.titles)
        lines += ["[[groups]]", f'id = "{group}"', f"name = {{ {named} }}"]
    lines += [
        "[batch]",
        f"min = {terms.batch_min}",
        f"wait = {terms.batch_wait}",
        "[release]",
        f"signatures = {terms.signatures}",
        f"not_before = {_time(now - timedelta(days=1))}",
        f"grace = {terms.grace}",
        f"abandon_after = {_time(now + timedelta(days=365))}",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
