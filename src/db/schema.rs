//! One hand-written schema for both databases. A test compares it with what the migrations made.

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    installation_secrets (name) {
        name -> Text,
        value -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    signing_keys (kid) {
        kid -> Text,
        pkcs8 -> Binary,
        public_key -> Binary,
        created_at -> At,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    journals (id) {
        id -> Uid,
        size -> BigInt,
        last_at -> At,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    journal_entries (journal_id, seq) {
        journal_id -> Uid,
        seq -> BigInt,
        entry_at -> At,
        actor_id -> Uid,
        action -> Text,
        subject -> Text,
        partner_id -> Nullable<Uid>,
        bytes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    journal_texts (journal_id, seq, pointer) {
        journal_id -> Uid,
        seq -> BigInt,
        pointer -> Text,
        salt -> Binary,
        text -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    alliances (id) {
        id -> Uid,
        slug -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    programme_versions (alliance_id, version) {
        alliance_id -> Uid,
        version -> BigInt,
        document -> Text,
        sha256 -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    partners (id) {
        id -> Uid,
        alliance_id -> Uid,
        name -> Text,
        name_key -> Text,
        name_sort -> Binary,
        sector -> Text,
        region -> Nullable<Text>,
        municipality -> Nullable<Text>,
        area -> Nullable<Text>,
        cvr -> Nullable<Text>,
        website -> Nullable<Text>,
        part_of -> Nullable<Uid>,
        objectives -> Json,
        joined_on -> Nullable<Date>,
        left_on -> Nullable<Date>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    memberships (id) {
        id -> Uid,
        alliance_id -> Uid,
        partner_id -> Uid,
        position -> BigInt,
        joined_on -> Nullable<Date>,
        left_on -> Nullable<Date>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    commitments (id) {
        id -> Uid,
        alliance_id -> Uid,
        partner_id -> Uid,
        focus_area -> Text,
        goal -> Text,
        target -> Nullable<Json>,
        chosen_on -> Nullable<Date>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    initiatives (id) {
        id -> Uid,
        alliance_id -> Uid,
        lead_partner_id -> Uid,
        title -> Text,
        title_key -> Text,
        title_sort -> Binary,
        summary -> Text,
        focus_areas -> Json,
        target_group -> Text,
        approach -> Nullable<Text>,
        stage -> Nullable<Json>,
        status -> Nullable<Text>,
        starts_on -> Nullable<Text>,
        ends_on -> Nullable<Text>,
        began_before_joining -> Nullable<Bool>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    initiative_partners (initiative_id, partner_id) {
        initiative_id -> Uid,
        partner_id -> Uid,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    initiative_focus_areas (initiative_id, focus_area) {
        initiative_id -> Uid,
        focus_area -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    reports (id) {
        id -> Uid,
        alliance_id -> Uid,
        round -> Text,
        partner_id -> Uid,
        state -> Text,
        state_before -> Text,
        version -> BigInt,
        answers -> Json,
        submitted_version -> Nullable<BigInt>,
        submitted_at -> Nullable<At>,
        on_time -> Nullable<Bool>,
        accepted_version -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    report_parts (report_id, initiative_id) {
        report_id -> Uid,
        initiative_id -> Uid,
        position -> BigInt,
        body -> Json,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    report_versions (report_id, number) {
        report_id -> Uid,
        number -> BigInt,
        body -> Json,
        received_at -> At,
        deadline -> At,
        on_time -> Bool,
        programme_version -> BigInt,
        sha256 -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    report_initiatives (report_id, number, initiative_id) {
        report_id -> Uid,
        number -> BigInt,
        initiative_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    report_points (id) {
        id -> Uid,
        report_id -> Uid,
        position -> BigInt,
        pointer -> Text,
        code -> Text,
        detail -> Text,
        opened_at -> At,
        closed_by_version -> Nullable<BigInt>,
        opened_by -> Nullable<Uid>,
        opened_in_version -> Nullable<BigInt>,
        initiative_id -> Nullable<Uid>,
        closed_at -> Nullable<At>,
        closed_by -> Nullable<Uid>,
        waived_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    keys (id) {
        id -> Uid,
        alliance_id -> Nullable<Uid>,
        role -> Text,
        partner_id -> Nullable<Uid>,
        name -> Text,
        secret_hash -> Binary,
        created_at -> At,
        expires_at -> Nullable<At>,
        revoked_at -> Nullable<At>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    idempotent_answers (caller_id, caller_key, address) {
        caller_id -> Uid,
        caller_key -> Text,
        address -> Text,
        request_hash -> Binary,
        status -> BigInt,
        headers -> Json,
        body -> Binary,
        stored_at -> At,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    series (id) {
        id -> BigInt,
        alliance_id -> Uid,
        indicator -> Text,
        scope -> Text,
        dimension -> Text,
        group_key -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    standings (series_id, subject_id, from_on, from_seq) {
        series_id -> BigInt,
        subject_id -> Uid,
        partner_id -> Uid,
        standing -> Text,
        reason -> Json,
        sector -> Text,
        region -> Nullable<Text>,
        area -> Nullable<Text>,
        focus_areas -> Json,
        from_on -> Date,
        to_on -> Nullable<Date>,
        from_seq -> BigInt,
        to_seq -> BigInt,
        self_reported -> Nullable<Text>,
        documented -> Nullable<Text>,
        external -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    tallies (series_id, from_on, from_seq) {
        series_id -> BigInt,
        from_on -> Date,
        from_seq -> BigInt,
        to_seq -> BigInt,
        counted -> BigInt,
        not_counted -> BigInt,
        not_applicable -> BigInt,
        no_answer -> BigInt,
        not_submitted -> BigInt,
        self_reported -> Text,
        documented -> Text,
        external -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    refolds (alliance_id) {
        alliance_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Uid};

    publications (alliance_id, edition) {
        alliance_id -> Uid,
        edition -> BigInt,
        title -> Text,
        corrects -> Nullable<BigInt>,
        published_at -> At,
        as_of -> At,
        journal_size -> BigInt,
        seq -> BigInt,
        sha256 -> Text,
        signature -> Text,
        document -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    imports (id) {
        id -> Uid,
        alliance_id -> Uid,
        kind -> Text,
        mode -> Text,
        received_at -> At,
        actor_id -> Uid,
        partner_id -> Nullable<Uid>,
        sha256 -> Text,
        byte_count -> BigInt,
        created -> BigInt,
        updated -> BigInt,
        unchanged -> BigInt,
        refused -> BigInt,
        seq -> BigInt,
        warnings -> Json,
        remarks -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    extensions (alliance_id, round, partner_id) {
        alliance_id -> Uid,
        round -> Text,
        partner_id -> Uid,
        until_at -> At,
        reason -> Text,
        granted_at -> At,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    import_refused (import_id) {
        import_id -> Uid,
        kept_at -> At,
        sent -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    journal_hashes (journal_id, level, position) {
        journal_id -> Uid,
        level -> BigInt,
        position -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    unhashed_journals (journal_id) {
        journal_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    erasures_due (journal_id, seq) {
        journal_id -> Uid,
        seq -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    note_keys (public_key) {
        public_key -> Binary,
        pkcs8 -> Binary,
        created_at -> At,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    checkpoints (journal_id, size) {
        journal_id -> Uid,
        size -> BigInt,
        root -> Binary,
        note -> Text,
        signed_at -> At,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{At, Json, Uid};

    partner_names (partner_id, from_seq) {
        partner_id -> Uid,
        from_seq -> BigInt,
        to_seq -> BigInt,
        alliance_id -> Uid,
        name -> Text,
        name_sort -> Binary,
    }
}

diesel::joinable!(report_versions -> reports (report_id));
diesel::joinable!(standings -> series (series_id));
diesel::joinable!(tallies -> series (series_id));
diesel::joinable!(memberships -> partners (partner_id));
diesel::allow_tables_to_appear_in_same_query!(
    installation_secrets,
    signing_keys,
    journals,
    journal_entries,
    journal_texts,
    alliances,
    programme_versions,
    partners,
    memberships,
    commitments,
    initiatives,
    initiative_partners,
    initiative_focus_areas,
    reports,
    report_parts,
    report_versions,
    report_initiatives,
    report_points,
    keys,
    idempotent_answers,
    series,
    standings,
    tallies,
    refolds,
    publications,
    imports,
    extensions,
    import_refused,
    journal_hashes,
    unhashed_journals,
    erasures_due,
    note_keys,
    checkpoints,
    partner_names,
);
