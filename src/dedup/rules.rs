//! Every threshold of the decisions, with the reason or the measurement behind it.
//!
//! "dev" is a labelled set of 581 entries in 377 stories; "real" is 31,525 Arabic entries of five outlets.

use jiff::SignedDuration;

/// Span of the window when the configuration says nothing: 99 % of real copies came within a day and a half.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(36);

/// Members from which on a story is suspected to be a template (the weather of each town under one title); it is logged.
pub const MEMBERS_SUSPECT: u32 = 12;

/// Members a story never exceeds: no report was seen to be carried by so many outlets.
pub const MEMBERS_MAX: u32 = 64;

/// A revision is material when the title is new or when more than this share of the text's words is.
pub const MATERIAL_SHARE: f64 = 0.2;

/// An entry dated this long before its feed's previous successful poll takes its place by its date, not by its arrival:
/// long enough for what an outlet publishes late, short enough that an emptied and refilled feed floods nobody.
pub const BACKDATED: SignedDuration = SignedDuration::from_hours(48);

/// Words of a body that are compared; what comes later is background and links.
pub const BODY: usize = 400;

/// Words of the lead. Follow-ups recycle up to all of the background, and some pages append other stories' leads;
/// copies share the beginning.
pub const LEAD: usize = 40;

/// Words among which the other text's lead is looked for: room for a byline, a dateline, a sentence put in front.
pub const HEAD: usize = 80;

/// Words with which a text starts.
pub const START: usize = 14;

/// Words among which the other text's start is looked for.
pub const START_WITHIN: usize = 30;

/// Words among which a title's word must recur to be what the report is about; also those that the table of rare words
/// counts.
pub const OPENING: usize = 60;

/// Fewer words than this are no text to compare: captions, teasers, cartoons.
pub const SHORT: usize = 12;

/// Level C: least share of each lead found in the other text.
pub const LEAD_SHARE: f64 = 0.30;

/// Level C: least share of the shorter body found in the longer.
pub const CONTAINMENT: f64 = 0.35;

/// Level C: least sum of the two: rewritten leads need more of the text, short texts more of the lead.
pub const LEAD_AND_CONTAINMENT: f64 = 0.95;

/// Level C: least share of each start found in the other. Follow-ups that recycle a whole report start otherwise.
pub const START_SHARE: f64 = 0.12;

/// Share of the leads below which the starts must agree better: on dev, follow-ups that recycle their report reach .31 of
/// the lead with .15 of the start.
pub const WEAK_LEAD: f64 = 0.40;

/// As [`START_SHARE`], for weak leads.
pub const WEAK_LEAD_START: f64 = 0.20;

/// Level C: least share of each title's words with a counterpart in the other's text.
pub const TITLE_COUNTERPARTS: f64 = 0.30;

/// As [`TITLE_COUNTERPARTS`] where start, lead and text all agree: outlets put headlines of their own on one wire report
/// (real pairs with .89 of the lead and .94 of the text share a quarter of the title).
pub const TITLE_COUNTERPARTS_STRONG: f64 = 0.20;

/// Share of the starts from which on a text counts as strong evidence; recycled reports reach .15 on dev.
pub const STRONG_START: f64 = 0.40;

/// As [`STRONG_START`], for the leads.
pub const STRONG_LEAD: f64 = 0.60;

/// As [`STRONG_START`], for the bodies.
pub const STRONG_CONTAINMENT: f64 = 0.70;

/// Level C with equal titles: least share of each lead.
pub const LEAD_SHARE_TITLED: f64 = 0.25;

/// Equal titles say something this long: the next day's column has the same one.
pub const TITLED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Words from which on an equal title says something at all.
pub const TITLE_WORDS: usize = 5;

/// Words of each end of a title by which the index finds it: one slip within leaves the other end.
pub const TITLE_END: usize = 4;

/// Words by which equal titles may differ at one end: the outlet's own name.
pub const TITLE_SUFFIX: usize = 3;

/// How long a title is remembered with which an outlet headed an entry that has next to no text.
pub const TITLES_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Level B: least Jaccard index of two bodies of one outlet.
pub const NEAR_TEXT: f64 = 0.85;

/// Level B: least share of the leads. Level C: from here on leads are nearly one, and the second veto asks for no rare
/// word: on dev that tells apart 8 template pairs more that only their numbers did, and no copies.
pub const NEAR_LEAD: f64 = 0.60;

/// Level B: least Jaccard index of the titles' words.
pub const NEAR_TITLE: f64 = 0.15;

/// Level B: least digits of an article's number in a path.
pub const NUMBER_DIGITS: usize = 6;

/// Level B: least hexadecimal digits of an id, letters and figures mixed: shorter runs are words ("decade80").
pub const HASH_DIGITS: usize = 12;

/// Level A: share of the shorter text's word pairs below which two texts are other texts, where a guid is used again.
pub const OTHER_TEXT: f64 = 0.1;

/// Level A: a guid is used again when the stated date moved by more than this and the title is another.
pub const REUSED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Level A: the same with the same title: a weekly cartoon under one guid.
pub const REUSED_TITLED_AFTER: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Level B: an id in the midst of a path may be a section's: titles or texts must share this much too.
pub const SECTION_LIKENESS: f64 = 0.3;

/// Backdated entries that a feed brings in a day without flooding anybody: they come in at the top.
pub const LATE_A_DAY: u32 = 3;

/// No entry older than this comes in at the top, however few there are.
pub const LATE_AT_MOST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Between two undated entries of a first poll.
pub const UNDATED_STEP: SignedDuration = SignedDuration::from_hours(6);

/// Undated entries of a first poll stand behind everything of this span.
pub const UNDATED_BEHIND: SignedDuration = SignedDuration::from_hours(24);

/// Level B: most digits; longer ones are hashes.
pub const NUMBER_DIGITS_MAX: usize = 18;

/// A word is rare when fewer than this share of entries has it in its opening.
pub const RARE: f64 = 0.004;

/// Entries that the built-in lists of common words count for, beside those of the window: a new installation has learned
/// nothing yet, and a story that ten outlets carry must not make its names common.
pub const RARE_PRIOR: f64 = 5000.0;

/// Entries of one pair of words beyond which the index passes it over: it is an idiom.
pub const POSTINGS: usize = 64;

/// Word pairs that a candidate shares at least with the arrival.
pub const SHARED_PAIRS: u32 = 4;

/// As [`SHARED_PAIRS`] where the candidate has a whole lead of 39 pairs: [`LEAD_SHARE_TITLED`] of them, less what recurs.
pub const SHARED_PAIRS_WHOLE: u32 = 8;

/// Candidates that are compared at most, most shared pairs first.
pub const CANDIDATES: usize = 16;

/// Stories of one outlet in the window that begin with the same three words for these to be boilerplate.
pub const LEARNED: usize = 3;

/// Candidates that agree among which the best is chosen; those that share most pairs of words come first.
pub const AGREEING: usize = 4;
