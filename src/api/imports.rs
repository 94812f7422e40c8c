use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Answer, short_hash};
use super::call::Call;
use super::lists::{List, Paging, flag, unless_any};
use super::partners::unknown;
use super::problem::Failure;
use super::spreadsheet::{self, FileForm};
use super::upload;
use crate::domain::checks::Faults;
use crate::domain::dates::rfc3339;
use crate::domain::id::{ImportId, KeyId, PartnerId};
use crate::domain::import::{Import as Taken, Kind, Mode, Outcome, Remark, Remarked};
use crate::domain::text::{Fault, Language};
use crate::service::Error;
use crate::service::imports::{self, Order, Wanted};
use crate::store;

/// How many faults a problem document lists.
const MOST_FAULTS: usize = 1000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CreateImportQuery {
    /// What the rows are.
    #[param(required = true, value_type = Kind)]
    kind: Option<String>,
    /// What becomes of the other rows where one is refused: none is taken (`atomic`), or they are.
    #[param(value_type = Option<Mode>, default = "atomic")]
    mode: Option<String>,
    /// Tells what would come of it, and writes nothing.
    #[param(value_type = Option<bool>, default = false)]
    dry_run: Option<String>,
}

impl CreateImportQuery {
    fn read(&self) -> Result<(Kind, Mode, bool), Failure> {
        let mut faults = Faults::new();
        let kind = self.kind.as_deref().unwrap_or_default();
        faults.one_of("?kind", kind, &Kind::WORDS);
        let mode = self.mode.as_deref().unwrap_or(Mode::Atomic.word());
        faults.one_of("?mode", mode, &Mode::WORDS);
        let is_dry = flag(&mut faults, "?dryRun", self.dry_run.as_deref());
        unless_any(faults)?;
        let read = Kind::parse(kind).zip(Mode::parse(mode));
        let (kind, mode) = read.unwrap_or((Kind::Partners, Mode::Atomic));
        Ok((kind, mode, is_dry))
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportsQuery {
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// A workbook (XLSX).
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)] // For the document.
struct Workbook(Vec<u8>);

/// A form with one file.
#[derive(ToSchema)]
#[schema(example = json!({"file": "partnere.csv"}))]
#[allow(dead_code)] // For the document.
struct ImportForm {
    #[schema(format = "binary")]
    file: String,
}

/// A file that was taken in. The four counts add up to `rowsRead`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// Null of a dry run.
    pub id: Option<ImportId>,
    pub kind: Kind,
    pub mode: Mode,
    #[schema(format = "date-time")]
    pub received_at: String,
    /// The key that sent it; the nil id is the installation.
    pub actor: KeyId,
    /// Of the file, hexadecimal.
    pub sha256: String,
    /// The file's size.
    pub bytes: i64,
    /// Without the heading and blank lines.
    pub rows_read: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub refused: i64,
    /// The number of its journal entry, behind those of its rows; null of a dry run.
    pub journal_seq: Option<i64>,
}

/// An import with all that there is to say of its file and rows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportWhole {
    #[serde(flatten)]
    pub import: Import,
    /// About the file, such as a column that is not read.
    pub warnings: Vec<ImportRemark>,
    /// Each row that was not simply taken: refused, or taken with a warning.
    pub rows: Vec<ImportRow>,
}

/// A row that was not simply taken, with the first thing to say of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportRow {
    /// As a spreadsheet shows it: the heading is row 1.
    pub row: i64,
    pub outcome: Outcome,
    #[serde(flatten)]
    pub first: ImportRemark,
    /// What else there is to say of it.
    pub more: Vec<ImportRemark>,
}

/// Why a row was refused, or what was warned about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportRemark {
    /// The column's heading in the file; null where it is about the whole row or file.
    pub column: Option<String>,
    /// Stable, kebab-case, never translated.
    #[schema(example = "unknown-partner")]
    pub code: String,
    pub detail: String,
}

impl From<&Taken> for Import {
    fn from(taken: &Taken) -> Import {
        Import {
            id: taken.id,
            kind: taken.kind,
            mode: taken.mode,
            received_at: rfc3339(taken.received_at),
            actor: taken.actor,
            sha256: taken.sha256.clone(),
            bytes: taken.bytes,
            rows_read: taken.counts.rows(),
            created: taken.counts.created,
            updated: taken.counts.updated,
            unchanged: taken.counts.unchanged,
            refused: taken.counts.refused,
            journal_seq: taken.journal_seq,
        }
    }
}

