//! Who takes part in the demo: 107 invented partners, in the order in which they join.
//!
//! Each name says by itself that it is invented. An invented municipality has a region and a landsdel, but
//! no municipality's code: each of those belongs to a real one. Whoever only lies in a place has its code.

/// An invented partner and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    pub name: &'static str,
    pub sector: &'static str,
    /// A landsdel's code, or `national`.
    pub area: &'static str,
    /// Empty where there is none.
    pub municipality: &'static str,
}

/// The partner whose key the demo hands out.
pub const OWN: &str = "Eksempelkøbing Kommune";

/// Has committed to a prevention package and to no national focus area.
pub const ONLY_A_PACKAGE: &str = "Fiktiv Apotekerkæde A/S";

/// Has committed to nothing.
pub const NOTHING_CHOSEN: &str = "Biblioteket Den Tænkte Bog";

/// These neither lead an initiative nor take part in one.
pub const WITHOUT_INITIATIVES: [&str; 6] = [
    NOTHING_CHOSEN,
    "Nævnet for Tænkte Tilfælde",
    "Kiropraktorernes Fiktive Forening",
    "Eksempelforsikring A/S",
    "Migranternes Fiktive Råd",
    "Utopirup Kommune",
];

/// A partner that departs: on which day it is first outside, why, and when it joins again, if it does.
pub struct Departing {
    pub name: &'static str,
    pub left_on: &'static str,
    pub reason: &'static str,
    pub rejoined_on: Option<&'static str>,
}

pub const DEPARTING: [Departing; 3] = [
    Departing {
        name: "Eksempelhjælpen for Familier",
        left_on: "2021-07-01",
        reason: "Foreningen holder pause efter et formandsskifte.",
        rejoined_on: Some("2022-03-01"),
    },
    Departing {
        name: "Det Påfundne Lægehus",
        left_on: "2023-10-02",
        reason: "Lægehuset lukker.",
        rejoined_on: None,
    },
    Departing {
        name: "Foreningen Fiktivt Fællesskab nr. 7",
        left_on: "2023-12-01",
        reason: "Foreningen er lagt sammen med Foreningen Fiktivt Fællesskab nr. 12.",
        rejoined_on: None,
    },
];

/// Parts and the partner that each is a part of, which joins before it.
pub const PARTS: [(&str, &str); 5] = [
    ("Prøvedal Kommunes Sundhedscenter", "Prøvedal Kommune"),
    ("Sundhedshuset i Eksempelkøbing", "Eksempelkøbing Kommune"),
    ("Påfundby Kommune, Børne- og Ungeforvaltningen", "Påfundby Kommune"),
    ("Jobcenter Demoborg", "Demoborg Kommune"),
    ("Eksempelhospitalet, Socialsygeplejen", "Eksempelhospitalet"),
];

const MUNICIPALITY: &str = "municipality";
const REGION: &str = "region";
const AUTHORITY: &str = "public_authority";
const CIVIL: &str = "civil_society";
const UNION: &str = "union_professional";
const RESEARCH: &str = "research_education";
const BUSINESS: &str = "private_business";
const OTHER: &str = "other";

const fn all_over(name: &'static str, sector: &'static str) -> Named {
    Named { name, sector, area: "national", municipality: "" }
}

const fn around(name: &'static str, sector: &'static str, area: &'static str) -> Named {
    Named { name, sector, area, municipality: "" }
}

const fn in_place(
    name: &'static str,
    sector: &'static str,
    area: &'static str,
    municipality: &'static str,
) -> Named {
    Named { name, sector, area, municipality }
}

/// How many of `PARTNERS` are there from the launch in November 2019.
pub const AT_LAUNCH: usize = 12;
/// How many have joined by the kick-off on 11 August 2020.
pub const BY_KICK_OFF: usize = 35;
/// How many have joined by the end of 2022.
pub const BY_END_OF_2022: usize = 100;

