"""What people do to a text: typing errors, words that mean nothing here, and names that nobody has."""

from __future__ import annotations

import random
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator

#: Words that may get a typing error: at least four letters, no digits.
_WORD = re.compile(r"[^\W\d_]{4,}")
#: A second error goes into another word, or into the same one from this length on.
_LONG_WORD = 8

_COMPANIES = (
    "Acme Ltd", "Schneider & Sohn GmbH", "Global Logistics Inc.", "Café Central", "Ferretería López", "Dupont SARL",
    "Hotel Astoria", "Rossi S.p.A.", "Nordic Foods AB", "Sunrise Trading Co", "Kowalski Sp. z o.o.", "Pizzeria Bella",
)  # fmt: skip
_STREETS = (
    "12 Main Street", "Hauptstraße 5", "27 rue de la République", "Calle Mayor 3", "Via Garibaldi 10",
    "Bahnhofstr. 14a", "221B High Street", "Avenida Central 1200", "Storgatan 8", "ul. Długa 44/3", "Unit 5, Park Road",
    "Apt 3B, 45 Oak Avenue", "Dorpsstraat 19", "Industrial Estate, Plot 7", "P.O. Box 1123",
)  # fmt: skip
_PHRASES = ("near", "somewhere in", "attn. Mr Smith,", "deliver to", "c/o Miller,", "in der Nähe von")

_FRENCH = ("{number} rue de {name}", "{number} avenue de {name}", "{number}, boulevard de {name}", "Place de {name}")
_SPANISH = ("Calle {name} {number}", "Av. {name} {number}", "Avenida de {name} {number}", "Plaza {name}")
_GERMAN = ("{name}er Straße {number}", "{name}er Str. {number}", "{name} Straße {number}", "{name} Allee {number}")
_PORTUGUESE = ("Rua {name} {number}", "Av. {name}, {number}", "Praça {name} {number}", "Travessa de {name} {number}")
#: Streets that are named after a place, by the country that writes so; "" is every other.
_STREETS_NAMED = {
    **dict.fromkeys(("FR", "BE", "MC", "LU", "SN", "CI", "MA", "DZ", "TN"), _FRENCH),
    **dict.fromkeys(("ES", "MX", "AR", "CO", "PE", "CL", "VE", "EC", "GT", "CU", "BO", "UY", "PY"), _SPANISH),
    **dict.fromkeys(("DE", "AT", "CH", "LI"), _GERMAN),
    **dict.fromkeys(("PT", "BR", "AO", "MZ"), _PORTUGUESE),
    "IT": ("Via {name} {number}", "Viale {name}, {number}", "Piazza {name} {number}", "Corso {name} {number}"),
    "PL": ("ul. {name} {number}", "al. {name} {number}", "Plac {name} {number}"),
    "RO": ("Strada {name} {number}", "Str. {name} {number}", "Bd. {name} {number}"),
    "": (
        "{number} {name} Street", "{number} {name} Road", "{number} {name} Ave", "{number} {name} Blvd",
        "{number} {name} Rd", "{number} {name} St", "{number} {name} Drive", "{name} Lane {number}", "{name} Square",
    ),
}  # fmt: skip

#: Share of the texts without a place that are stand-ins for an address.
_STAND_INS = 0.25
#: Share of the others that have a number.
_NUMBERED = 0.25
#: What forms and programs have where nobody gave an address.
_NO_ADDRESS = (
    "unknown", "unknown address", "address unknown", "no address", "not available", "n/a", "N.A.", "none", "null",
    "nil", "NaN", "undefined", "missing", "test", "test test", "TBD", "to be determined", "not provided",
    "no fixed address", "same as above", "see notes", "without address", "unbekannt", "Adresse unbekannt",
    "keine Angabe", "ohne Anschrift", "inconnue", "adresse inconnue", "sans adresse", "aucune adresse", "desconocida",
    "sin dirección", "dirección desconocida", "sconosciuto", "indirizzo sconosciuto", "senza indirizzo",
    "desconhecido", "endereço desconhecido", "sem endereço", "onbekend", "adres onbekend", "nieznany", "brak adresu",
    "okänd adress", "ukjent adresse", "неизвестно", "нет адреса", "адрес неизвестен", "невідомо", "bilinmiyor",
    "adres yok", "xxx", "asdf", "qwerty", "abc", "foo bar",
)  # fmt: skip
#: Words of notes and messages.
_EVERYDAY = (
    "please", "call", "before", "delivery", "customer", "order", "invoice", "tomorrow", "notes", "blue", "house",
    "phone", "thanks", "payment", "urgent", "the", "for", "with", "and", "our", "bitte", "morgen", "Lieferung",
    "Rechnung", "und", "für", "merci", "livraison", "demain", "avec", "pour", "gracias", "pedido", "cliente", "para",
    "grazie", "ordine", "obrigado", "amanhã", "bedankt", "dziękuję", "спасибо", "заказ",
)  # fmt: skip


