"""How people write a day: in ten languages, and with years counted from several beginnings."""

from collections.abc import Callable
from datetime import date

DateForm = Callable[[date], str | None]
"""Writes a day in one way; None for a day from before that way was in use."""

MONTHS = {
    "English": (
        "January February March April May June July August September October November December"
    ),
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "French": (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    ),
    "Spanish": (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
    "Russian": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "Latin": (
        "Ianuarii Februarii Martii Aprilis Maii Iunii "
        "Iulii Augusti Septembris Octobris Novembris Decembris"
    ),
    "Thai": (
        "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม"
    ),
}
WEEKDAYS = {
    "English": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "German": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "Japanese": "月 火 水 木 金 土 日",
}
ERAS = [
    (date(2019, 5, 1), "令和", "R"),
    (date(1989, 1, 8), "平成", "H"),
    (date(1926, 12, 25), "昭和", "S"),
    (date(1912, 7, 30), "大正", "T"),
    (date(1868, 1, 25), "明治", "M"),
]
"""Japan's: first day, name, initial. The day of a change is the first of the new era."""

GREGORIAN_JAPAN = 1873
"""The year from which on Japan counts days as we do."""

KANJI_DIGITS = "〇一二三四五六七八九"
ROMAN = dict(
    M=1000, CM=900, D=500, CD=400, C=100, XC=90, L=50, XL=40, X=10, IX=9, V=5, IV=4, I=1
)  # fmt: skip


def month(day: date, language: str) -> str:
    """The month's name, in the case that a date asks for."""
    return MONTHS[language].split()[day.month - 1]


def weekday(day: date, language: str) -> str:
    """The name of the day of the week."""
    return WEEKDAYS[language].split()[day.weekday()]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, …, 11th, …, 31st."""
    teen = number in (11, 12, 13)
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def roman(number: int) -> str:
    """A number from 1 to 3999 in Roman numerals."""
    text = ""
    for letters, value in ROMAN.items():
        times, number = divmod(number, value)
        text += letters * times
    return text


def kanji(number: int) -> str:
    """A number from 1 to 99 as it is read: 62 is six-ten-two, 六十二."""
    tens, ones = divmod(number, 10)
    text = "" if tens == 0 else "十" if tens == 1 else KANJI_DIGITS[tens] + "十"
    return text + (KANJI_DIGITS[ones] if ones else "")


def era(day: date) -> tuple[str, str, int]:
    """The Japanese era of a day since 1868: its name, its initial and the year in it, from 1."""
    start, name, initial = next(era for era in ERAS if era[0] <= day)
    return name, initial, day.year - start.year + 1


def japanese(day: date) -> str | None:
    """昭和62年3月5日; an era's first year is 元."""
    if day.year < GREGORIAN_JAPAN:
        return None
    name, _, year = era(day)
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def japanese_in_kanji(day: date) -> str | None:
    """昭和六十二年三月五日."""
    if day.year < GREGORIAN_JAPAN:
        return None
    name, _, year = era(day)
    in_kanji = "元" if year == 1 else kanji(year)
    return f"{name}{in_kanji}年{kanji(day.month)}月{kanji(day.day)}日"


def japanese_short(day: date) -> str | None:
    """S62.3.5, as on forms and driving licences."""
    if day.year < GREGORIAN_JAPAN:
        return None
    _, initial, year = era(day)
    return f"{initial}{year}.{day.month}.{day.day}"


def chinese_in_characters(day: date) -> str:
    """一九八七年三月五日: the year digit by digit."""
    year = "".join(KANJI_DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年{kanji(day.month)}月{kanji(day.day)}日"


def minguo(day: date) -> str | None:
    """民國76年3月5日: years of the Republic of China; 1912 is the first, 元."""
    if day.year < 1912:
        return None
    year = day.year - 1911
    return f"民國{'元' if year == 1 else year}年{day.month}月{day.day}日"


def thai(day: date) -> str | None:
    """5 มีนาคม พ.ศ. 2530: years of the Buddhist era, which have begun in January since 1941."""
    if day.year < 1941:
        return None
    return f"{day.day} {month(day, 'Thai')} พ.ศ. {day.year + 543}"


FORMS: dict[str, list[DateForm]] = {
    "English": [
        lambda day: f"{month(day, 'English')} {day.day}, {day.year}",
        lambda day: f"{day.day} {month(day, 'English')} {day.year}",
        lambda day: f"{month(day, 'English')[:3]} {day.day}, {day.year}",
        lambda day: f"the {ordinal(day.day)} of {month(day, 'English')}, {day.year}",
        lambda day: f"{weekday(day, 'English')}, {month(day, 'English')} {day.day}, {day.year}",
    ],
    "German": [
        lambda day: f"{day.day}. {month(day, 'German')} {day.year}",
        lambda day: f"{weekday(day, 'German')}, den {day.day}. {month(day, 'German')} {day.year}",
        lambda day: f"{day:%d.%m}.{day.year}",
    ],
    "French": [
        lambda day: f"{'1er' if day.day == 1 else day.day} {month(day, 'French')} {day.year}",
    ],
    "Spanish": [lambda day: f"{day.day} de {month(day, 'Spanish')} de {day.year}"],
    "Russian": [lambda day: f"{day.day} {month(day, 'Russian')} {day.year} г."],
    "Latin": [
        lambda day: f"die {roman(day.day)} mensis {month(day, 'Latin')} anno {roman(day.year)}",
    ],
    "Japanese": [
        japanese,
        japanese_in_kanji,
        japanese_short,
        lambda day: f"{day.year}年{day.month}月{day.day}日({weekday(day, 'Japanese')})",
    ],
    "Chinese": [
        lambda day: f"{day.year}年{day.month}月{day.day}日",
        chinese_in_characters,
        minguo,
    ],
    "Korean": [lambda day: f"{day.year}년 {day.month}월 {day.day}일"],
    "Thai": [thai],
}
"""Every way, by language. 5/3/1987 is none: some read it as 5 March, others as 3 May."""
