"""Words of street names that are one and the same to people, and words beside streets that are no part of a name.

Folded as normalize.py folds, which has made "saint" of "st" already. A class has one sign, whatever the language: that
"Place", "Platz" and "Plaza" share theirs costs nothing, since no town has two streets that differ in that alone.
"""

from __future__ import annotations

#: Kinds of streets: may be left out at a cost ("Main" for Main Street).
TYPES: tuple[str, ...] = (
    # English
    "saint street str strt strasse strase straat strada",
    "avenue ave av aven avn avenu avenida avda avd avinguda",
    "boulevard blvd bd bld bvd boul blv bulevar bulevard bulvar bulwar boulv",
    "road rd",
    "lane ln laan",
    "drive dr drv doctor doktor doktora docteur doutor dottor",
    "court ct crt",
    "place pl platz plac plaza pza plza placa piazza pzza plads plass plats plein",
    "square sq sqr",
    "terrace terr ter",
    "highway hwy hiway hway",
    "parkway pkwy pky pkway",
    "circle cir circ crcl",
    "crescent cres cresc",
    "trail trl",
    "way wy",
    "alley aly",
    "expressway expy expwy",
    "freeway fwy",
    "turnpike tpke tpk",
    "pike",
    "gardens gdns gdn garden",
    "grove grv grosse grosser grosses gr gracht",
    "close cl calle c cll carrer",
    "walk wlk",
    "row",
    "mews",
    "path",
    "loop",
    "crossing xing",
    "route rte rt",
    "plaza",
    # French
    "rue r rua",
    "allee allees all al alle alameda aleja aleje",
    "chemin ch che chem chaussee chee chaus",
    "impasse imp",
    "passage pass pas pasaje pje psje passatge",
    "quai",
    "cours crs",
    "faubourg fbg fg",
    "sentier",
    "voie",
    # German, Dutch
    "weg wg",
    "gasse",
    "ufer",
    "damm",
    "ring",
    "steig",
    "singel sngl",
    "kade kd",
    "dijk dk",
    # Italian
    "via v van von",
    "viale vle",
    "corso cso",
    "largo lgo lg",
    "vicolo vic",
    "piazzale ple",
    # Spanish, Portuguese
    "paseo po pso passeig pg",
    "carretera ctra carr crta",
    "camino cno cmno",
    "travesia trva travessa trav tv",
    "ronda rda",
    "glorieta gta",
    "callejon cjon",
    "praca pca pc",
    "estrada estr",
    "rodovia rod",
    "beco",
    # Polish, Czech
    "ulica ul ulice",
    "osiedle os",
    "rondo",
    "namesti nam",
    "trida tr",
    "nabrezi nabr",
    # Nordic
    "gatan gata gaten gate gade gt",
    "vagen vag vegen veien veg vei vej",
    "torget torg torv",
    "katu",
    "tie",
)  # fmt: skip

#: Of the kinds those behind which a street's name stands ("rue de Lyon"), and those that stand behind it ("Lyon Road"):
#: beside them the name of a place is a piece of a street's. Left out are short forms that are codes of countries and
#: states as well ("Hartford CT", "Warszawa PL"), and of one letter.
BEFORE_NAMES = (
    "rue rua avenue av ave avenida avda avd avinguda boulevard bd boul blv bulevar bulevard bulwar place plac plaza "
    "pza plza placa piazza pzza plads calle cll carrer chemin chem impasse allee allees alameda aleja aleje passage "
    "pasaje psje passatge quai cours faubourg fbg sentier voie via viale vle corso cso largo lgo vicolo vic piazzale "
    "paseo passeig carretera ctra camino cno cmno travesia travessa trav ronda rda glorieta gta callejon praca pca "
    "estrada rodovia beco ulica ul ulice osiedle rondo namesti nam trida nabrezi strada str route rte square sq "
    "chaussee"
)
BEHIND_NAMES = (
    "saint street str strt strasse strase straat avenue ave av aven avn avenu boulevard blvd bld bvd boulv bulvar road "
    "rd lane ln laan drive dr drv court crt place platz plein plads plass plats plaza square sq sqr terrace highway "
    "hwy hiway hway parkway pkwy pky pkway circle crcl crescent cres cresc trail trl way alley aly expressway expy "
    "expwy freeway fwy turnpike tpke pike gardens gdns grove grv gracht close walk row mews path crossing xing "
    "allee weg gasse ufer damm ring steig singel kade dijk gatan gata gaten gate gade vagen vegen veien veg vei vej "
    "torget torg torv katu"
)

