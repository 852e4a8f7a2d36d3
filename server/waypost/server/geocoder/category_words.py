"""Words that people ask for kinds of places with, by the category that data has (that of OpenStreetMap)."""

from __future__ import annotations

#: Category: what it is called, besides its own name, in the languages of most queries; folded, "_" is a blank.
CATEGORY_WORDS: dict[str, str] = {
    "pharmacy": "pharmacies chemist drugstore apotheke pharmacie apotheek farmacia apteka lekarna apotek",
    "hospital": "hospitals krankenhaus spital klinikum hopital ziekenhuis ospedale szpital nemocnice sygehus sykehus "
    "sjukhus",
    "doctors": "doctor arzt medecin huisarts medico lekarz lekar",
    "dentist": "zahnarzt dentiste tandarts dentista dentysta zubar tandlakare",
    "school": "schools schule ecole scuola escuela escola szkola skola skole",
    "kindergarten": "nursery kita creche asilo przedszkole skolka barnehage forskola",
    "university": "universitat universite universiteit universita universidad universidade uniwersytet univerzita",
    "library": "bibliothek bibliotheque bibliotheek biblioteca biblioteka knihovna bibliotek",
    "restaurant": "restaurants ristorante restaurante restauracja restaurace restaurang",
    "cafe": "coffee coffee_shop cafes kaffee kawiarnia kavarna kafe",
    "fast_food": "fastfood takeaway imbiss snack",
    "bar": "bars",
    "pub": "pubs kneipe",
    "bank": "banks banque banca banco",
    "atm": "cash_machine cashpoint geldautomat bankomat distributeur cajero bancomat",
    "post_office": "post postamt poste correos correo poczta posta",
    "police": "polizei politie polizia policia policja policie",
    "fire_station": "feuerwehr pompiers brandweer bomberos bombeiros",
    "fuel": "gas_station gas_stations petrol_station filling_station service_station petrol tankstelle "
    "station_service essence tankstation benzinaio gasolinera stacja",
    "charging_station": "ev_charging ev_charger ladestation",
    "parking": "car_park parking_lot parking_garage parkplatz parkhaus parcheggio aparcamiento estacionamento "
    "parkoviste",
    "supermarket": "supermarkets grocery grocery_store supermarkt supermarche supermercato supermercado supermarkts",
    "bakery": "backerei boulangerie bakkerij panificio panaderia padaria piekarnia pekarna",
    "hotel": "hotels albergo",
    "hostel": "jugendherberge auberge ostello albergue",
    "museum": "museums musee museo museu muzeum",
    "theatre": "theater teatro teatr divadlo",
    "cinema": "movies kino cine bioscoop biograf",
    "place_of_worship": "church churches kirche eglise kerk chiesa iglesia igreja kosciol kostel kirke kyrka mosque "
    "synagogue",
    "park": "parc parco parque",
    "playground": "spielplatz speeltuin",
    "station": "train_station railway_station subway_station metro_station underground_station bahnhof gare estacion "
    "estacao stazione dworzec nadrazi",
    "bus_station": "bus_terminal busbahnhof gare_routiere",
    "townhall": "rathaus mairie gemeentehuis municipio ayuntamiento radnice ratusz",
    "toilets": "wc toilet restroom toilette",
    "swimming_pool": "pool schwimmbad piscine zwembad piscina basen",
    "viewpoint": "aussichtspunkt",
    "alcohol": "liquor_store off_licence wine_shop",
    "convenience": "convenience_store corner_shop",
    "clothes": "clothing_store clothes_shop",
    "hairdresser": "barber hair_salon friseur coiffeur kapper peluqueria parrucchiere fryzjer kadernik frisor",
    "fitness_centre": "gym fitness fitnessstudio",
    "car_repair": "garage auto_repair mechanic werkstatt",
    "post_box": "mailbox briefkasten",
    "pet": "pet_store",
    "books": "bookstore bookshop buchhandlung librairie",
    "veterinary": "vet tierarzt veterinaire",
}  # fmt: skip
