"""Words that say what kind of place a name beside them means: "state", "Provinz", "аэропорт".

By the place types that each may mean, and by language. Most were counted in the names that Unicode CLDR has for areas
(the words that begin or end many of them), the rest are what the languages' dictionaries have for "airport" and "town".
Left out are words that name well-known places themselves ("Ili", "Bang"), and those that are written without a blank
beside the name, which gazetteer/derived_names.py takes care of. Several languages share a word: it stands once.
"""

from __future__ import annotations

from waypost.server.model import PlaceType

_AREA = (PlaceType.REGION, PlaceType.DISTRICT)

#: What a word means, and by language the words.
KIND_WORDS: tuple[tuple[tuple[PlaceType, ...], dict[str, str]], ...] = (
    (
        (PlaceType.COUNTRY, PlaceType.REGION),
        {
            "en": "republic",
            "de": "republik",
            "es": "república",
            "fr": "république",
            "it": "repubblica",
            "ru": "республика республики",
            "uk": "республіка",
            "ar": "جمهورية",
        },
    ),
    (
        _AREA,
        {
            "af": "provinsie distrik",
            "ar": "محافظة ولاية مقاطعة إقليم منطقة إمارة مديرية قضاء",
            "az": "vilayəti əyaləti ştatı diyarı bölgəsi",
            "be": "правінцыя штат дэпартамент раён рэгіён прэфектура акруга графства вобласць край ваяводства",
            "bg": "област окръг регион провинция щат войводство",
            "bn": "প্রদেশ জেলা অঞ্চল বিভাগ রাজ্য অঙ্গরাজ্য",
            "ca": "província districte regió departament comtat estat prefectura cantó comunitat",
            "cs": "okres provincie prefektura hrabství region kanton oblast kraj okruh župa vojvodství",
            "cy": "talaith",
            "da": "delstat præfektur",
            "de": "provinz bezirk departement distrikt region kreis landkreis präfektur bundesland bundesstaat land "
            "freistaat kanton gouvernement grafschaft woiwodschaft",
            "el": "επαρχία περιφέρεια κομητεία νομός διαμέρισμα πολιτεία",
            "en": "state province region county district department prefecture governorate canton emirate voivodeship "
            "territory shire oblast krai rayon raion",
            "es": "provincia estado región departamento distrito condado prefectura cantón gobernación partido",
            "et": "provints piirkond ringkond maakond osariik",
            "eu": "probintzia eskualdea",
            "fa": "استان ایالت شهرستان ولایت",
            "fi": "maakunta lääni osavaltio provinssi piirikunta",
            "fr": "comté gouvernorat préfecture département état wilaya arrondissement",
            "gl": "rexión",
            "gu": "રાજ્ય પ્રાંત જિલ્લો પ્રદેશ વિભાગ",
            "he": "מחוז נפת מדינת",
            "hi": "प्रांत प्रान्त जिला ज़िला क्षेत्र विभाग प्रदेश राज्य",
            "hr": "županija pokrajina okrug regija",
            "hu": "megye tartomány járás régió",
            "hy": "շրջան մարզ նահանգ երկրամաս",
            "id": "provinsi kabupaten daerah wilayah",
            "it": "regione distretto dipartimento prefettura contea stato cantone",
            "ka": "პროვინცია რაიონი ოლქი რეგიონი მხარე შტატი",
            "kk": "облысы ауданы",
            "kn": "ಪ್ರಾಂತ್ಯ ಜಿಲ್ಲೆ ರಾಜ್ಯ",
            "lt": "apskritis provincija regionas rajonas sritis valstija",
            "lv": "province reģions apgabals novads rajons",
            "mk": "покраина",
            "ml": "ജില്ല പ്രവിശ്യ സംസ്ഥാനം",
            "mn": "аймаг",
            "mr": "जिल्हा",
            "ms": "negeri",
            "nl": "staat gewest graafschap",
            "no": "fylke delstaten",
            "pl": "prowincja województwo rejon obwód okręg powiat hrabstwo",
            "ps": "ولايت",
            "pt": "região",
            "ro": "județ județul regiunea provincia statul districtul comitatul",
            "ru": "область район край округ провинция префектура воеводство губерния департамент графство",
            "si": "පළාත දිස්ත්‍රික්කය",
            "sk": "provincia kraj oblasť štát",
            "sl": "provinca okrožje",
            "sq": "qarku rrethi",
            "sr": "округ покрајина провинција жупанија кантон",
            "sv": "län landskap delstaten",
            "sw": "mkoa wilaya jimbo",
            "ta": "மாகாணம் மாவட்டம் மாநிலம்",
            "te": "జిల్లా రాష్ట్రం",
            "tl": "lalawigan probinsya",
            "tr": "ilçesi eyaleti vilayeti bölgesi",
            "uk": "провінція регіон повіт воєводство",
            "ur": "صوبہ ضلع علاقہ ریاست",
            "uz": "viloyati tumani",
            "vi": "tỉnh huyện",
        },
    ),
    (
        (PlaceType.DISTRICT, PlaceType.LOCALITY),
        {
            "bs": "općina",
            "da": "kommune",
            "de": "gemeinde",
            "en": "municipality",
            "es": "municipio",
            "fr": "commune",
            "it": "comune",
            "nl": "gemeente",
            "pl": "gmina",
            "pt": "município concelho",
            "ro": "comuna",
            "sk": "obec",
            "sl": "občina",
            "sr": "општина opština",
            "sv": "kommun",
            "tr": "belediyesi",
        },
    ),
    (
        (PlaceType.LOCALITY,),
        {
            "ar": "مدينة",
            "de": "stadt",
            "en": "city town village",
            "es": "ciudad",
            "fr": "ville",
            "it": "città",
            "pl": "miasto",
            "pt": "cidade",
            "ru": "город",
            "sv": "stad",
            "tr": "şehri",
            "uk": "місто",
        },
    ),
    (
        (PlaceType.POI,),
        {
            "af": "lughawe",
            "ar": "مطار",
            "bg": "летище",
            "cs": "letiště",
            "da": "lufthavn",
            "de": "flughafen flugplatz",
            "el": "αεροδρόμιο αερολιμένας",
            "en": "airport aerodrome airfield",
            "es": "aeropuerto",
            "et": "lennujaam",
            "eu": "aireportua",
            "fa": "فرودگاه",
            "fi": "lentoasema lentokenttä",
            "fr": "aéroport aérodrome",
            "hr": "aerodrom",
            "hu": "repülőtér",
            "hy": "օդանավակայան",
            "id": "bandara",
            "is": "flugvöllur",
            "it": "aeroporto",
            "ka": "აეროპორტი",
            "kk": "әуежайы",
            "lt": "aerouostas",
            "lv": "lidosta",
            "mk": "аеродром",
            "nl": "luchthaven vliegveld",
            "no": "flyplass",
            "pl": "lotnisko",
            "ro": "aeroportul",
            "ru": "аэропорт",
            "sk": "letisko",
            "sl": "letališče",
            "sq": "aeroporti",
            "sv": "flygplats",
            "tr": "havalimanı havaalanı",
            "uk": "аеропорт",
        },
    ),
)


def words_of_kind(*types: PlaceType) -> tuple[str, ...]:
    """All words that mean one of these types, sorted."""
    chosen = {
        word
        for meant, languages in KIND_WORDS
        if set(meant) & set(types)
        for words in languages.values()
        for word in words.split()
    }
    return tuple(sorted(chosen))
