from __future__ import annotations

import pytest

from waypost.server.errors import InputUnreadable
from waypost.server.jobs.readers.encoding import detect_encoding

TEXTS = {
    "Spanish": ("cp1252", "Logroño;La Rioja\nA Coruña;Galicia\nMálaga;Andalucía\n"),
    "French": ("cp1252", "Besançon;Doubs\nOrléans;Loiret\nNîmes;Gard\n"),
    "Portuguese": ("cp1252", "São Paulo;SP\nBrasília;DF\nCamões;RJ\n"),
    "Swedish": ("cp1252", "Göteborg;Västra Götaland\nMalmö;Skåne\n"),
    "German": ("cp1252", "München;Bayern\nKöln;NRW\nGießen;Hessen\n"),
    "Italian": ("cp1252", "Forlì;Emilia\nCefalù;Sicilia\nCantù;Lombardia\n"),
    "Polish": ("cp1250", "Łódź;Łódzkie\nGdańsk;Pomorskie\nKraków;Małopolskie\n"),
    "Czech": ("cp1250", "Plzeň;Plzeňský\nČeské Budějovice;Jihočeský\n"),
    "Hungarian": ("cp1250", "Győr;Győr-Moson\nPécs;Baranya\nHódmezővásárhely;Csongrád\n"),
    "Turkish": ("cp1254", "İstanbul;Türkiye\nDiyarbakır;Türkiye\nEskişehir;Türkiye\n"),
    "Lithuanian": ("cp1257", "Šiauliai;Lietuva\nPanevėžys;Lietuva\nMažeikiai;Lietuva\n"),
    "Russian": ("cp1251", "Москва;Россия\nКазань;Татарстан\n"),
    "Greek": ("cp1253", "Αθήνα;Ελλάδα\nΘεσσαλονίκη;Ελλάδα\n"),
    "Japanese": ("cp932", "東京都;日本\n大阪市;日本\n"),
    "Chinese": ("gb18030", "北京市;中国\n上海市;中国\n广州市;广东省\n"),
    "Arabic": ("cp1256", "القاهرة;مصر\nدبي;الإمارات\n"),
    "Thai": ("cp874", "กรุงเทพ;ไทย\nเชียงใหม่;ไทย\n"),
}


@pytest.mark.parametrize("language", TEXTS)
def test_lists_of_places_are_read_as_they_were_written(language: str) -> None:
    encoding, text = TEXTS[language]
    data = text.encode(encoding)
    assert data.decode(detect_encoding(data, complete=True)) == text


def test_where_several_encodings_fit_the_error_names_them() -> None:
    data = "ירושלים;ישראל\nחיפה;ישראל\n".encode("cp1255")
    with pytest.raises(InputUnreadable, match="cp1255") as raised:
        detect_encoding(data, complete=True)
    assert raised.value.reason == "ENCODING_UNKNOWN"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_needs_no_guess(encoding: str) -> None:
    data = "city;country\nZürich;CH\n".encode(encoding)
    found = detect_encoding(data, complete=True)
    assert data.decode(found).removeprefix("\ufeff") == "city;country\nZürich;CH\n"


def test_a_bad_byte_among_good_utf_8_is_no_other_encoding() -> None:
    assert detect_encoding("Zürich\nKöln\n".encode() + b"\xff\n", complete=True) == "utf-8"


def test_a_character_cut_at_the_heads_end_is_no_bad_byte() -> None:
    assert detect_encoding("Zü".encode()[:-1], complete=False) == "utf-8"