impl ImportWhole {
    fn of(taken: &Taken, language: Language) -> ImportWhole {
        let remark = |remark: &Remark| ImportRemark {
            column: remark.column.clone(),
            code: remark.code.to_string(),
            detail: remark.detail.get(language).to_owned(),
        };
        let row = |row: &Remarked| {
            let (first, more) = row.remarks.split_first()?;
            let more = more.iter().map(remark).collect();
            Some(ImportRow {
                row: row.row,
                outcome: row.outcome,
                first: remark(first),
                more,
            })
        };
        ImportWhole {
            import: Import::from(taken),
            warnings: taken.warnings.iter().map(remark).collect(),
            rows: taken.rows.iter().filter_map(row).collect(),
        }
    }
}

/// Import a file.
///
/// CSV with a heading (comma, semicolon or tab; UTF-8, or Windows-1252), or XLSX: its first visible sheet. Rows match by name (partners), by title and
/// lead partner (initiatives), by partner and focus area (commitments), by round, partner and question or initiative
/// (reports, whose drafts are saved and never submitted); what is there is changed as by PATCH, what is
/// not is created as by POST. An empty cell says nothing; `-` says that there is none. In atomic mode a refused row
/// keeps all out: 422, with `/rows/12/sector` for row 12 and column `sector`. A dry run answers 200 with what would be.
/// At most 10 MiB and 50,000 rows. A partner sends its own rows only, at most 1,000.
#[utoipa::path(tag = "imports", params(CreateImportQuery),
    request_body(content(
        (String = "text/csv", example = "navn;sektor;område\nEksempelforeningen;civil_society;Fyn"),
        (String = "text/plain", example = "name,sector\nEksempelforeningen,civil_society"),
        (String = "application/octet-stream", example = "name,sector\nEksempelforeningen,civil_society"),
        (String = "application/vnd.ms-excel", example = "navn;sektor\nEksempelforeningen;civil_society"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = "(en fil i formatet xlsx)"),
        (ImportForm = "multipart/form-data"))),
    responses(
        (status = 200, description = "A dry run: what would come of it", body = ImportWhole),
        (status = 201, description = "Every row was taken", body = ImportWhole),
        (status = 207, description = "Some rows were refused, the others taken", body = ImportWhole)))]
#[post("/imports")]
pub async fn create_import(mut call: Call) -> HttpResponse {
    let file = upload::file(&call).await;
    if let Ok(file) = &file {
        // The same file is the same request, whatever boundary its form has this time.
        call.body = file.bytes.clone();
    }
    let read = match file {
        Ok(file) => Ok(upload::read(file).await),
        Err(failure) => Err(failure),
    };
    call.write(move |conn, call| {
        let query: CreateImportQuery = call.query()?;
        let read = read?;
        let alliance = call.alliance(conn)?;
        let (kind, mode, dry_run) = query.read()?;
        let order = Order { kind, mode, dry_run };
        let run = imports::run(conn, &call.ctx, &alliance, order, read?, &mut |_, _| {})?;
        let whole = ImportWhole::of(&run.import, call.language);
        match run.import.id {
            None if dry_run => Ok(Answer::ok(&whole).hashed()),
            None => Err(kept_out(&run.import)),
            Some(id) => {
                let answer = Answer::created(format!("{}/{id}", call.path()), &whole).versioned(1);
                let status = match run.import.counts.refused {
                    0 => StatusCode::CREATED,
                    _ => StatusCode::MULTI_STATUS,
                };
                Ok(Answer { status, ..answer })
            }
        }
    })
    .await
}

/// List imports.
///
/// The newest first. A partner sees its own.
#[utoipa::path(tag = "imports", params(ImportsQuery), responses(
    (status = 200, description = "A page of imports", body = List<Import>)))]
#[get("/imports")]
pub async fn list_imports(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: ImportsQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        unless_any(faults)?;
        let own = call.ctx.as_partner(alliance.id);
        let page = paging.page(call)?;
        let rows = store::imports::list(conn, alliance.id, own, &page)?;
        let total = match paging.count {
            true => Some(store::imports::count(conn, alliance.id, own)?),
            false => None,
        };
        let list = paging.cut(call, rows, total, |row| row.id);
        list.map(|row| Import::from(&row)).answer(call)
    })
    .await
}

/// Find an import.
#[utoipa::path(tag = "imports", responses((status = 200, description = "The import", body = ImportWhole)))]
#[get("/imports/{import}")]
pub async fn find_import(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let alliance = call.alliance(conn)?;
        let id = call.id("import", ImportId::parse)?;
        let import = imports::find(conn, &call.ctx, &alliance, id)?;
        Ok(Answer::ok(&ImportWhole::of(&import, call.language)).versioned(1))
    })
    .await
}

