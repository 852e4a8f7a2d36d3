"""The fields that a column of any table can be mapped to, and the names by which columns are recognised."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

#: Fields and what they are, as `waypost data add --help` lists them.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "number": "house number as written",
        "suffix": "what follows the number, where it has a column of its own",
        "street": "street name",
        "place": "place that addresses go by where there are no streets",
        "address": "number and street in one cell, in either order",
        "unit": "flat, floor or entrance, not searched",
        "suburb": "part of the city",
        "city": "city, town or village",
        "district": "area above the city",
        "region": "state or province",
        "postal_code": "postal code",
        "country": "ISO 3166-1 alpha-2 code",
        "latitude": "WGS 84 degrees",
        "longitude": "WGS 84 degrees",
        "source_id": "the source's own id",
        "name": "name of a place; makes a place of every row that has one",
        "names": "its other names, with ; or | between",
        "kind": "poi, locality, neighborhood or postal_code; a row without one is a poi",
        "category": "finer kind: pharmacy, museum, village",
        "population": "inhabitants",
    }
)

#: What columns are called in address files of many countries, folded by `_folded`; the first that a table has counts.
_KNOWN_AS: Mapping[str, str] = MappingProxyType(
    {
        "number": "number numer housenumber houseno housenum hnr hausnummer hausnr hsnr numero num nummer huisnummer"
        " husnummer husnr civico numerocivico addrhousenumber addnumber addrnum stnum streetnumber numerodomu"
        " cislodomovni cisloorientacni numeroporta numerocasa addressnumber nr no",
        "suffix": "suffix numbersuffix housenumbersuffix zusatz hausnummerzusatz hnrzusatz rep bis ter huisletter"
        " huisnummertoevoeging toevoeging bokstav numsuf addnumsuffix esponente",
        "street": "street streetname strasse strassenname str strname nomvoie voie libellevoie rue nomrue via calle"
        " nombrevia nomvia straat straatnaam openbareruimte gade vejnavn adresseringsvejnavn gatunamn adressenavn"
        " gatenavn ulica nazwaulicy ulice nazevulice addrstreet stname fullstreet fullname road roadname rua logradouro"
        " nomlogradouro arruamento katu kadunnimi indirizzo odonimo",
        "place": "addrplace lieudit hamlet",
        "address": "address fulladdress fulladdr addressline streetaddress addr adresse direccion endereco adres adresa"
        " osoite adress",
        "unit": "unit flat apartment apt etage door floor addrunit unitnumber",
        "suburb": "suburb ortsteil quarter neighbourhood neighborhood bairro barrio frazione addrsuburb",
        "city": "city town addrcity ort ortsname gemeinde gemeindename stadt nomcommune commune comune nomecomune"
        " municipio municipality municipality municipio ciudad localidad woonplaats woonplaatsnaam kommune kommunenavn"
        " postnrnavn poststed postort miasto miejscowosc obec nazevobce locality cidade concelho kunta postalcity"
        " postcity placename",
        "district": "district county kreis landkreis departement department provincia addrdistrict addrcounty powiat",
        "region": "region state bundesland kanton canton province regione comunidad wojewodztwo kraj addrstate"
        " stateprovince estado uf",
        "postal_code": "postcode postalcode zip zipcode plz postleitzahl codepostal cap cp codigopostal codpostal"
        " postnr postnummer kodpocztowy kod psc addrpostcode cep postinumero zip5",
        "country": "country countrycode addrcountry land pays pais iso2",
        "latitude": "latitude lat breite breitengrad ywgs84 latwgs84 geolat wgs84lat latitud latitudine y",
        "longitude": "longitude lon lng long lange laenge langengrad laengengrad xwgs84 lonwgs84 geolon wgs84lon"
        " longitud longitudine x",
        "source_id": "sourceid id gid objectid fid uuid uid adressid osmid identifier hash",
        "name": "name title bezeichnung nom nombre nome nazwa nazev navn namn nimi poiname placename",
        "names": "names altname altnames othernames aliases alternatenames",
        "kind": "kind placetype",
        "category": "category type kategorie categorie categoria class amenity",
        "population": "population einwohner pop",
    }
)


def guess_columns(columns: Sequence[str]) -> dict[str, str]:
    """Fields to columns, by the columns' names.

    A name makes a row a place, and so is not believed in a table of addresses: there it may be a resident's.
    """
    folded = {_folded(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    taken: set[str] = set()
    for field, names in _KNOWN_AS.items():
        column = next((folded[name] for name in names.split() if name in folded and folded[name] not in taken), None)
        if column is not None:
            found[field] = column
            taken.add(column)
    if "number" in found and "address" in found and "street" not in found:
        found["street"] = found.pop("address")
    elif "street" in found:
        found.pop("address", None)
        if "number" not in found:
            # "12 Main Street" in a column that is called street.
            found["address"] = found.pop("street")
    if "street" in found or "address" in found:
        for field in ("name", "names", "kind", "category", "population"):
            found.pop(field, None)
    return found


def _folded(name: str) -> str:
    """Lower-case letters and digits of a column's name, without marks: "Straßen-Name" is "strassenname"."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum())
