"""Headers under which the columns of addresses and coordinates go, in the languages and styles of common files.

A header is compared without case, accents, spaces and punctuation: "Post-Code", "post_code" and "POSTCODE" are one.
"""

from __future__ import annotations

import unicodedata

#: The fields that a column can be, in the order in which they are reported. `address` stands for a header that is a
#: whole address where it is alone, and the street where other fields stand beside it.
QUERY = "query"
ADDRESS = "address"

_HEADERS = {
    QUERY: """
        query q text search searchtext freetext fulladdress full_address address_full formatted_address
        completeaddress address_text one_line_address single_line_address vollständige_adresse gesamtadresse
        adresse_complète adresse_complete dirección_completa indirizzo_completo endereço_completo volledig_adres
        pełny_adres полный_адрес placename place_name place_query location_text 完整地址 詳細地址 住所全体
    """,
    ADDRESS: """
        address addr adresse adressen anschrift dirección direccion indirizzo endereço morada adres adress osoite
        адрес адреса διεύθυνση adresă cím adresa 地址 住所 주소 عنوان כתובת alamat địa_chỉ ที่อยู่ location place
        standort lieu lugar luogo ort_und_straße
    """,
    "address_lines": """
        address_lines address_line address1 address_1 addressline1 address_line_1 addr1 street street_address
        streetaddress street_name streetname street1 road strasse straße str strassenname straßenname rue voie
        nom_voie libelle_voie calle vía domicilio via rua logradouro straat straatnaam ulica ulice utca gata gatuadress
        vej gade katuosoite улица вулиця οδός cadde sokak 街道 番地 도로명 jalan đường
    """,
    "sublocality": """
        sublocality neighborhood neighbourhood suburb quarter city_district borough ortsteil stadtteil stadtbezirk
        quartier arrondissement barrio colonia bairro quartiere wijk dzielnica район_города 町名 동 kelurahan
    """,
    "locality": """
        locality city town village municipality place_town city_name cityname town_city citytown post_town
        addr_city ort stadt gemeinde wohnort ortschaft ville commune localité localite ciudad municipio localidad
        población città citta comune cidade município concelho stad plaats woonplaats gemeente miasto miejscowość
        město obec város település by bynavn kommune kommun postort kaupunki kunta город місто город_населенный_пункт
        населенный_пункт πόλη şehir ilçe oraș localitate grad 城市 市 市区町村 都市 도시 시 مدينة עיר kota thành_phố
        เมือง
    """,
    "administrative_area": """
        administrative_area admin_area state province region county prefecture department admin1 adm1 state_province
        stateprovince state_code province_code region_name state_name bundesland kanton land_kreis landkreis
        regierungsbezirk département departement région estado provincia comunidad_autónoma departamento región
        regione uf distrito provincie województwo wojewodztwo kraj okres megye fylke län maakunta область регион
        край νομός il_adı județ 省 省份 州 都道府県 도 منطقة מחוז provinsi tỉnh จังหวัด
    """,
    "postal_code": """
        postal_code postalcode postcode post_code zip zipcode zip_code zip5 zip_postal pcode plz postleitzahl
        code_postal codepostal cp código_postal codigo_postal cap codice_postale cep código_de_endereçamento_postal
        kod_pocztowy psč psc irányítószám irsz postnummer postnr postinumero индекс почтовый_индекс ταχυδρομικός_κώδικας
        posta_kodu cod_poștal 邮编 邮政编码 郵便番号 우편번호 الرمز_البريدي מיקוד kode_pos mã_bưu_điện รหัสไปรษณีย์
        pin pincode pin_code eircode
    """,
    "region_code": """
        region_code country country_code countrycode country_name cc iso iso2 iso_code iso_a2 iso3166 ctry nation
        land staat land_code länderkennzeichen laendercode ländercode pays code_pays país pais código_país
        paese nazione codice_paese país_código landcode kraj_kod kod_kraju państwo panstwo země zeme ország maa
        страна країна χώρα ülke țară 国家 国 国名 국가 دولة מדינה negara quốc_gia ประเทศ
    """,
    "latitude": """
        latitude lat latitud latitudine y ycoord y_coord coord_y lat_deg latdeg latdd lat_dd lat_wgs84 decimallatitude
        gps_lat gpslat point_y breite breitengrad geobreite geo_breite breedtegraad szerokość szerokosc_geograficzna
        широта γεωγραφικό_πλάτος enlem 纬度 緯度 위도 geolat geo_lat location_lat wgs84_lat
    """,
    "longitude": """
        longitude lon lng long longitud longitudine x xcoord x_coord coord_x lon_deg londeg londd lon_dd lon_wgs84
        decimallongitude gps_lon gpslon gps_lng gpslng point_x länge längengrad laengengrad geolänge geo_länge
        lengtegraad długość dlugosc_geograficzna долгота γεωγραφικό_μήκος boylam 经度 經度 経度 경도 geolon geolng
        geo_lon geo_lng geo_long location_lng location_lon wgs84_lon
    """,
    "place_id": """
        place_id placeid waypost_id waypost_place_id
    """,
}


def fold_header(name: str) -> str:
    """The header as headers are compared: letters and digits only, without case and accents."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return "".join(character for character in decomposed if character.isalnum())


_ROLES: dict[str, str] = {
    fold_header(header): role for role, headers in reversed(_HEADERS.items()) for header in headers.split()
}


def role_of_header(name: str) -> str | None:
    """What a column of this header is, None where the header is not known."""
    return _ROLES.get(fold_header(name)) if name else None


def is_known_name(name: str) -> bool:
    """Whether a cell can be nothing but a header: known as one, and no name of a place by accident."""
    return len(fold_header(name)) > 1 and role_of_header(name) is not None
