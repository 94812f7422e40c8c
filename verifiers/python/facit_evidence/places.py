"""What regions and parts of the country are called (data/denmark in Facit's repository). They are in no journal: everybody
knows them."""


def _named(da, en=None):
    return {"da": da, "en": en or da}


REGIONS = {
    "1081": _named("Region Nordjylland", "North Denmark Region"),
    "1082": _named("Region Midtjylland", "Central Denmark Region"),
    "1083": _named("Region Syddanmark", "Region of Southern Denmark"),
    "1084": _named("Region Hovedstaden", "Capital Region of Denmark"),
    "1085": _named("Region Sjælland", "Region Zealand"),
}

# Danmarks Statistik's landsdele, which keep their names in English.
AREAS = {
    "01": _named("Byen København"),
    "02": _named("Københavns omegn"),
    "03": _named("Nordsjælland"),
    "04": _named("Bornholm"),
    "05": _named("Østsjælland"),
    "06": _named("Vest- og Sydsjælland"),
    "07": _named("Fyn"),
    "08": _named("Sydjylland"),
    "09": _named("Østjylland"),
    "10": _named("Vestjylland"),
    "11": _named("Nordjylland"),
    "national": _named("Hele landet", "The whole country"),
}