pub const PARTNERS: [Named; 107] = [
    all_over("Sammenslutningen af Opdigtede Regioner", REGION),
    all_over("Sammenslutningen af Opdigtede Kommuner", MUNICIPALITY),
    all_over("Den Opdigtede Kræftforening", CIVIL),
    all_over("Opdigtet Lægeforening", UNION),
    all_over("Det Opdigtede Sygeplejeråd", UNION),
    all_over("Jordemødrenes Tænkte Fagforening", UNION),
    all_over("Paraplyen af Opdigtede Patientforeninger", CIVIL),
    all_over("Det Fiktive Idrætsforbund", CIVIL),
    all_over("Opdigtet Pension A/S", BUSINESS),
    all_over("Eksempelforbundet for Social- og Sundhedsansatte", UNION),
    all_over("Fagligt Selskab for Fiktive Sundhedsplejersker", UNION),
    around(OWN, MUNICIPALITY, "08"),
    // From January 2020 to the kick-off.
    all_over("Opdigtet Patientforening for Lungesyge", CIVIL),
    all_over("Prøvesagen for Ældre", CIVIL),
    around("Eksempelhospitalet", REGION, "07"),
    all_over("Institut for Tænkt Folkesundhed", RESEARCH),
    around("Prøvedal Kommune", MUNICIPALITY, "09"),
    all_over("Eksempelhjælpen for Familier", CIVIL),
    all_over("Fiktivt Forbund for Kost og Måltider", UNION),
    all_over("Sindets Eksempelforening", CIVIL),
    around("Demoborg Kommune", MUNICIPALITY, "02"),
    all_over("Opdigtet Pædagogforbund", UNION),
    all_over("Handicapforeningernes Opdigtede Paraply", CIVIL),
    around("Opdigtby Kommune", MUNICIPALITY, "11"),
    all_over("Opdigtede Almene Boliger", OTHER),
    all_over("Ergoterapeuternes Eksempelforening", UNION),
    all_over("De Tænkte Fysioterapeuters Forbund", UNION),
    all_over("Styrelsen for Opdigtede Anliggender", AUTHORITY),
    in_place("Værestedet Den Opdigtede Dør", CIVIL, "01", "0101"),
    around("Fiktivt Regionshospital Opdigtby", REGION, "11"),
    around("Påfundby Kommune", MUNICIPALITY, "07"),
    all_over("Opdigtet Socialrådgiverforbund", UNION),
    in_place("Afdeling for Fiktiv Socialmedicin, Eksempeluniversitetet", RESEARCH, "01", "0101"),
    all_over("Foreningen Fiktivt Fællesskab nr. 7", CIVIL),
    all_over("Eksempelrådet for Lige Adgang", AUTHORITY),
    // From September 2020 to the end of 2022.
    around("Tænktlev Kommune", MUNICIPALITY, "05"),
    all_over("Landsforeningen for Tænkte Pårørende", CIVIL),
    around("Indvandrermedicinsk Klinik, Det Opdigtede Universitetshospital", REGION, "09"),
    all_over("Selskab for Fiktiv Samfundsmedicin", UNION),
    in_place("Forskningsenheden for Opdigtet Almen Praksis, Nord", RESEARCH, "11", "0851"),
    around("Fiktivsund Kommune", MUNICIPALITY, "03"),
    all_over("Opdigtet Patientforening for Hjertesyge", CIVIL),
    around("Prøvedal Kommunes Sundhedscenter", MUNICIPALITY, "09"),
    all_over("Gadens Opdigtede Stemme", CIVIL),
    in_place("Det Fiktive Tandsundhedscenter", REGION, "01", "0147"),
    all_over("Fonden for Fiktiv Forebyggelse", OTHER),
    around("Attrapholm Kommune", MUNICIPALITY, "06"),
    all_over("Det Opdigtede Prioriteringsnævn", AUTHORITY),
    in_place("Forskningsenheden for Opdigtet Almen Praksis, Syd", RESEARCH, "07", "0461"),
    all_over("Opdigtet Selskab for Almen Praksis", UNION),
    around("Psykiatrisk Center Tænktlev", REGION, "05"),
    all_over("Eksempelnetværket for Etniske Minoriteter", CIVIL),
    around("Pladsholderup Kommune", MUNICIPALITY, "10"),
    all_over("Ungdommens Prøveråd", CIVIL),
    around("Opdigtet Diabetescenter Øst", REGION, "05"),
    in_place("Det Påfundne Lægehus", BUSINESS, "08", "0561"),
    all_over("Center for Fiktiv Forebyggelsesforskning", RESEARCH),
    around("Skabelonstrup Kommune", MUNICIPALITY, "09"),
    all_over("Tandplejernes Opdigtede Forbund", UNION),
    in_place("Idrætsforeningen Fiktivitas", CIVIL, "09", "0751"),
    around("Eksempelhospitalet, Socialsygeplejen", REGION, "07"),
    all_over("Landsbyernes Opdigtede Råd", CIVIL),
    around("Kladdested Kommune", MUNICIPALITY, "08"),
    all_over("Professionshøjskolen Påfund", RESEARCH),
    in_place("Boligforeningen Eksempelparken", OTHER, "09", "0730"),
    around("Opdigtet Diabetescenter Vest", REGION, "10"),
    all_over(ONLY_A_PACKAGE, BUSINESS),
    around("Fantasirup Kommune", MUNICIPALITY, "06"),
    all_over("Brugernes Fiktive Forening", CIVIL),
    around("Sundhedshuset i Eksempelkøbing", MUNICIPALITY, "08"),
    all_over("Påfundets Psykologforening", UNION),
    in_place("Café Tænkt Eksempel", CIVIL, "04", "0400"),
    in_place("Forskningsenheden for Opdigtet Almen Praksis, Vest", RESEARCH, "09", "0751"),
    around("Luftkastelø Kommune", MUNICIPALITY, "07"),
    all_over("Det Opdigtede Fængselsvæsens Sundhedstjeneste", AUTHORITY),
    around("Demoborg Hospital", REGION, "02"),
    all_over("Foreningen for Tænkt Tandsundhed", CIVIL),
    around("Hypoteseby Kommune", MUNICIPALITY, "02"),
    all_over("Eksempelforeningen mod Ensomhed", CIVIL),
    in_place("Mandefællesskabet Påfund", CIVIL, "11", "0787"),
    around("Opdigtet Præhospital", REGION, "04"),
    all_over("Tænkt Teknologi til Sundhed ApS", BUSINESS),
    around("Modelhavn Kommune", MUNICIPALITY, "11"),
    in_place("Social- og Sundhedsskolen Eksempel", RESEARCH, "06", "0370"),
    all_over("Kiropraktorernes Fiktive Forening", UNION),
    around("Påfundby Kommune, Børne- og Ungeforvaltningen", MUNICIPALITY, "07"),
    all_over("Opdigtet Oplysningsforbund", CIVIL),
    around("Den Tænkte Fødeafdeling, Attrapholm Sygehus", REGION, "06"),
    all_over("Videnscenter for Opdigtet Ulighed", RESEARCH),
    in_place("Familiernes Fantasihus", CIVIL, "08", "0630"),
    around("Sagnlev Kommune", MUNICIPALITY, "05"),
    all_over("Fagforbundet Prøve & Eksempel", UNION),
    around("Jobcenter Demoborg", MUNICIPALITY, "02"),
    all_over("Nævnet for Tænkte Tilfælde", AUTHORITY),
    around("Fiktiv Klinik for Tværsektoriel Rehabilitering", REGION, "08"),
    all_over("Migranternes Fiktive Råd", CIVIL),
    around("Blindprøvelev Kommune", MUNICIPALITY, "10"),
    all_over("Prøvemedico (opdigtet) ApS", BUSINESS),
    in_place("Den Selvejende Institution Det Opdigtede Hus", CIVIL, "03", "0217"),
    around("Ingensteds-Overalt Kommune", MUNICIPALITY, "11"),
    // In 2023.
    all_over("Foreningen Fiktivt Fællesskab nr. 12", CIVIL),
    all_over("Farmaceuternes Tænkte Forening", UNION),
    in_place("Almen Praksis-enheden i Det Opdigtede", REGION, "10", "0657"),
    all_over(NOTHING_CHOSEN, OTHER),
    around("Utopirup Kommune", MUNICIPALITY, "03"),
    all_over("Eksempelforsikring A/S", BUSINESS),
    in_place("Den Fiktive Natteravn", CIVIL, "10", "0779"),
];
