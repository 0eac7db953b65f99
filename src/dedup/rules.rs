//! All thresholds of the decisions, with the reason or measurement for each.
//!
//! "dev" is a labelled set of 581 entries in 377 stories; "real" is 31,525 Arabic entries of five outlets.

use jiff::SignedDuration;

/// Default span of the window: 99 % of real copies came within a day and a half.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(36);

/// Maximum number of entries of one feed in the window, its newest ones. A feed that lists ten thousand new entries would take 30 MB.
/// The largest of 187 captured feeds lists a thousand.
pub const OF_FEED: usize = 1_000;

/// Number of members from which a story is suspected to be a template (the weather of each town under one title) and is logged.
pub const MEMBERS_SUSPECT: u32 = 12;

/// A revision is material when the title is new or more than this share of the text's words changed.
pub const MATERIAL_SHARE: f64 = 0.2;

/// An entry dated this long before its feed's previous successful poll is ordered by its date, not by its arrival. Long enough
/// for what an outlet publishes late, short enough that a feed that was emptied and refilled does not flood channels.
pub const BACKDATED: SignedDuration = SignedDuration::from_hours(48);

/// Number of words of a body that are compared. What comes later is background and links.
pub const BODY: usize = 400;

/// Number of words of the lead. Follow-ups may repeat all of the background, and some pages append the leads of other stories,
/// but copies share the beginning.
pub const LEAD: usize = 40;

/// Number of words in which the other text's lead is searched for, with room for a byline, a dateline or an added sentence.
pub const HEAD: usize = 80;

/// Number of words of a text's start.
pub const START: usize = 14;

/// Number of words in which the other text's start is searched for.
pub const START_WITHIN: usize = 30;

/// Number of words in which a word of the title must recur to count as what the report is about. The table of rare words counts
/// the same words.
pub const OPENING: usize = 60;

/// Texts with fewer words are not compared: captions, teasers, cartoons.
pub const SHORT: usize = 12;

/// Level C: minimum share of each lead found in the other text.
pub const LEAD_SHARE: f64 = 0.30;

/// Level C: minimum share of the shorter body found in the longer.
pub const CONTAINMENT: f64 = 0.35;

/// Level C: minimum sum of the two. Rewritten leads need more of the text, short texts more of the lead.
pub const LEAD_AND_CONTAINMENT: f64 = 0.95;

/// Level C: minimum share of each start found in the other text. Follow-ups that repeat a whole report start differently.
pub const START_SHARE: f64 = 0.12;

/// If the leads share less than this, the starts must agree better. On dev, follow-ups that repeat their report reach .31 of the
/// lead with .15 of the start.
pub const WEAK_LEAD: f64 = 0.40;

/// The minimum share of the starts when the leads agree only weakly.
pub const WEAK_LEAD_START: f64 = 0.20;

/// Level C: minimum share of each title's words with a counterpart in the other text.
pub const TITLE_COUNTERPARTS: f64 = 0.30;

/// Replaces [`TITLE_COUNTERPARTS`] when start, lead and text all agree. Outlets put their own headlines on the same wire report
/// (real pairs with .89 of the lead and .94 of the text share a quarter of the title).
pub const TITLE_COUNTERPARTS_STRONG: f64 = 0.20;

/// Minimum share of the starts for strong evidence. Reports that repeat an earlier one reach .15 on dev.
pub const STRONG_START: f64 = 0.40;

/// Minimum share of the leads for strong evidence.
pub const STRONG_LEAD: f64 = 0.60;

/// Minimum share of the bodies for strong evidence.
pub const STRONG_CONTAINMENT: f64 = 0.70;

/// Level C with equal titles: minimum share of each lead.
pub const LEAD_SHARE_TITLED: f64 = 0.25;

/// Equal titles are evidence only within this time: the next day's column has the same title.
pub const TITLED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Minimum number of words of a title for an equal title to be evidence.
pub const TITLE_WORDS: usize = 5;

/// Number of words at each end of a title by which the index finds it. A slip at one end leaves the other end intact.
pub const TITLE_END: usize = 4;

/// Number of words by which equal titles may differ at one end, for the outlet's name.
pub const TITLE_SUFFIX: usize = 3;

/// How long the title of an entry with hardly any text is remembered.
pub const TITLES_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Level B: minimum Jaccard index of two bodies of one outlet.
pub const NEAR_TEXT: f64 = 0.85;

/// Level B: minimum share of the leads. Level C: from this share on, leads count as nearly equal, and the second veto no longer
/// requires a rare word. On dev this separates 8 more template pairs that only their numbers had separated, and no copies.
pub const NEAR_LEAD: f64 = 0.60;

/// Level B: minimum Jaccard index of the words of the titles.
pub const NEAR_TITLE: f64 = 0.15;

/// Level B: minimum number of digits of an article's number in a path.
pub const NUMBER_DIGITS: usize = 6;

/// Level B: minimum number of hexadecimal digits of an id with both letters and figures. Shorter runs are words ("decade80").
pub const HASH_DIGITS: usize = 12;

/// Level A: if less than this share of the shorter text's word pairs is found in the other, the texts are different. Used for
/// reused guids.
pub const OTHER_TEXT: f64 = 0.1;

/// Level A: a guid counts as reused when the title differs and the stated date is later by more than this.
pub const REUSED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Level A: the same limit as [`REUSED_AFTER`] if the title is the same, as for a weekly cartoon under one guid.
pub const REUSED_TITLED_AFTER: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Level A: an entry with another guid, date and title at the same link is the next one there, even if its text is nearly the same,
/// when its date is later by this or more. An outlet's edit keeps the date (169 of 169 measured pairs).
pub const NEXT_AT_LINK: SignedDuration = SignedDuration::from_hours(12);

/// Level B: an id in the middle of a path may be that of a section, so titles or texts must share at least this much too.
pub const SECTION_LIKENESS: f64 = 0.3;

/// Maximum number of backdated entries of a feed that are placed at the top in one day.
pub const LATE_A_DAY: u32 = 3;

/// No entry older than this is placed at the top, however few there are.
pub const LATE_AT_MOST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Time between the positions of two undated entries of a first poll.
pub const UNDATED_STEP: SignedDuration = SignedDuration::from_hours(6);

/// Undated entries of a first poll count as older than everything of this span.
pub const UNDATED_BEHIND: SignedDuration = SignedDuration::from_hours(24);

/// Level B: maximum number of digits of an article's number. Longer ones are hashes.
pub const NUMBER_DIGITS_MAX: usize = 18;

/// A word is rare when fewer than this share of the entries have it in title or opening.
pub const RARE: f64 = 0.004;

/// Number of entries that the built-in lists of common words stand for, in addition to those of the window. A new installation
/// has learned nothing yet, and a story that ten outlets carry must not make its names common.
pub const RARE_PRIOR: f64 = 5000.0;

/// Maximum number of entries under one key of the index. A pair of words with more is an idiom and is ignored.
pub const POSTINGS: usize = 64;

/// Minimum number of word pairs that a candidate shares with the arrival.
pub const SHARED_PAIRS: u32 = 4;

/// The same for a candidate with a full lead of 39 pairs: [`LEAD_SHARE_TITLED`] of them, minus repeated pairs.
pub const SHARED_PAIRS_WHOLE: u32 = 8;

/// Maximum number of candidates that are compared, most shared pairs first.
pub const CANDIDATES: usize = 16;

/// Number of stories of one outlet in the window that begin with the same three words before these count as boilerplate.
pub const LEARNED: usize = 3;

/// Maximum number of agreeing candidates among which the best is chosen. Those that share the most word pairs come first.
pub const AGREEING: usize = 4;
