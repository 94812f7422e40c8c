//! What the demo's partners write in their reports, and what the secretariat answers. All of it is invented.

pub const PROGRESS: [&str; 13] = [
    "Vi er kommet godt fra start og holder tidsplanen.",
    "Der er nu fast tilmelding, og de første deltagere er begyndt at tage andre med.",
    "Halvåret er gået med at finde lokaler og frivillige.",
    "Tilbuddet kører som planlagt hver uge.",
    "Vi har udvidet med et hold mere, efter at der kom venteliste.",
    "Vi har justeret tidspunktet, så det passer bedre til dem, der arbejder i skiftehold.",
    "Fremgangen er langsommere end ventet, men deltagerne bliver.",
    "Samarbejdet med nabokommunen er kommet på plads.",
    "Der er uddannet nye frivillige, og de gamle er blevet.",
    "Vi har prøvet materialet af med målgruppen og skrevet det om.",
    "Indsatsen er forankret i driften fra næste år.",
    "Antallet af deltagere er steget hver måned.",
    "Vi har afholdt det første fælles møde for alle parter.",
];

pub const LEARNING: [&str; 10] = [
    "Det virker bedst, når den første kontakt er personlig.",
    "Folk kommer, når de bliver inviteret af en, de kender.",
    "En fast tovholder er vigtigere end flere penge.",
    "Målgruppen skal spørges, før tilbuddet er planlagt.",
    "Korte forløb mister dem, vi helst vil nå.",
    "Skriftlige invitationer når ikke frem.",
    "Det er nemmere at rekruttere på steder, hvor folk i forvejen kommer.",
    "Vi undervurderede, hvor lang tid det tager at få tillid.",
    "Transport er en større hindring, end vi troede.",
    "Det hjælper, at tilbuddet hverken kræver henvisning eller login.",
];

pub const BARRIERS: [&str; 7] = [
    "Udskiftning i personalet.",
    "Bevillingen udløber, og vi kender ikke den næste.",
    "Vi må ikke dele oplysninger på tværs, heller ikke når borgeren ønsker det.",
    "Få frivillige uden for de større byer.",
    "Lokalerne blev lukket i en periode.",
    "Det er svært at nå dem, der ikke i forvejen bruger tilbud.",
    "Vi mangler data, der kan vise en forskel.",
];

/// Until the end of 2021.
pub const WHILE_CLOSED: [&str; 2] = [
    "Nedlukningen under corona satte os på pause.",
    "Forsinket på grund af corona, men kontakten til deltagerne er holdt ved lige på telefon.",
];

pub const NOTES: [&str; 8] = [
    "Vi deler gerne vores materiale med andre partnere.",
    "Tallene er talt op i hånden.",
    "Vi har haft ledelsesskifte i perioden.",
    "Vi vil gerne i kontakt med andre, der arbejder med samme målgruppe.",
    "Tak for et godt alliancemøde.",
    "Svaret er drøftet i vores bestyrelse.",
    "Vi er først lige kommet i gang.",
    "Næste halvår venter vi flere deltagere.",
];

pub const COMMENTS: [&str; 6] = [
    "Et skøn.",
    "Talt op ved udgangen af perioden.",
    "Gengangere er kun talt med én gang.",
    "Vi begynder at tælle næste halvår.",
    "Opgjort sammen med vores samarbejdspartner.",
    "Tallet dækker kun den ene af vores indsatser.",
];

/// Of a question about how many people were reached: code and text.
pub const ON_REACH: [(&str, &str); 3] = [
    ("unclear", "Tallet er meget højt. Er det borgere eller antal besøg?"),
    (
        "double-counted",
        "Er de samme borgere talt med flere gange? Vi beder om antallet af forskellige borgere.",
    ),
    (
        "unclear",
        "Dækker tallet hele organisationen? Vi beder kun om de indsatser, I har meldt ind.",
    ),
];

/// Of an outcome without its actual value.
pub const ON_OUTCOME: [(&str, &str); 2] = [
    (
        "missing",
        "Der mangler en opnået værdi. Hvis der endnu ikke er målt, så skriv hvornår det sker.",
    ),
    ("missing", "I har angivet udgangspunkt og mål, men ikke hvor langt I er nået."),
];

/// Of an answer that wants a word of explanation.
pub const ON_PROJECTS: [(&str, &str); 2] = [
    ("explain", "Vil I skrive et par ord om, hvad svaret bygger på?"),
    ("explain", "Vil I i en bemærkning skrive, hvilke indsatser I tænker på?"),
];

/// Of the closing question about new collaborations.
pub const ON_COLLABORATIONS: [(&str, &str); 2] = [
    (
        "unclear",
        "I har svaret »ved ikke«, men nævner et nyt samarbejde i jeres sidste rapport. Kan I svare ja eller nej?",
    ),
    (
        "unclear",
        "Er der nogen hos jer, der kan svare på, om der er indgået nye samarbejder siden 2020?",
    ),
];

/// What is written when a point is mended.
pub const EXPLANATION: &str = "Rettet efter sekretariatets spørgsmål.";