/// Download the refused rows as CSV.
///
/// As they were sent, with why in a last column, ready to be mended and sent again. Kept for 90 days.
#[utoipa::path(tag = "imports", responses((status = 200, description = "The refused rows", body = String,
    content_type = "text/csv")))]
#[get("/imports/{import}/refused.csv")]
pub async fn download_refused_csv(call: Call) -> HttpResponse {
    refused_rows(call, FileForm::Csv).await
}

/// Download the refused rows as a workbook.
///
/// As they were sent, with why in a last column, ready to be mended and sent again. Kept for 90 days.
#[utoipa::path(tag = "imports", responses((status = 200, description = "The refused rows", body = Workbook,
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
#[get("/imports/{import}/refused.xlsx")]
pub async fn download_refused_xlsx(call: Call) -> HttpResponse {
    refused_rows(call, FileForm::Xlsx).await
}

async fn refused_rows(call: Call, form: FileForm) -> HttpResponse {
    call.read(move |conn, call| {
        let alliance = call.alliance(conn)?;
        let id = call.id("import", ImportId::parse)?;
        let import = imports::find(conn, &call.ctx, &alliance, id)?;
        let (table, separator) = imports::refused(conn, &call.ctx, &alliance, id, call.language)?;
        let made = (call.language, import.received_at);
        Ok(spreadsheet::answer(&table, form, ("refused", separator), made).versioned(1))
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TemplateQuery {
    /// Whose rows are filled in; a partner's own always are. Needed for reports.
    #[param(format = "uuid")]
    partner: Option<String>,
    /// A round's key. For reports, which need it.
    round: Option<String>,
}

/// Download a template.
///
/// A file to change and send back as an import: headings in the language asked for, and the rows that there are. Sent
/// back as it is, it changes nothing; where there is no report yet, its rows are those of the draft to begin with, and
/// make that. As XLSX it has drop-down cells, and a hidden sheet that says which template it is.
#[utoipa::path(tag = "imports", params(TemplateQuery), responses((status = 200, description = "The template",
    content((String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/imports/templates/{file}")]
pub async fn download_template(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: TemplateQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let (kind, form) = template_file(call.step("file")).ok_or_else(Error::absent)?;
        let partner = query.partner.as_deref().map(PartnerId::parse);
        if partner == Some(None) {
            let given = query.partner.as_deref().unwrap_or_default();
            return Err(Error::from(vec![unknown("?partner", "unknown-partner", given)]).into());
        }
        let language = call.language;
        let wanted = Wanted {
            kind,
            partner: partner.flatten(),
            round: query.round,
            language,
        };
        let table = imports::template(conn, &call.ctx, &alliance, &wanted)?;
        let answer = spreadsheet::answer(&table, form, (kind.word(), None), (language, call.ctx.now));
        // A workbook says when it was made, which is no change.
        let hash = short_hash(&[format!("{table:?}{language:?}{form:?}").as_bytes()]);
        Ok(answer.with_header("etag", format!("\"{hash}\"")))
    })
    .await
}

/// `partners.xlsx`
fn template_file(name: &str) -> Option<(Kind, FileForm)> {
    let (kind, ending) = name.split_once('.')?;
    let form = match ending {
        "csv" => FileForm::Csv,
        "xlsx" => FileForm::Xlsx,
        _ => return None,
    };
    Some((Kind::parse(kind)?, form))
}

/// Atomic mode: the refused rows, each with all its faults, as far as a problem document goes.
fn kept_out(import: &Taken) -> Failure {
    let (refused, rows) = (import.counts.refused, import.counts.rows());
    let faults: Vec<Fault> = import
        .rows
        .iter()
        .filter(|row| row.outcome == Outcome::Refused)
        .flat_map(|row| row.remarks.iter().map(|remark| remark.fault(row.row)))
        .collect();
    let (mut da, mut en) = (
        format!("{refused} af {rows} rækker kan ikke tages ind. Intet er gemt."),
        format!("{refused} of {rows} rows can't be taken in. Nothing was saved."),
    );
    if let Some(left_out) = faults.len().checked_sub(MOST_FAULTS).filter(|left_out| *left_out > 0) {
        da.push_str(&format!(" {left_out} fejl mere er udeladt her."));
        en.push_str(&format!(" {left_out} more faults are left out here."));
    }
    let faults = faults.into_iter().take(MOST_FAULTS).collect();
    let failure = Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "rows-refused", da, en);
    Failure { faults, ..failure }
}