#: Words that are part of a name, in their forms.
SAME: tuple[str, ...] = (
    "mountain mtn", "heights hts", "hill hl", "point pt", "ridge rdg", "spring springs spg spgs",
    "station stn santa sta", "village vlg",
    "valley vly", "junction jct", "creek crk", "lake lk", "landing lndg", "cove cv",
    "meadow mdw meadows mdws", "center centre ctr", "bridge brg", "county co", "manor mnr", "estates ests",
    "general generala gen gal", "marechal mal marszalka marsz", "president pdt pres presidente pte", "commandant cdt",
    "colonel col coronel cnel", "capitaine cne captain capt", "professeur professor profesor profesora prof pr",
    "lieutenant lt", "sergeant sgt", "ingeniero ing ingenieur", "junior jr", "senior sr", "santo sto",
    "swietego swietej sw",
    "svateho sv", "ksiedza ks", "kardynala kard", "imienia im", "burgemeester burg", "klein kleine kleiner kl",
    "maria ma", "nuestra ntra", "senora sra", "virgen vgen", "fratelli flli",
    "urbanizacion urb", "poligono pol", "international intl", "university univ", "and und et og och",
)  # fmt: skip

#: Directions: may be left out at a cost. Two of them are written as one word or two.
DIRECTIONS: dict[str, str] = {
    "n": "n north nord norte norr norra nordre", "s": "s south sud sued sur sul syd sodra sondre",
    "e": "e east est este ost oost ostra leste", "w": "w west ouest oeste ovest vest vastra",
    "ne": "ne northeast nordest nordost noreste", "nw": "nw northwest nordouest nordwest noroeste",
    "se": "se southeast sudest sudost sureste", "sw": "sw southwest sudouest sudwest suroeste",
}  # fmt: skip

#: Ordinals written out; those in digits lose what follows them ("5th").
ORDINALS: dict[str, str] = {
    "1": "first erste ersten premier premiere primera primero prima primo primeira 1er 1ere",
    "2": "second zweite zweiten deuxieme segunda segundo seconda secondo",
    "3": "third dritte dritten troisieme tercera terza",
    "4": "fourth vierte quatrieme cuarta quarta", "5": "fifth cinquieme quinta", "6": "sixth",
    "7": "seventh", "8": "eighth", "9": "ninth", "10": "tenth", "11": "eleventh", "12": "twelfth",
    "13": "thirteenth", "14": "fourteenth", "15": "fifteenth", "16": "sixteenth", "17": "seventeenth",
    "18": "eighteenth", "19": "nineteenth", "20": "twentieth", "30": "thirtieth", "40": "fortieth", "50": "fiftieth",
}  # fmt: skip
ORDINAL_ENDINGS = ("st", "nd", "rd", "th", "e", "er", "ere", "eme", "ieme", "nde")

#: Kinds of streets that names end in without a space, and their short forms.
ENDINGS: tuple[str, ...] = (
    "strasse", "strase", "straat", "str", "platz", "plads", "plass", "plats", "plein", "laan", "gatan", "gata", "gaten",
    "gate", "gade", "gt", "vagen", "vag", "vegen", "veien", "vei", "veg", "vej", "allee", "torget", "torg", "gracht",
    "weg", "katu", "pl", "ln",
)  # fmt: skip
#: The same in one letter, before a dot only ("Storg. 5").
DOTTED_ENDINGS: dict[str, str] = {"g": "gatan", "v": "vagen", "k": "katu"}

#: Two words of which the first is one letter: "P.zza", "V.le", "C.so".
PAIRS: tuple[str, ...] = ("pzza", "pza", "vle", "cso", "lgo", "ple", "flli")

#: Between a kind and the name: left out together with it ("Paix" for Rue de la Paix).
ARTICLES = (
    "de la le les du des d l del los las el da do dos das di della dei degli delle the of der die dem den zum zur an am"
)

#: Between the names of two streets that cross.
CONNECTORS = (
    "and und et y e i a og och at ecke angle esquina x corner of de e con med intersection naroznik roh hoek en"
)

#: Before or after the number or letter of a part of a house, which is set aside.
UNITS = (
    "apt apartment apto apart unit suite sainte flat floor fl room rm stock stockwerk og ug etage wohnung whg top "
    "tur stiege piso planta puerta pta interno int scala appt appartement bat batiment escalier esc lok lokal "
    "mieszkanie byt bus boite bte lgh lagenhet leilighet po box pietro patro lot trailer trlr spc space dept bldg "
    "building hinterhaus vorderhaus"
)  # fmt: skip

#: Before a house number.
NUMBER_SIGNS = "no nr num number numero n haus hausnummer house cp cislo nummer nro"
