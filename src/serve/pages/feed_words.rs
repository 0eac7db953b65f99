//! What the pages about feeds say in the reader's language: states, outcomes, faults, and why a poll is when it is.

use super::super::nouns::Noun;
use super::Frame;
use crate::model::FeedState;
use crate::model::feed_table::FeedsShown;
use crate::model::status::{FeedStatus, NextPollReason, PollFault};

impl Frame {
    /// Returns the state of a feed. A disabled feed has no other.
    pub(super) fn state_words(&self, feed: &FeedStatus) -> &'static str {
        if feed.is_disabled {
            return self.say("موقوفة", "désactivé", "disabled");
        }
        match feed.state {
            FeedState::Active => self.say("تعمل", "actif", "active"),
            FeedState::Failing => self.say("متعثرة", "en échec", "failing"),
            FeedState::Held => self.say("مؤجَّلة", "en attente", "held"),
            FeedState::Gone => self.say("زالت", "disparu", "gone"),
            FeedState::New => self.say("جديدة", "nouveau", "new"),
        }
    }

    /// Returns the class of a feed's state in the style sheet.
    pub(super) fn state_class(feed: &FeedStatus) -> &'static str {
        if feed.is_disabled { "disabled" } else { feed.state.as_str() }
    }

    /// Returns the name of a selection of the table of feeds.
    pub(super) fn selection_words(&self, selection: FeedsShown) -> &'static str {
        match selection {
            FeedsShown::All => self.say("الكل", "Tous", "All"),
            FeedsShown::Failing => self.say("فشلت آخر زيارة", "Dernière visite en échec", "Last poll failed"),
            FeedsShown::Overdue => self.say("متأخرة", "En retard", "Overdue"),
            FeedsShown::Held => self.say("مؤجَّلة", "En attente", "Held"),
            FeedsShown::Gone => self.say("زالت", "Disparus", "Gone"),
            FeedsShown::New => self.say("لم تُقرأ بعد", "Jamais lus", "Never polled"),
            FeedsShown::Fresh => self.say("فيها جديد", "Avec du nouveau", "New content"),
            FeedsShown::Unchanged => self.say("بلا تغيير", "Inchangés", "Unchanged"),
            FeedsShown::Gaps => self.say("فيها ثغرات", "Avec des lacunes", "Missed entries"),
            FeedsShown::Disabled => self.say("موقوفة", "Désactivés", "Disabled"),
        }
    }

    /// Returns the outcome of a poll.
    pub(super) fn outcome_words(&self, outcome: &str) -> &'static str {
        match outcome {
            "fresh" => self.say("محتوى جديد", "contenu nouveau", "new content"),
            "not_modified" | "same_bytes" => self.say("بلا تغيير", "inchangé", "unchanged"),
            "moved" => self.say("انتقل إلى عنوان آخر", "adresse changée", "moved to another address"),
            "gone" => self.say("زالت", "disparu", "gone"),
            _ => self.say("فشل", "échec", "failed"),
        }
    }

    /// Returns what went wrong in a poll; `None` where only the English error says it.
    pub(super) fn fault_words(&self, fault: &PollFault) -> Option<String> {
        let words = match fault.name.as_str() {
            "address" => self.say(
                "العنوان في شبكة غير عمومية",
                "adresse dans un réseau non public",
                "the address is in a network that is not public",
            ),
            "dns" => self.say("اسم الخادم غير موجود", "nom du serveur introuvable", "host name not found"),
            "connect" => self.say("تعذر الاتصال بالخادم", "connexion impossible", "no connection to the server"),
            "tls" => self.say(
                "الاتصال غير آمن: شهادة غير صالحة",
                "connexion sécurisée impossible (certificat)",
                "no secure connection (certificate)",
            ),
            "timeout" => self.say(
                "لم يجب الخادم في الوقت المحدد",
                "le serveur n’a pas répondu à temps",
                "the server did not answer in time",
            ),
            "broken" => self.say("انقطع جواب الخادم", "réponse interrompue", "the response was incomplete"),
            "too_large" => self.say("الملف أكبر من المسموح به", "document trop grand", "the document is too large"),
            "redirects" | "bad_redirect" => {
                self.say("إحالات لا تنتهي إلى شيء", "redirections sans issue", "redirects that lead nowhere")
            }
            "held" => self.say("طلب الخادم الانتظار", "le serveur demande d’attendre", "the server asked to wait"),
            "status" => self.say("رفض الخادم الطلب", "refus du serveur", "the server refused"),
            "empty" => self.say("الملف فارغ", "document vide", "the document is empty"),
            "html" => self.say(
                "صفحة ويب لا تعلن عن خلاصة",
                "une page web qui n’annonce aucun flux",
                "a web page that announces no feed",
            ),
            "not_a_feed" => self.say("ليس خلاصة", "ce n’est pas un flux", "not a feed"),
            "work_limit" | "parser" => {
                self.say("تعذرت قراءة الملف", "lecture impossible", "the document could not be read")
            }
            "storing" => self.say(
                "تعذر حفظ ما جاء في الملف",
                "enregistrement impossible",
                "what the document brought could not be stored",
            ),
            _ => return None,
        };
        // Only a refusal is explained by the status of the response.
        let status = fault.status.filter(|_| matches!(fault.name.as_str(), "status" | "held"));
        Some(status.map_or_else(|| words.to_owned(), |status| format!("{words} (HTTP\u{a0}{status})")))
    }

    /// Formats the number of consecutive failures of a feed.
    pub(super) fn failures(&self, feed: &FeedStatus) -> String {
        self.ui_language.counted(Noun::Failure, feed.failures.into())
    }

    /// Returns why the last poll failed.
    pub(super) fn why_failing(&self, feed: &FeedStatus) -> String {
        let fault = feed.fault.as_ref().and_then(|fault| self.fault_words(fault));
        fault.unwrap_or_else(|| match feed.last_outcome.as_deref() {
            Some("gone") => self.say("قال الخادم إنها زالت", "disparu, dit le serveur (410)", "gone (410)").to_owned(),
            _ => self.say("فشلت آخر زيارة", "la dernière visite a échoué", "the last poll failed").to_owned(),
        })
    }

    /// Returns what determined the time of a poll; empty if unknown.
    pub(super) fn reason_words(&self, reason: &NextPollReason) -> &'static str {
        match reason.decided.as_str() {
            "first" => self.say("لم تُقرأ بعد", "pas encore lu", "not polled yet"),
            "schedule" => self.say("حسب الجدول المحدد", "selon l’horaire fixé", "as scheduled"),
            "rate" => self.say("حسب وتيرة النشر", "selon le rythme de publication", "by its publishing rate"),
            "min_interval" => self.say("أقصر مدة مسموح بها", "délai minimal", "shortest interval"),
            "max_interval" => self.say("أطول مدة مسموح بها", "délai maximal", "longest interval"),
            "hint" => self.say("كما يطلب الخادم", "à la demande du serveur", "as the server asks"),
            "backoff" => self.say("انتظار بعد فشل", "attente après un échec", "waiting after a failure"),
            "hold" => self.say("طلب الخادم الانتظار", "le serveur a demandé d’attendre", "the server asked to wait"),
            "gone" => self.say("زالت حسب الخادم", "disparu selon le serveur", "the server says it is gone"),
            "overdue" => self.say("تأخر موعدها", "en retard", "overdue"),
            "hub" => self.say("موزّع يرسل الجديد", "un hub envoie les nouveautés", "a hub delivers its changes"),
            "pushed_by_hub" => self.say("أرسله موزّع", "envoyé par un hub", "pushed by hub"),
            _ => "",
        }
    }

    /// Returns the inputs of the decision about the next poll: what each is, and its value as HTML.
    pub(super) fn reason_facts(&self, reason: &NextPollReason) -> Vec<(&'static str, String)> {
        let (language, mut facts) = (self.ui_language, Vec::new());
        let mut fact = |name, value: String| facts.push((name, value));
        if let Some(schedule) = &reason.schedule {
            let schedule = crate::model::escape::escaped(schedule);
            fact(self.say("الجدول", "Horaire", "Schedule"), format!("<code dir=\"ltr\">{schedule}</code>"));
        }
        if let Some(rate) = reason.rate {
            let (number, unit) = if rate >= 1.0 {
                (rate, self.say("في الساعة", "par heure", "an hour"))
            } else {
                (rate * 24.0, self.say("في اليوم", "par jour", "a day"))
            };
            fact(
                self.say(
                    "المقالات في هذه الساعة عادة",
                    "Articles, d’habitude à cette heure",
                    "Articles, usually at this hour",
                ),
                format!("{} {unit}", language.decimal(number)),
            );
        }
        if let Some(at) = &reason.expected {
            fact(self.say("المقال القادم متوقع", "Prochain article attendu", "Next article expected"), self.exact(at));
        }
        if let Some((hint, seconds)) = &reason.floor {
            fact(
                self.say("يطلب الخادم ألا يُسأل قبل", "Délai demandé par le serveur", "The server asks to wait at least"),
                format!("{} (<bdi>{}</bdi>)", language.span(*seconds), crate::model::escape::escaped(hint)),
            );
        }
        facts.extend(self.reason_exceptions(reason));
        facts
    }

    /// Returns the inputs that bend the time which the rate gives.
    fn reason_exceptions(&self, reason: &NextPollReason) -> Vec<(&'static str, String)> {
        let (language, mut facts) = (self.ui_language, Vec::new());
        let mut fact = |name, value: String| facts.push((name, value));
        if let Some(hint) = &reason.skipped {
            fact(
                self.say(
                    "أُجِّلت لأنها تستثني هذه الساعات أو الأيام",
                    "Reportée hors des heures ou jours exclus",
                    "Moved because the feed excludes these hours or days",
                ),
                format!("<bdi>{}</bdi>", crate::model::escape::escaped(hint)),
            );
        }
        if let Some(share) = reason.share {
            fact(
                self.say("نصيبها من الزيارات", "Sa part des visites", "Interval from the polling budget"),
                format!("{share:.0} {}", self.say("في اليوم", "par jour", "a day")),
            );
        }
        if let Some(factor) = reason.hurry {
            fact(
                self.say(
                    "تُزار أكثر لأن مقالات فاتت",
                    "Visites plus fréquentes, des articles ayant manqué",
                    "Polled more often, because articles were missed",
                ),
                format!("×\u{a0}{}", language.decimal(factor)),
            );
        }
        if let Some((failures, pause)) = reason.backoff {
            fact(
                self.say(
                    "انتظار بعد إخفاقات متتالية",
                    "Pause après des échecs consécutifs",
                    "Pause after consecutive failures",
                ),
                format!("{} ({failures})", language.span(pause)),
            );
        }
        if let Some(seconds) = reason.hold {
            fact(
                self.say("طلب الخادم الانتظار", "Le serveur demande d’attendre", "The server asks to wait"),
                format!("{} (<bdi>Retry-After</bdi>)", language.span(seconds)),
            );
        }
        facts
    }
}
