-- Articles of web pages (full_text): entries that wait for their page, and the articles, stored beside the feeds' texts.

ALTER TABLE outlet ADD COLUMN publishes_page INTEGER NOT NULL DEFAULT 0; -- 1 = the article is published instead of the feed's text, if there is one

CREATE TABLE waiting_document (
    -- A document some of whose entries wait for their pages, with the data that deciding about them needs. Deleted with the last of
    -- these entries.
    feed_id          INTEGER NOT NULL REFERENCES feed (id),
    read_at          TEXT NOT NULL, -- when it was read
    previous_success TEXT,          -- when the feed was read before
    stated_at        TEXT,          -- when the feed says that it last changed
    listing          TEXT NOT NULL, -- JSON: its entries, and which keys and links occur twice
    PRIMARY KEY (feed_id, read_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE waiting_entry (
    -- An entry that waits for its page, for at most two minutes, before it is compared with others. Their number is limited for each
    -- host.
    id           INTEGER PRIMARY KEY,
    feed_id      INTEGER NOT NULL REFERENCES feed (id),
    key_hash     INTEGER NOT NULL,
    read_at      TEXT NOT NULL, -- when its document was read
    seen_at      TEXT NOT NULL, -- when it was first seen
    wait_until   TEXT NOT NULL,
    url          TEXT NOT NULL, -- address of the page
    host         TEXT NOT NULL, -- host of the page
    words        INTEGER NOT NULL, -- number of words in the feed's text
    link_repeats INTEGER NOT NULL, -- 1 = another entry of the document has the same link
    raw          INTEGER NOT NULL, -- hash of its bytes
    entry        TEXT NOT NULL,    -- JSON: the entry as read
    UNIQUE (feed_id, key_hash)
) STRICT;
CREATE INDEX waiting_entry_by_host ON waiting_entry (host);                   -- counts the waiting entries of a host
CREATE INDEX waiting_entry_by_document ON waiting_entry (feed_id, read_at); -- finds other waiting entries of a document

CREATE TABLE entry_page (
    -- Result of fetching the page of an entry.
    entry_id INTEGER PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE,
    url      TEXT NOT NULL,
    asked_at TEXT NOT NULL, -- when the page arrived, or when Warraq stopped waiting
    article  TEXT,          -- safe HTML
    missing  TEXT,          -- why there is no article: robots, status, unreachable, timeout, not_a_page, too_short, unreadable, too_many, off
    detail   TEXT,          -- the same in words
    CHECK ((article IS NULL) = (missing IS NOT NULL))
) STRICT;

DROP VIEW texts;
CREATE VIEW texts AS
-- The texts of an entry. summary, content and article are HTML as the sanitiser wrote it, where '>' always ends a tag and five
-- references occur. summary and content are the feed's. article is that of the entry's page, for outlets with full_text: asked at
-- article_at from article_url; article_missing says why there is none, article_detail the same in words. plain is the article, else
-- the longer of the others, without mark-up, a line for each paragraph: JSON's functions split it at each '<', so that every part
-- but the first begins with a tag.
SELECT entry_id,
       summary,
       content,
       article,
       (SELECT trim(replace(replace(replace(replace(replace(replace(replace(replace(lines,
                  char(10), char(1, 2)), char(2, 1), ''), char(1, 2), char(10)),
                  '&nbsp;', char(160)), '&quot;', '"'), '&gt;', '>'), '&lt;', '<'), '&amp;', '&'), ' ' || char(10))
        FROM (SELECT group_concat(iif(rtrim(substr(tag, 1, instr(tag, ' '))) IN (SELECT name FROM block_tag), char(10), '')
                                  || iif(key = 0, value, substr(value, instr(value, '>') + 1)), '') AS lines
              FROM (SELECT key, value, iif(key = 0, ' ', replace(ltrim(value, '/'), '>', ' ')) AS tag
                    FROM json_each('[' || replace(json_quote(replace(html, char(10), ' ')), '<', '","') || ']')))) AS plain,
       article_url,
       article_at,
       article_missing,
       article_detail
FROM (SELECT t.entry_id, t.summary, t.content, p.article, p.url AS article_url, p.asked_at AS article_at,
             p.missing AS article_missing, p.detail AS article_detail,
             coalesce(p.article, iif(coalesce(length(t.summary), 0) > coalesce(length(t.content), 0), t.summary, t.content)) AS html
      FROM entry_text AS t LEFT JOIN entry_page AS p ON p.entry_id = t.entry_id);

PRAGMA user_version = 11;
