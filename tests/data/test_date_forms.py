"""Every way of writing a day against examples worked by hand, and none that means two days."""

from datetime import date

import pytest

from course_lib.data.date_forms import FORMS, kanji, ordinal, roman
from course_lib.data.dates import all_days


def written(day):
    return {language: [form(day) for form in forms] for language, forms in FORMS.items()}


def test_a_day_in_every_way():
    assert written(date(1987, 3, 5)) == {
        "English": [
            "March 5, 1987",
            "5 March 1987",
            "Mar 5, 1987",
            "the 5th of March, 1987",
            "Thursday, March 5, 1987",
        ],
        "German": ["5. März 1987", "Donnerstag, den 5. März 1987", "05.03.1987"],
        "French": ["5 mars 1987"],
        "Spanish": ["5 de marzo de 1987"],
        "Russian": ["5 марта 1987 г."],
        "Latin": ["die V mensis Martii anno MCMLXXXVII"],
        "Japanese": ["昭和62年3月5日", "昭和六十二年三月五日", "S62.3.5", "1987年3月5日(木)"],
        "Chinese": ["1987年3月5日", "一九八七年三月五日", "民國76年3月5日"],
        "Korean": ["1987년 3월 5일"],
        "Thai": ["5 มีนาคม พ.ศ. 2530"],
    }


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(1900, 1, 1), ["明治33年1月1日", "明治三十三年一月一日", "M33.1.1"]),
        (date(1912, 7, 29), ["明治45年7月29日", "明治四十五年七月二十九日", "M45.7.29"]),
        (date(1912, 7, 30), ["大正元年7月30日", "大正元年七月三十日", "T1.7.30"]),
        (date(1926, 12, 24), ["大正15年12月24日", "大正十五年十二月二十四日", "T15.12.24"]),
        (date(1926, 12, 25), ["昭和元年12月25日", "昭和元年十二月二十五日", "S1.12.25"]),
        (date(1927, 1, 1), ["昭和2年1月1日", "昭和二年一月一日", "S2.1.1"]),
        (date(1989, 1, 7), ["昭和64年1月7日", "昭和六十四年一月七日", "S64.1.7"]),
        (date(1989, 1, 8), ["平成元年1月8日", "平成元年一月八日", "H1.1.8"]),
        (date(2019, 4, 30), ["平成31年4月30日", "平成三十一年四月三十日", "H31.4.30"]),
        (date(2019, 5, 1), ["令和元年5月1日", "令和元年五月一日", "R1.5.1"]),
        (date(2029, 12, 31), ["令和11年12月31日", "令和十一年十二月三十一日", "R11.12.31"]),
    ],
)
def test_japans_eras_change_on_their_days(day, expected):
    assert written(day)["Japanese"][:3] == expected


def test_ways_that_were_not_yet_in_use_are_none():
    minguo, thai = FORMS["Chinese"][2], FORMS["Thai"][0]
    assert minguo(date(1911, 12, 31)) is None
    assert minguo(date(1912, 1, 1)) == "民國元年1月1日"
    assert thai(date(1940, 12, 31)) is None
    assert thai(date(1941, 1, 1)) == "1 มกราคม พ.ศ. 2484"
    assert written(date(1872, 12, 31))["Japanese"] == [None] * 3 + ["1872年12月31日(火)"]
    assert written(date(1873, 1, 1))["Japanese"][:3] == [
        "明治6年1月1日", "明治六年一月一日", "M6.1.1",
    ]  # fmt: skip


def test_what_only_some_days_have():
    assert written(date(2000, 2, 29))["Chinese"][1] == "二〇〇〇年二月二十九日"
    assert written(date(1931, 8, 1))["French"] == ["1er août 1931"]
    assert written(date(2026, 11, 20))["Latin"] == ["die XX mensis Novembris anno MMXXVI"]


def test_numerals():
    assert [roman(n) for n in (4, 9, 14, 40, 90, 400, 1900, 1949, 1999, 2029)] == [
        "IV", "IX", "XIV", "XL", "XC", "CD", "MCM", "MCMXLIX", "MCMXCIX", "MMXXIX",
    ]  # fmt: skip
    assert [kanji(n) for n in (1, 10, 11, 20, 31, 64)] == [
        "一",
        "十",
        "十一",
        "二十",
        "三十一",
        "六十四",
    ]
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30, 31)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th", "31st",
    ]  # fmt: skip


def test_no_text_means_two_days():
    meant = {}
    for day in all_days():
        for forms in FORMS.values():
            for text in (form(day) for form in forms):
                assert text is None or meant.setdefault(text, day) == day, text
