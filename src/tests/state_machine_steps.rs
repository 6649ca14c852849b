//! The steps of the random walks of `state_machine`.

use domain::{
    report::{
        CaseNumber, Satisfaction,
        action::command::{Command, Correction},
        residents::reporter::ReporterCommand,
    },
    slug::Slug,
    staff::Role,
};
use proptest::prelude::*;

fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

#[derive(Clone, Debug)]
pub enum Step {
    Staff {
        id: i64,
        role: Role,
        command: Command,
    },
    Reporter(ReporterCommand),
    /// Enough supporters say 没解决.
    Supporters,
    /// The reporter of a report that was merged into it adds something.
    AddsThrough,
    /// … or says 没解决.
    MergedReporter,
    /// The report that it was merged into was not accepted.
    Parted,
    /// The next days turn out to be holidays.
    Holidays,
    Time,
}

fn commands() -> impl Strategy<Value = Command> {
    let text = || "测试".to_owned();
    let accept = |category: &'static str| Command::Accept {
        category: slug(category),
        grid: slug("grid-01"),
        summary: "测试".to_owned(),
        public_photos: Vec::new(),
    };
    let number = CaseNumber { year: 2026, serial: 2 };
    prop_oneof![
        3 => Just(accept("corridor")),
        1 => Just(accept("dispute")),
        1 => Just(accept("jaywalking")),
        1 => Just(Command::Acknowledge { summary: None }),
        1 => Just(Command::Reject { reason: text() }),
        1 => Just(Command::Ask { text: text() }),
        1 => Just(Command::Answer { text: text() }),
        3 => corrections().prop_map(Command::Correct),
        1 => Just(Command::Duplicate { of: number }),
        1 => Just(Command::Refer { to: text(), number: None }),
        3 => Just(Command::Dispatch { unit: slug("property") }),
        1 => Just(Command::Return { reason: text() }),
        1 => Just(Command::Claim),
        1 => Just(Command::Release),
        3 => Just(Command::Start),
        1 => Just(Command::Settle { text: text() }),
        1 => (1_u16..30).prop_map(|days| Command::Extend { days, reason: "测试".into() }),
        1 => any::<bool>().prop_map(|approved| Command::ApproveExtension { approved }),
        1 => Just(Command::Supervise { text: text() }),
        1 => Just(Command::Note { text: text() }),
        1 => Just(Command::Reply { text: text() }),
        3 => Just(Command::Finish { text: text() }),
        4 => (any::<bool>(), any::<bool>()).prop_map(|(passed, why)| Command::Check {
            passed,
            reason: (why || !passed).then(|| "测试".to_owned()),
        }),
        1 => any::<bool>().prop_map(|solved| Command::Revisit { solved, text: "测试".into() }),
        1 => Just(Command::Reopen { reason: text() }),
        1 => Just(Command::Hide { reason: text() }),
        1 => Just(Command::Unhide),
        1 => Just(Command::Redact { text: text() }),
        1 => Just(Command::Admit),
        1 => Just(Command::Dismiss),
    ]
}

fn corrections() -> impl Strategy<Value = Correction> {
    let one_of = |slugs: &'static [&'static str]| {
        prop::option::of(prop::sample::select(slugs).prop_map(slug))
    };
    (
        one_of(&["corridor", "litter", "dispute", "jaywalking", "praise"]),
        one_of(&["grid-01", "grid-02"]),
        one_of(&["residential", "public-services"]),
        one_of(&["property", "neighbourhood"]),
        prop::option::of(Just("测试".to_owned())),
    )
        .prop_map(|(category, grid, branch, unit, reason)| Correction {
            category,
            grid,
            branch,
            unit,
            reason,
        })
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let role = prop_oneof![Just(Role::GridWorker), Just(Role::BranchLead), Just(Role::Manager)];
    let by_staff = (1_i64..4, role, commands()).prop_map(|(id, role, command)| Step::Staff {
        id,
        role,
        command,
    });
    let by_reporter = prop_oneof![
        Just(ReporterCommand::Add { text: Some("补充".into()), photos: 0, sent: 0 }),
        Just(ReporterCommand::Urge),
        Just(ReporterCommand::Withdraw),
        any::<bool>().prop_map(|solved| ReporterCommand::Rate {
            solved: Some(solved),
            satisfied: None,
            comment: None
        }),
        Just(ReporterCommand::Rate {
            solved: None,
            satisfied: Some(Satisfaction::Fair),
            comment: None
        }),
    ];
    let by_others = prop_oneof![
        Just(Step::Supporters),
        Just(Step::AddsThrough),
        Just(Step::MergedReporter),
        Just(Step::Parted),
        Just(Step::Holidays),
    ];
    let step = prop_oneof![8 => by_staff, 2 => by_reporter.prop_map(Step::Reporter), 1 => by_others, 1 => Just(Step::Time)];
    prop::collection::vec(step, 1..80)
}
