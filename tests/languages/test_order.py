"""The order of names, in every language the pages speak: fixed, whatever the machine."""

from __future__ import annotations

import random
import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.languages.order import sort_names, sorter
from undersigned.press.words import languages as printed
from undersigned.web.reader.words import spoken

# As ICU 72, 77 and 78 sort them.
SORTED = {
    "ar": "آدم|إبراهيم|أحمد|بشرى|ة|ثريا|ليلى|مريم|مَريم|هند|ىوسف|يوسف|Anna",
    "bg": "Анна|Ёлка|Жана|Зоя|Щерю|Ъглен|Юлия|Явор|Ilia",
    "cs": "Åsa|Cyril|Čapek|Ďuro|Dvořák|Hus|Chval|Ivan|Rys|Řezáč|Sova|Šimek|Zeman|Žák",
    "de": "Ärger|Arnold|Mueller|Muller|Müller|Oswald|Özil|Šimek|Strasse|Straße|Strassen|Zander",
    "el": "Ανδρέας|Άννα|Ελένη|Ζωή|Ήρα|Ξένια|Όλγα|Ωμέγα|Anna",
    "en": "Cahn|Čapek|de la|Eva|Éva|Łucja|O’Dell|Odell|Oscar|Øystein|Zoe|Zoë",
    "es": "Andrés|Ángel|Chávez|Cruz|Llorente|Luz|Nuria|Nzo|Ñíguez",
    "et": "Ott|Sulev|Šaan|Zoja|Žanna|Tamm|Vello|Wilma|Õie|Äär|Öpik|Ülle|Xenia",
    "fa": "آرش|احمد|بهار|پریسا|ثریا|جمیل|چنگیز|زهرا|ژاله|کامران|گیتی|لیلا|وحید|هما|یاسمن",
    "fr": "cote|coté|côte|côté|Élan|Étienne|Eva|Oetker|Œuvre|Offre",
    "he": "אבנר|אַבנר|בן־דוגמה|בנדור|ורד|שירה|שׁירה|תמר|Anna",
    "it": "Àngela|Anna|Elia|Èlia|Ezio|Zeno",
    "ja": "Anna|あおい|かく|がく|さくら|サトウ|はあ|ばあ|海野|山川|太郎",
    "nl": "Éva|IJsbrand|Ivo|Izaak|van Dijk|Vandaal|Yvonne",
    "pl": "Adam|Ądam|Cyryl|Ćwik|Lucja|Łukasz|Olga|Ósma|Sowa|Śliwa|Zofia|Źdźbło|Żaneta",
    "pt": "Ágata|Ana|Ângela|Çelik|Cid|João|Joaquim",
    "ru": "Ежов|Елкина|Ёлкина|Жаров|Иван|Йод|Щукин|Юлия|Яна|Anna",
    "sk": "Abel|Äbel|Cyril|Čapek|Ďuro|Hus|Chval|Ivan|Ľuba|Lýdia|Oto|Ôsmy|Sova|Šimek|Žák",
    "sv": "Ada|Viktor|Wiktor|Ü|Yngve|Zander|Ångström|Åsa|Ärlig|Ærø|Öberg|Ørsted|Östen",
    "uk": "Гай|Ґалаґан|Еней|Єва|Жук|Зоя|Іван|Їжак|Йосип|Щерба|Юрій|Ялина",
    "zh": "阿明|陈静|单雄信|李娜|刘洋|吕布|王伟|张敏|赵雷|周杰|Anna",
}


def test_every_language_of_ours_has_its_order_here() -> None:
    """A language that is added to the pages is added here."""
    assert SORTED.keys() == {*printed(), *spoken()}


@pytest.mark.parametrize("language", SORTED)
def test_each_language_sorts_as_its_readers_look(language: str) -> None:
    """From any order they came in; decomposed as well as composed."""
    names = SORTED[language].split("|")
    mixed = list(names)
    random.Random(1).shuffle(mixed)
    assert sort_names(mixed, language, str) == names
    apart = [unicodedata.normalize("NFD", name) for name in names]
    assert sort_names(apart[::-1], language, str) == apart


def test_languages_differ() -> None:
    """The control: an order that is right for one is wrong for another."""
    assert sort_names(SORTED["sv"].split("|"), "de", str) != SORTED["sv"].split("|")


def test_a_region_or_a_script_changes_the_order_where_readers_do() -> None:
    """Taiwan counts strokes; an unknown language has the default rules."""
    names = SORTED["zh"].split("|")
    assert sort_names(names, "zh-Hant-TW", str) != names
    assert sort_names(["b", "Ä", "a"], "tlh", str) == sort_names(["b", "Ä", "a"], "en", str) == ["a", "Ä", "b"]


def test_equal_names_keep_their_order() -> None:
    """So that nothing else than the name decides."""
    assert sort_names([("Anna", 2), ("Anna", 1)], "en", lambda row: row[0]) == [("Anna", 2), ("Anna", 1)]


@given(st.lists(st.text(), max_size=20))
def test_any_text_has_a_place(texts: list[str]) -> None:
    """Controls, unpaired surrogates, nothing at all: sorted, and each time alike."""
    once = sort_names(texts, "he", str)
    assert sorted(once) == sorted(texts)
    assert sort_names(once, "he", str) == once


def test_a_long_text_is_compared_to_its_end() -> None:
    """A sort key that outgrows the room it is first given."""
    long = "ש" * 5000
    assert sort_names([f"{long}ב", f"{long}א"], "he", str) == [f"{long}א", f"{long}ב"]


def test_many_threads_sort_at_once() -> None:
    """The site's threads share the rules, and nothing else."""
    names = [name for row in SORTED.values() for name in row.split("|")] * 20
    wanted = sort_names(names, "de", str)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(sort_names(names, "de", str))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8
    assert all(one == wanted for one in found)
    assert sorter("de")("a") < sorter("de")("b")
