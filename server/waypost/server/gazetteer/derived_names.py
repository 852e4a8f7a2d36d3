"""Names that people use and no source lists: areas without "County" or "省", airports without "Airport".

Each rule removes one administrative word from the front or the end of a name, and only where a name is left.
The words are those that occur in the data, by language; they are no translations of each other.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.texts import concatenated, text, text_array, to_mask
from waypost.server.geocoder.kind_words import words_of_kind
from waypost.server.model import PlaceType

#: Words in many languages, of which CLDR has "prefektura Tokio", "Barcelona Probintzia" and the like.
_AREA_WORDS = "|".join(words_of_kind(PlaceType.REGION, PlaceType.DISTRICT))

#: Before a name, with what joins them: "Province of", "Département de la", "Landkreis".
_AREA_PREFIXES = (
    r"(?:Autonomous |Special |Metropolitan |Federal |United )?(?:County|Province|State|Region|District|Department|"
    r"Canton|Municipality|City|Borough|Prefecture|Governorate|Republic|Principality|Community|Free State|"
    r"Commonwealth|Territory|Duchy|Parish|Emirate|Oblast|Kingdom|Land|Voivodeship) of (?:the )?",
    r"(?:Estado|Provincia|Departamento|Regi[óo]n|Municipio|Condado|Comunidad(?: Aut[óo]noma)?|Principado|Cant[óo]n|"
    r"Distrito|Partido|Comarca|Ciudad) (?:de la |de los |de las |de el |del |de )",
    r"(?:D[ée]partement|R[ée]gion|Province|Canton|Arrondissement|District|Pr[ée]fecture|Wilaya|Gouvernorat) "
    r"(?:de la |de l['’]|du |des |de |d['’])",
    r"(?:Provincia|Regione|Citt[àa] metropolitana|Libero consorzio comunale)(?: [Aa]utonoma)? "
    r"(?:di |del |della |dell['’]|dei )",
    r"(?:Estado|Distrito|Munic[íi]pio|Concelho|Prov[íi]ncia|Regi[ãa]o) (?:do |da |de |dos |das )",
    r"(?:Landkreis|Kreis|Kanton|Bezirk|Regierungsbezirk|Bundesland|Freistaat|Land|Provinz|Region|Politischer Bezirk|"
    r"Kreisfreie Stadt|St[äa]dteregion|Regionalverband|Wahlkreis) ",
    r"(?:[Pp]owiat|[Ww]ojew[óo]dztwo|[Gg]mina|[Oo]kres|[Kk]raj|[Jj]ude[țţ]ul|[Oo]blast|Obshtina|Raionul|Respublika|"
    r"Qarku i|Rrethi i|Comuna|Concello de|Comune di|Commune de|Gemeente|Gemeinde|Stadt|Okrug|Rajon|Rayon) ",
    r"(?:Kabupaten|Kota|Provinsi|Propinsi|Daerah|Negeri|Wilayah|T[ỉi]nh|Th[àa]nh [Pp]h[ốo]|Huy[ệe]n|Qu[ậa]n|"
    r"Th[ịi] x[ãa]|Changwat|Amphoe|Khwaeng|Khet|Khoueng|Khett|Lungsod ng|Lalawigan ng|Bayan ng) ",
    r"(?:Mu[ḩh][āa]faz̧?at|Wil[āa]yat|Min[ţt]aqat|Im[āa]rat|Ost[āa]n-e|Shahrest[āa]n-e|Liw[āa][ʼ']) ",
    r"(?:Республика|Край|Область|Район|Город|Община|Вілаят) ",
    r"(?:محافظة|ولاية|منطقة|مديرية|إقليم|إمارة|قضاء|استان|شهرستان|بلدية) ",
    r"(?:จังหวัด|อำเภอ|เขต|มณฑล|แคว้น|รัฐ|מחוז |Νομός |Περιφέρεια |Δήμος )",
    r"(?:ខេត្ត|ក្រុង|ແຂວງ|Krong )",
    rf"(?i:{_AREA_WORDS}) (?:(?i:de la|de los|de las|de l|d|del|della|di|de|du|des|da|do|dos|das|e|van|von|of)[ '’])?",
)
#: After a name.
_AREA_SUFFIXES = (
    r" (?:Metropolitan |Autonomous |Special Administrative |Special Self-Governing |Special |Capital |Municipal |"
    r"Regional |Rural |Urban |Federal |Union )*(?:County|Province|Prefecture|Oblast|Land|Region|Department|Canton|"
    r"District|Governorate|Voivodeship|Voivodship|Municipality|State|Parish|Borough|Territory|Division|Krai|Kray|"
    r"Republic|Raion|Rayon|Emirate|Shire|Census Area|Regency|Community|Prefectural City|Metropolis|City)",
    r" (?:oblast['’ʹ]?|Oblast['’ʹ]|kray|krai|[Rr]ayon|raion|Respublika|respublikas[ıi]|viloyati|oblysy|oblasy|"
    r"vilayəti|rayonu|welaýaty|dzongkhag|zila|zilla|zela|mandalam?|aimag|sum)",
    r" (?:[İI]li|[İI]l[çc]esi|l[äa]n|fylke|maakunta|megye|v[áa]rmegye|[žz]upanija|okrug|apskritis|novads|rajons|"
    r"maakond|vald|kraj|okres|kommun|kommune|kunta|amt|j[áa]r[áa]s|upravni okrug|rajono savivaldyb[ėe]|savivaldyb[ėe])",
    r" (?:область|облысы|край|район|обл\.|республика|округ|область’|області|област|аймаг|вілаят|воблас[цт]ь|раён)",
    r"(?i: (?:область|край|район|республика))",
    rf" (?i:{_AREA_WORDS})",
    r"(?:တိုင်းဒေသကြီး|ဒေသကြီး|ပြည်နယ်|တိုင်း| ?ပြည်ထောင်စုနယ်မြေ)",
    r" (?:주|현|도|성|지방|지구|구|시|교구)",
    r" (?:Sheng|Shi|Zizhiqu|Zizhizhou|Xian|Qu|Diqu|Meng|Tokubetsu-shi)",
    r"-(?:do|si|gun|gu|gwangyeoksi|gwangy[ŏo]ksi|teukbyeolsi|t['’]?[ŭu]kpy[ŏo]lsi|teukbyeoljachido|"
    r"teukbyeoljachisi|ken|fu|to|shi|ku|gun|ch[ōo]|machi|mura|son)",
    r" ?(?:특별자치도|특별자치시|특별시|광역시|자치도|자치구)",
    r"(?:维吾尔自治区|回族自治区|壮族自治区|自治区|自治州|自治县|特別行政區|特别行政区|特別市|廣域市|特別自治市|地区|地區)",
)
#: One sign that makes a Han or Hangul name an area or a town; two signs must be left: 津市 is not 津.
_SIGN_SUFFIXES = (r"[省市县縣府都区區郡町村]", r" ?[도시군구읍면]")
#: 京都 ends in a sign like these, but it is the name itself; 北海道 is not listed for its 道 is not removed.
_WHOLE_NAMES = ("京都", "成都", "首都", "大都", "上都", "新都", "丰都", "江都", "武都")
#: "アラゴン州" and "加利福尼亚州", but 杭州 and 鄂州市 are names themselves: three signs must be left.
_STATE_SIGN = (r"州",)
#: Before or behind the names of towns, without a blank: "town" in Khmer, Lao, Thai and Burmese.
_TOWN_PREFIXES = (r"(?:ទីក្រុង|ក្រុង|ເມືອງ|ນະຄອນຫຼວງ|เทศบาลนคร|เทศบาลเมือง|เทศบาลตำบล)",)
_TOWN_SUFFIXES = (r"(?:မြို့)",)
#: Language → what stands before and behind the name of a country in the sense of "the country of".
_COUNTRY_AFFIXES = {"th": ("ประเทศ", ""), "lo": ("ປະເທດ", ""), "km": ("ប្រទេស", ""), "my": ("", "နိုင်ငံ")}
#: What only a longer suffix may remove.
_HALF_REMOVED = r"(?:자치|특별|광역|自治|特別|廣域)$"

#: Country → names that may lack the sign, the sign, and the population from which a town surely is a "city"; in Japan
#: the law demands 50,000 of one.
_CITY_SIGNS = {
    "JP": (r"^(?:[\p{Han}ヶケノの]*[^\P{Han}市区町村郡]|[\p{Hiragana}\p{Katakana}ー]{2,})$", "市", 50_000),
    "CN": (r"^\p{Han}{1,3}[^\P{Han}市区县镇乡]$", "市", 200_000),
    "TW": (r"^\p{Han}{1,3}[^\P{Han}市區縣鎮鄉]$", "市", 200_000),
    "KR": (r"^\p{Hangul}*[^\P{Hangul}시군구읍면동]$", "시", 100_000),
}

_AIRPORT_SUFFIX = (
    r"(?i)[ -]+(?:(?:inter ?national|intl\.?|regional|municipal|county|metropolitan|domestic|memorial|executive) )*"
    r"(?:air ?port|aerodrome|air ?field|air ?strip|air ?park|air ?base|air force base|afb|landing strip|heliport|"
    r"seaplane base|field|strip|inter ?national|intl\.?)\.?$"
)


#: Where the name of an airport can be parted, besides at its city.
_AIRPORT_WORD = re.compile(
    r"\b(?:inter ?national|intl|regional|municipal|metropolitan|domestic|air ?port|aerodrome|air ?field|air ?base)\b"
    r"|[()/,–]",
    re.IGNORECASE,
)
_NO_AIRPORT_NAME = frozenset(
    {"north", "south", "east", "west", "central", "city", "county", "field", "capital", "national"}
)


def without_area_words(texts: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Shorter names of areas: indexes into `texts` (one may occur more than once) and what is left there."""
    indexes, short = _shortened(texts, _AREA_PREFIXES, (*_AREA_SUFFIXES, *_SIGN_SUFFIXES))
    of_states, states = _shortened(texts, (), _STATE_SIGN, least=3)
    return np.concatenate([indexes, of_states]), pa.concat_arrays([short, states])


