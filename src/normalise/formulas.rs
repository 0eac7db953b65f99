//! Formulas as text: MathML, and the TeX that scripts would typeset.

use super::attributes::attribute;
use crate::model::escape::push_escaped;
use html5ever::LocalName;
use html5ever::tokenizer::Tag;

/// Maximum number of open elements of a formula that are remembered. Deeper ones lose only the signs of their structure.
const DEPTH: usize = 32;

/// What is open of the formulas of a text.
#[derive(Default)]
pub(super) struct Formulas {
    /// Number of open `math` elements, and (`alttext`) whether their `alttext` was written instead of their contents.
    math: usize,
    alttext: bool,
    /// Number of open `annotation` elements, which repeat a formula in another form.
    annotation: usize,
    open: Vec<Part>,
    /// Whether a formula has ended whose copy for the eyes may follow.
    ended: bool,
    copy: Option<Copy>,
    /// Where the TeX begins in the output that the open script holds.
    tex: Option<usize>,
}

/// An open element of a formula.
struct Part {
    name: LocalName,
    children: usize,
    /// Where its contents begin in the output.
    from: usize,
    /// The element of HTML in which it stands: `sub` or `sup`.
    script: Option<&'static str>,
}

/// A copy of the previous formula as HTML, for the eyes only.
struct Copy {
    name: LocalName,
    /// Number of open elements of this name, from this one on.
    open: usize,
    /// Where it begins in the output.
    from: usize,
}

impl Formulas {
    /// Returns whether this is inside a formula.
    pub(super) fn is_inside(&self) -> bool {
        self.math > 0
    }

    /// Returns whether characters here repeat a formula in another form.
    pub(super) fn hides(&self) -> bool {
        self.annotation > 0 || self.math > 0 && self.alttext
    }

    /// Handles `<math>` and `</math>`.
    pub(super) fn math(&mut self, tag: &Tag, start: bool, out: &mut String) {
        if !start {
            self.math = self.math.saturating_sub(1);
            self.alttext &= self.math > 0;
            if self.math == 0 {
                self.close(0, out);
                self.ended = true;
            }
            return;
        }
        if self.math == 0
            && let Some(text) = attribute(tag, "alttext").filter(|text| !text.trim().is_empty())
        {
            self.alttext = true;
            push_escaped(out, &text);
        }
        self.math += usize::from(!tag.self_closing);
        self.annotation = 0;
    }

    /// Handles a tag inside a formula. Fractions, roots and scripts are written so that they can be read on one line.
    pub(super) fn part(&mut self, tag: &Tag, start: bool, out: &mut String) {
        if matches!(&*tag.name, "annotation" | "annotation-xml") {
            self.annotation = if start { self.annotation + 1 } else { self.annotation.saturating_sub(1) };
            return;
        }
        if self.hides() {
            return;
        }
        if !start {
            if let Some(at) = self.open.iter().rposition(|part| part.name == tag.name) {
                self.close(at, out);
            }
        } else if self.open.len() < DEPTH {
            self.begin(tag, out);
        }
    }

    fn begin(&mut self, tag: &Tag, out: &mut String) {
        let mut script = None;
        if let Some(parent) = self.open.last_mut() {
            parent.children += 1;
            match (&*parent.name, parent.children) {
                ("mfrac", 2) => out.push('/'),
                ("msub" | "msubsup" | "munder" | "munderover", 2) => script = Some("sub"),
                ("msup", 2) | ("msubsup" | "munderover", 3) => script = Some("sup"),
                _ => {}
            }
        }
        if tag.self_closing {
            return;
        }
        if let Some(script) = script {
            out.push_str(if script == "sub" { "<sub>" } else { "<sup>" });
        }
        if *tag.name == *"msqrt" {
            out.push('√');
        }
        self.open.push(Part { name: tag.name.clone(), children: 0, from: out.len(), script });
    }

    /// Ends the open elements of a formula from `at` on.
    fn close(&mut self, at: usize, out: &mut String) {
        while self.open.len() > at
            && let Some(part) = self.open.pop()
        {
            let around = self.open.last().map_or("", |around| &*around.name);
            let in_row = *part.name == *"mrow" && matches!(around, "mfrac" | "msqrt");
            if part.children > 1 && (in_row || *part.name == *"msqrt") {
                // The depth is bounded, so characters are moved a bounded number of times.
                out.insert(part.from, '(');
                out.push(')');
            }
            match part.script {
                Some("sub") => out.push_str("</sub>"),
                Some(_) => out.push_str("</sup>"),
                None => {}
            }
        }
    }

    /// Handles a tag that may belong to the copy of a formula which KaTeX writes behind it for the eyes. Returns whether it ended
    /// the copy, which is removed then. One that is never ended stays.
    pub(super) fn copy(&mut self, tag: &Tag, start: bool, out: &mut String) -> bool {
        if let Some(copy) = self.copy.as_mut().filter(|copy| copy.name == tag.name) {
            copy.open = if start { copy.open + usize::from(!tag.self_closing) } else { copy.open - 1 };
            if copy.open == 0 {
                out.truncate(copy.from);
                self.copy = None;
                // Whatever began inside the copy is gone.
                self.tex = self.tex.map(|from| from.min(out.len()));
                for part in &mut self.open {
                    part.from = part.from.min(out.len());
                }
                return true;
            }
        } else if self.copy.is_none() && self.ended && start && !tag.self_closing && is_copy(tag) {
            self.ended = false;
            self.copy = Some(Copy { name: tag.name.clone(), open: 1, from: out.len() });
        }
        false
    }

    /// Handles `<script>` and `</script>`. Returns whether the script holds TeX (MathJax: `math/tex`), which is kept as text.
    pub(super) fn script(&mut self, tag: &Tag, start: bool, out: &mut String) -> bool {
        if start {
            let holds = !tag.self_closing && attribute(tag, "type").is_some_and(|kind| is_tex(&kind));
            self.tex = holds.then_some(out.len());
            return holds;
        }
        let Some(from) = self.tex.take() else { return false };
        let tex = out[from..].trim();
        // kramdown writes the marks of a CDATA section into comments of TeX.
        let bare = tex.strip_prefix('%').filter(|rest| rest.trim_start_matches([' ', '\t']).starts_with('\n'));
        let tex = bare.map_or(tex, |rest| rest.strip_suffix('%').unwrap_or(rest).trim()).to_owned();
        out.truncate(from);
        out.push_str(&tex);
        true
    }
}

fn is_copy(tag: &Tag) -> bool {
    attribute(tag, "aria-hidden").is_some_and(|hidden| hidden.trim().eq_ignore_ascii_case("true"))
        && attribute(tag, "class").is_some_and(|class| class.split_ascii_whitespace().any(|name| name == "katex-html"))
}

fn is_tex(kind: &str) -> bool {
    let kind = kind.trim().to_ascii_lowercase();
    // MathML in a script is mark-up, not text.
    kind.starts_with("math/") && !kind.starts_with("math/mml")
}
