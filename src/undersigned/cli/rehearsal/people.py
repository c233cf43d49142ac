"""Generates invented people from a random seed: names in four scripts. (Keys never come from the seed.)

Given and family names are combined at random from short lists of common or made-up words; any resemblance to real
people is a coincidence.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from typing import Final

from undersigned.client.registrar import Person
from undersigned.protocol.roll import Record

GROUPS: Final = ("reserve", "retired")
_LATIN: Final = (
    "Ada Bruno Clara Dario Edith Felix Greta Hugo Irene Jonas Karin Leo Mira Nils Olga Paul Rosa Simon Tilda Viktor",
    "Millward Lanterna Stonebrook Fairwater Kestrelby Oarsman Windlass Harbourne Saltmarsh Beaconfield Tidewell "
    "Moorgate Larkspur Northcliff Ferryman Seagrave Capstan Holmfirth Bellweather Gullane Ashwharf Rowlock Driftwood "
    "Lightbody Sandpiper Brackenridge Coldharbour Merrivale Quayside Thornbury",
)
_HEBREW: Final = (
    "אבנר בלהה גלעד דורית הדר ורד זיוה חגית טליה יואב כרמל לאה מיכל נועה סיגל עדי פנינה צבי קרן רות",
    "בן־מעגן גל־ים חוף־שקט מגדלור סלע־לבן רוח־צפון שחף־הים מפרשיה עוגן־זהב נמלי ים־סוער גשר־העץ אלמוגי חול־רך מצפה־ים "
    "סירוני דגל־לבן משוטים כוכב־צפון תורן־גבוה",
)
_ARABIC: Final = (
    "أمل بدر تالة جمال حنان خالد دانة رامي زينب سامر شادي صفاء طارق عادل غادة فادي كريم لينا منى نادر",
    "المرفأ البحري الشراعي الموجي السفيني الساحلي المنارة الملاح النورسي الصياد المجدافي الرملي الجزيري الخليجي "
    "العاصفي المرجاني اللؤلؤي الميناوي الشاطئي البوصلي",
)
_CYRILLIC: Final = (
    "Анна Борис Вера Глеб Дарья Егор Жанна Захар Инна Кирилл Лидия Марк Нина Олег Полина Роман София Тимур "
    "Ульяна Фёдор",
    "Маякова Прибоев Северная Волнорез Причалов Лодочная Якорев Морская Чайкина Рулевой Парусная Каменев Береговая "
    "Туманов Штормовая Гаванский Ветрова Пескарёв Скалистая Компасов",
)
_SCRIPTS: Final = tuple(
    (tuple(given.split()), tuple(family.split())) for given, family in (_LATIN, _HEBREW, _ARABIC, _CYRILLIC)
)
_TITLES: Final = (
    ("", "", "Capt.", "Lt.", "Maj.", "Dr"),
    ("", "", "סרן", "רס״ן", "ד״ר"),
    ("", "", "نقيب", "رائد"),
    ("", "", "капитан", "майор"),
)
_WEIGHTS: Final = (5, 3, 1, 1)


@dataclass(frozen=True, slots=True)
class _Name:
    name: str
    title: str


def invent(seed: int, count: int) -> list[Person]:
    """``count`` people with different names. The same seed gives the same people."""
    source = random.Random(seed)  # noqa: S311 - names of nobody
    seen: set[str] = set()
    people: list[Person] = []
    while len(people) < count:
        drawn = _draw(source, len(seen))
        if drawn.name in seen:
            continue
        seen.add(drawn.name)
        group = GROUPS[0] if source.random() < 0.62 else GROUPS[1]
        people.append(Person(Record(group=group, name=drawn.name, title=drawn.title)))
    return people


def _draw(source: random.Random, number: int) -> _Name:
    (script,) = source.choices(range(len(_SCRIPTS)), _WEIGHTS)
    given, family = _SCRIPTS[script]
    parts = [source.choice(given), source.choice(family)]
    # After a few hundred people the pairs are used up: add a second given name, and after that a second family name.
    if number > 150:
        parts.insert(1, source.choice([other for other in given if other != parts[0]]))
    if number > 8000:
        parts.append(source.choice(family))
    name = unicodedata.normalize("NFC", " ".join(parts))
    return _Name(name, unicodedata.normalize("NFC", source.choice(_TITLES[script])))


def initials_of(name: str) -> str:
    """A name's initials: ``A. M.``"""
    return " ".join(f"{word[0]}." for word in name.split()[:3])