def without_sign(texts: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Names of towns without the sign for "city" and the like: 札幌市 → 札幌, 부산시 → 부산, မန္တလေးမြို့ → မန္တလေး."""
    return _shortened(texts, _TOWN_PREFIXES, (*_SIGN_SUFFIXES, *_TOWN_SUFFIXES))


def country_of(name: str, language: str) -> str:
    """A country's name with the word for "country" that a language writes together with it; empty if it has none."""
    before, behind = _COUNTRY_AFFIXES.get(language, ("", ""))
    written = name.startswith(before) and name.endswith(behind)
    return "" if written else before + name + behind


def with_sign(
    texts: pa.Array, country_code: pa.Array, population: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Names of large towns with the sign for "city" that their country writes, where the source may lack it."""
    found, results = [], []
    for code, (script, sign, smallest) in _CITY_SIGNS.items():
        hit = to_mask(pc.and_(pc.equal(country_code, code), pc.match_substring_regex(texts, script)))
        hit &= population >= smallest
        found.append(np.flatnonzero(hit))
        results.append(concatenated(texts.filter(pa.array(hit)), sign))
    return np.concatenate(found), pa.concat_arrays(results)


def inverted_names(texts: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array, pa.Array]:
    """ISO 3166-2 writes "Madrid, Comunidad de": indexes of such names, the name as spoken, the name alone."""
    pattern = r"^([^,]+), ([^,]+)$"
    inverted = np.flatnonzero(to_mask(pc.match_substring_regex(texts, pattern)))
    chosen = texts.take(pa.array(inverted))
    spoken = pc.replace_substring_regex(chosen, pattern, r"\2 \1")
    spoken = pc.replace_substring_regex(spoken, r"(['’]) ", r"\1")
    return inverted, spoken, pc.replace_substring_regex(chosen, ",.*$", "")


def without_airport_words(names: pa.Array) -> pa.Array:
    """Each airport's name without "International Airport" and the like, empty where nothing changes."""
    short = names
    # Twice: "Luton Airport Airfield", "Kansas City International Airport Field".
    for _ in range(2):
        short = pc.replace_substring_regex(short, _AIRPORT_SUFFIX, "")
    short = pc.utf8_trim_whitespace(short)
    useful = pc.and_(pc.not_equal(short, names), pc.greater_equal(pc.utf8_length(short), 3))
    return pc.if_else(useful, short, text(""))


def airport_parts(name: str, city: str) -> list[str]:
    """What of an airport's name remains beside its city and the words for an airport: "Heathrow", "Schiphol"."""
    pieces = [name]
    for separator in (_AIRPORT_WORD, re.compile(rf"\b{re.escape(city)}\b", re.IGNORECASE)):
        pieces = [part for piece in pieces for part in separator.split(piece)]
    trimmed = (piece.strip(" -–/.'") for piece in pieces)
    return [piece for piece in trimmed if len(piece) >= 4 and piece.casefold() not in _NO_AIRPORT_NAME]


def _shortened(
    texts: pa.Array, prefixes: tuple[str, ...], suffixes: tuple[str, ...], least: int = 2
) -> tuple[npt.NDArray[np.int64], pa.Array]:
    rules = [*(f"^{prefix}" for prefix in prefixes), *(f"(?:{suffix})$" for suffix in suffixes)]
    found, results = [], []
    for rule in rules:
        hit = pc.match_substring_regex(texts, rule)
        indexes = np.flatnonzero(to_mask(hit))
        short = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts.filter(hit), rule, ""))
        whole = pc.is_in(texts.filter(hit), value_set=text_array(_WHOLE_NAMES))
        half = pc.match_substring_regex(short, _HALF_REMOVED)
        useful = pc.and_(pc.greater_equal(pc.utf8_length(short), least), pc.invert(pc.or_(whole, half)))
        found.append(indexes[to_mask(useful)])
        results.append(short.filter(useful))
    return np.concatenate(found), pa.concat_arrays(results)
