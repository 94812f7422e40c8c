//! The thinnest line through everything.

use serde_json::json;

use crate::support::on_both;

on_both! {
    fn a_report_that_is_submitted_moves_the_figure_at_once(api) {
        let alliance = api.alliance();
        let partner = api.partner(&alliance, "Eksempelforeningen");
        let before = api.figure(&alliance, "joined");
        assert_eq!((&before["members"], &before["notSubmitted"]), (&json!(1), &json!(1)));
        assert_eq!(before["percent"], json!(null));
        assert_eq!(before["noPercentBecause"], "no-respondents");

        api.submit(&alliance, "open", &partner, json!({"joined": {"value": "yes"}}));

        let after = api.figure(&alliance, "joined");
        assert_eq!((&after["counted"], &after["base"], &after["percent"]), (&json!(1), &json!(1), &json!(100)));
    }
}