def no_address(words: Iterator[str], chance: random.Random) -> str:
    """A text that means no place: a stand-in for an address, or several invented and everyday words, and a number."""
    if chance.random() < _STAND_INS:
        text = chance.choice(_NO_ADDRESS)
        return chance.choice((text, text.lower(), text.upper(), text.capitalize()))
    parts = [
        next(words).lower() if chance.random() < 0.5 else chance.choice(_EVERYDAY) for _ in range(chance.randint(2, 6))
    ]
    if chance.random() < _NUMBERED:
        parts.insert(chance.randrange(len(parts) + 1), str(chance.randrange(10 ** chance.randint(2, 6))))
    text = " ".join(parts)
    return chance.choice((text, text.capitalize()))


def with_typos(text: str, count: int, chance: random.Random) -> str | None:
    """The text with `count` typing errors; None where it has no words that are long enough."""
    words = [match.span() for match in _WORD.finditer(text)]
    if not words:
        return None
    chosen = chance.sample(words, min(count, len(words)))
    errors = [1] * len(chosen)
    if len(chosen) < count:
        if chosen[0][1] - chosen[0][0] < _LONG_WORD:
            return None
        errors[0] += count - len(chosen)
    for (start, end), number in sorted(zip(chosen, errors, strict=True), reverse=True):
        text = text[:start] + _with_errors(text[start:end], number, chance) + text[end:]
    return text


def _with_errors(word: str, number: int, chance: random.Random) -> str:
    """The word with as many errors, which do not undo each other."""
    while True:
        changed = word
        for _ in range(number):
            changed = _misspelt(changed, chance)
        if changed.casefold() != word.casefold():
            return changed


def _misspelt(word: str, chance: random.Random) -> str:
    """The word with one letter replaced, left out, put in or swapped with its neighbour."""
    while True:
        at = chance.randrange(len(word))
        letter = chance.choice(string.ascii_lowercase)
        match chance.randrange(4):
            case 0:
                changed = word[:at] + letter + word[at + 1 :]
            case 1:
                changed = word[:at] + word[at + 1 :]
            case 2:
                changed = word[:at] + letter + word[at:]
            case _:
                changed = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
        if changed.casefold() != word.casefold():
            return changed


def with_noise(text: str, chance: random.Random) -> str:
    """The text behind words that no layer of the gazetteer knows."""
    match chance.randrange(4):
        case 0:
            return f"{chance.choice(_COMPANIES)}, {text}"
        case 1:
            return f"{chance.choice(_STREETS)}, {text}"
        case 2:
            return f"{chance.choice(_COMPANIES)}, {chance.choice(_STREETS)}, {text}"
        case _:
            return f"{chance.choice(_PHRASES)} {text}"


def street_named(name: str, country: str, chance: random.Random) -> str:
    """A street that is named after a place, as written in a country (ISO code), with a house number or without."""
    pattern = chance.choice(_STREETS_NAMED.get(country, _STREETS_NAMED[""]))
    number = str(chance.randint(1, 300)) if chance.random() < 0.7 else ""
    return " ".join(pattern.format(name=name, number=number).split())


class NameChain:
    """Invents names that sound like those it was given: a Markov chain over three letters."""

    _ORDER = 3

    def __init__(self, names: Iterable[str]) -> None:
        self._followers: dict[str, list[str]] = defaultdict(list)
        for name in names:
            padded = "^" * self._ORDER + name.casefold() + "$"
            for at in range(len(padded) - self._ORDER):
                self._followers[padded[at : at + self._ORDER]].append(padded[at + self._ORDER])

    def invent(self, chance: random.Random) -> str:
        """A name of 6 to 14 letters in one word, beginning with a capital."""
        while True:
            name = "^" * self._ORDER
            while not name.endswith("$") and len(name) < 20:
                name += chance.choice(self._followers[name[-self._ORDER :]])
            word = name.strip("^$")
            if 6 <= len(word) <= 14 and word.isalpha():
                return word.capitalize()
