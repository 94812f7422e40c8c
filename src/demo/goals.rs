//! What the demo's partners set out to do in each focus area. All of it is invented.

/// A focus area with goals and a measure that fit it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Area {
    pub key: &'static str,
    pub goals: [&'static str; 3],
    pub measure: &'static str,
    pub unit: &'static str,
}

const fn area(
    key: &'static str,
    measure: &'static str,
    unit: &'static str,
    goals: [&'static str; 3],
) -> Area {
    Area { key, goals, measure, unit }
}

/// The national ones.
pub const NATIONAL: [Area; 12] = [
    area(
        "sst2020-A",
        "Familier med støtte i barnets første 1.000 dage",
        "familier",
        [
            "Flere familier i udsatte positioner får støtte, før barnet fylder to år.",
            "Sundhedsplejersken kommer på mindst to ekstra besøg hos de familier, der har mest brug for det.",
            "Alle dagtilbud i de udsatte boligområder arbejder systematisk med børns sprog og motorik.",
        ],
    ),
    area(
        "sst2020-B",
        "Unge, der gennemfører en ungdomsuddannelse",
        "procent",
        [
            "Flere unge gennemfører en ungdomsuddannelse.",
            "Fravær i grundskolen opdages og følges op inden for 14 dage.",
            "Unge med langvarig sygdom får en fast kontaktperson på skolen.",
        ],
    ),
    area(
        "sst2020-C",
        "Beboere, der bruger områdets sundhedstilbud",
        "beboere",
        [
            "Beboere i udsatte boligområder bruger sundhedstilbud lige så meget som andre.",
            "Der er et sundhedstilbud i gangafstand i hvert alment boligområde.",
            "Beboere er med til at udvikle de tilbud, de selv skal bruge.",
        ],
    ),
    area(
        "sst2020-D",
        "Borgere, der har fået hjælp til udgifter til sundhed",
        "borgere",
        [
            "Økonomi må ikke afholde nogen fra at gå til tandlæge eller hente medicin.",
            "Flere børn i familier med lav indkomst går til en fritidsaktivitet.",
            "Rådgivning om gæld og sundhed gives samme sted.",
        ],
    ),
    area(
        "sst2020-E",
        "Langtidsledige med en sundhedssamtale",
        "borgere",
        [
            "Langtidsledige får tilbudt en sundhedssamtale på jobcentret.",
            "Sygemeldte får en plan for både helbred og arbejde inden for otte uger.",
            "Flere borgere i langvarig ledighed kommer i gang med fysisk aktivitet.",
        ],
    ),
    area(
        "sst2020-F",
        "Socialt udsatte med kontakt til egen læge det seneste år",
        "procent",
        [
            "Socialt udsatte får sundhedstilbud dér, hvor de i forvejen kommer.",
            "Færre udskrives til gaden uden en aftale om, hvad der skal ske.",
            "Brobyggere følger udsatte borgere til undersøgelse og behandling.",
        ],
    ),
    area(
        "sst2020-G",
        "Nye opholdssteder og stier",
        "steder",
        [
            "Der anlægges trygge stier og mødesteder i områder med mange i udsatte positioner.",
            "Skoler i tæt trafikerede områder får renere luft og mindre støj.",
            "Boliger med skimmel udbedres inden for tre måneder.",
        ],
    ),
    area(
        "sst2020-H",
        "Arbejdspladser med en aftale om sundhed",
        "arbejdspladser",
        [
            "Ansatte i fysisk hårde fag får adgang til træning i arbejdstiden.",
            "Flere arbejdspladser med mange ufaglærte indgår en aftale om sundhed.",
            "Arbejdsskader forebygges sammen med de brancher, der har flest af dem.",
        ],
    ),
    area(
        "sst2020-I",
        "Deltagere, der har ændret en vane efter seks måneder",
        "procent",
        [
            "Flere med kort uddannelse bliver røgfri.",
            "Tilbud om mad, bevægelse og alkohol når dem, der ellers ikke kommer.",
            "Røgfri miljøer bliver det normale dér, hvor børn og unge færdes.",
        ],
    ),
    area(
        "sst2020-J",
        "Vaccinerede i målgruppen",
        "procent",
        [
            "Vaccination tilbydes på væresteder og i boligområder.",
            "Forskellen i tilslutning til børnevaccinationer mellem skoledistrikter mindskes.",
            "Udsatte borgere testes og behandles for leverbetændelse.",
        ],
    ),
    area(
        "sst2020-K",
        "Samtaler med tolk eller brobygger",
        "samtaler",
        [
            "Flere samtaler holdes med tolk, og færre udebliver.",
            "Forløb tilpasses den enkeltes behov og ressourcer fra første samtale.",
            "Data om social ulighed indgår i afdelingens forbedringsarbejde.",
        ],
    ),
    area(
        "sst2020-L",
        "Borgere i job med støtte",
        "borgere",
        [
            "Flere med psykisk sygdom får og beholder et job.",
            "Arbejdspladser åbner små job for borgere med nedsat arbejdsevne.",
            "Mentorer følger unge på kanten af arbejdsmarkedet det første år.",
        ],
    ),
];

/// Of the other schemes.
pub const OTHERS: [Area; 9] = [
    area(
        "sst2012-3",
        "Deltagere i forebyggende tilbud",
        "borgere",
        [
            "Forebyggende tilbud når flere med kort uddannelse.",
            "Tilbud beskrives i et sprog, som alle forstår.",
            "Frivillige hjælper nye deltagere i gang.",
        ],
    ),
    area(
        "sst2012-7",
        "Borgere i kontakt med gadesygeplejersken",
        "borgere",
        [
            "Gadesygeplejersken kommer på alle væresteder hver uge.",
            "Borgere i hjemløshed får hjælp til at komme til læge.",
            "Ingen afvises, fordi de møder for sent.",
        ],
    ),
    area(
        "sst2012-8",
        "Fremmøde til aftalte tider",
        "procent",
        [
            "Færre udebliver fra aftalte tider.",
            "Indkaldelser kan læses og forstås af alle.",
            "Transport må ikke være en hindring for behandling.",
        ],
    ),
    area(
        "forebyggelsespakker-1",
        "Unge, der ikke har været fulde den seneste måned",
        "procent",
        [
            "Unges alkoholdebut udskydes.",
            "Anonym alkoholrådgivning tilbydes hele ugen.",
            "Børn i familier med alkoholproblemer får hjælp.",
        ],
    ),
    area(
        "forebyggelsespakker-2",
        "Deltagere i bevægelsestilbud",
        "borgere",
        [
            "Der er et gratis bevægelsestilbud i hvert område.",
            "Inaktive voksne får en makker at gå ture med.",
            "Foreninger åbner hold for begyndere.",
        ],
    ),
    area(
        "forebyggelsespakker-5",
        "Institutioner med en måltidspolitik",
        "institutioner",
        [
            "Alle institutioner har en måltidspolitik, der følges.",
            "Børn, der kommer uden madpakke, får mad uden at blive udstillet.",
            "Fællesspisning holdes hver uge i boligområdet.",
        ],
    ),
    area(
        "forebyggelsespakker-6",
        "Deltagere i tilbud om mental sundhed",
        "borgere",
        [
            "Færre føler sig ensomme.",
            "Unge kan tale med nogen uden at stå på venteliste.",
            "Medarbejdere klædes på til at tale om mistrivsel.",
        ],
    ),
    area(
        "forebyggelsespakker-8",
        "Unge, der er testet",
        "unge",
        [
            "Gratis prævention og test er let at få fat i.",
            "Erhvervsskoler får undervisning om krop og samtykke.",
            "Unge med kort skolegang nås på deres egne steder.",
        ],
    ),
    area(
        "forebyggelsespakker-11",
        "Rygere, der er røgfri efter seks måneder",
        "procent",
        [
            "Rygestop tilbydes, hvor rygerne er.",
            "Medicin til rygestop er gratis for dem med lav indkomst.",
            "Alle erhvervsskoler er røgfri i skoletiden.",
        ],
    ),
];
