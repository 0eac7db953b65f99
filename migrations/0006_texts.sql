-- Texts for people who query the file: an entry's texts, files and categories, what a revision changed, how words are folded.

CREATE VIEW block_tag AS
-- The elements of HTML that begin a new line in a plain text.
SELECT value AS name FROM json_each('["address","area","article","aside","audio","base","blockquote","body","br","button","canvas",
    "caption","center","col","colgroup","dd","details","dialog","dir","div","dl","dt","embed","fieldset","figcaption","figure",
    "footer","form","frame","frameset","h1","h2","h3","h4","h5","h6","head","header","hgroup","hr","html","iframe","img",
    "input","label","legend","li","link","main","map","math","menu","meta","meter","nav","noframes","noscript","object","ol",
    "optgroup","option","output","p","param","picture","pre","progress","rp","rt","ruby","search","section","select","source",
    "style","summary","svg","table","tbody","td","template","textarea","tfoot","th","thead","title","tr","track","ul","video"]');

CREATE VIEW texts AS
-- The texts of an entry. summary and content are HTML as the sanitiser wrote it, where '>' always ends a tag and five references
-- occur. plain is the longer of them without mark-up, a line for each paragraph: JSON's functions split it at each '<', so that every
-- part but the first begins with a tag.
SELECT entry_id,
       summary,
       content,
       (SELECT trim(replace(replace(replace(replace(replace(replace(replace(replace(lines,
                  char(10), char(1, 2)), char(2, 1), ''), char(1, 2), char(10)),
                  '&nbsp;', char(160)), '&quot;', '"'), '&gt;', '>'), '&lt;', '<'), '&amp;', '&'), ' ' || char(10))
        FROM (SELECT group_concat(iif(rtrim(substr(tag, 1, instr(tag, ' '))) IN (SELECT name FROM block_tag), char(10), '')
                                  || iif(key = 0, value, substr(value, instr(value, '>') + 1)), '') AS lines
              FROM (SELECT key, value, iif(key = 0, ' ', replace(ltrim(value, '/'), '>', ' ')) AS tag
                    FROM json_each('[' || replace(json_quote(replace(html, char(10), ' ')), '<', '","') || ']')))) AS plain
FROM (SELECT entry_id, summary, content,
             iif(coalesce(length(summary), 0) > coalesce(length(content), 0), summary, content) AS html
      FROM entry_text);

CREATE VIEW enclosures AS
-- A file that goes with an entry: sound, video, picture, document. text is what its outlet says of it.
SELECT t.entry_id,
       f.value ->> 'url' AS url,
       f.value ->> 'type' AS type,
       f.value ->> 'length' AS length,
       f.value ->> 'text' AS text
FROM entry_text AS t, json_each(t.extras, '$.enclosures') AS f;

CREATE VIEW categories AS
-- What an outlet filed an entry under.
SELECT t.entry_id,
       c.value ->> 'term' AS term,
       c.value ->> 'scheme' AS scheme,
       c.value ->> 'label' AS label
FROM entry_text AS t, json_each(t.extras, '$.categories') AS c;

DROP VIEW revisions;
CREATE VIEW revisions AS
-- A change that an outlet made to an entry after publishing it. A revision keeps what stood there before, where it changed ('' where
-- nothing stood); what stood there after it is what the next change found, else what stands there now. The texts are those that
-- changed, plain as in texts: the content, else the summary.
SELECT entry_id, outlet, seen_at, old_title, new_title, material, what, plains ->> 'old' AS old_text, plains ->> 'new' AS new_text
FROM (SELECT r.*,
             (SELECT json_group_object(html.key,
                  (SELECT trim(replace(replace(replace(replace(replace(replace(replace(replace(lines,
                             char(10), char(1, 2)), char(2, 1), ''), char(1, 2), char(10)),
                             '&nbsp;', char(160)), '&quot;', '"'), '&gt;', '>'), '&lt;', '<'), '&amp;', '&'), ' ' || char(10))
                   FROM (SELECT group_concat(iif(rtrim(substr(tag, 1, instr(tag, ' '))) IN (SELECT name FROM block_tag), char(10), '')
                                             || iif(key = 0, value, substr(value, instr(value, '>') + 1)), '') AS lines
                         FROM (SELECT key, value, iif(key = 0, ' ', replace(ltrim(value, '/'), '>', ' ')) AS tag
                               FROM json_each('[' || replace(json_quote(replace(html.value, char(10), ' ')), '<', '","') || ']')))))
              FROM json_each(json_object(
                  'old', iif(of_summary, old_summary, coalesce(nullif(old_content, ''), nullif(old_summary, ''))),
                  'new', iif(of_summary, new_summary, coalesce(nullif(new_content, ''), nullif(new_summary, ''))))) AS html) AS plains
      FROM (SELECT r.id, r.entry_id, o.slug AS outlet, r.seen_at, r.old_title, r.new_title, r.material, r.what,
                   coalesce(r.old_content, r.new_content) AS old_content,
                   coalesce(r.old_summary, r.new_summary) AS old_summary,
                   r.new_content, r.new_summary,
                   r.old_content IS NULL AND r.old_summary IS NOT NULL AS of_summary
            FROM (SELECT r.*,
                         coalesce((SELECT n.old_content FROM revision AS n
                                   WHERE n.entry_id = r.entry_id AND n.id > r.id AND n.old_content IS NOT NULL
                                   ORDER BY n.id LIMIT 1), t.content) AS new_content,
                         coalesce((SELECT n.old_summary FROM revision AS n
                                   WHERE n.entry_id = r.entry_id AND n.id > r.id AND n.old_summary IS NOT NULL
                                   ORDER BY n.id LIMIT 1), t.summary) AS new_summary
                  FROM revision AS r
                  JOIN entry_text AS t ON t.entry_id = r.entry_id) AS r
            JOIN entry AS e ON e.id = r.entry_id
            JOIN outlet AS o ON o.id = e.outlet_id) AS r) AS r
ORDER BY seen_at DESC, id DESC;

CREATE VIEW folding AS
-- What becomes of a letter in the index of words: a small letter without accent or points, a digit, several, or nothing. A letter
-- that is not here stays as it is.
SELECT key AS letter, value AS folded FROM json_each('{
    "A":"a","B":"b","C":"c","D":"d","E":"e","F":"f","G":"g","H":"h","I":"i","J":"j","K":"k","L":"l","M":"m","N":"n",
    "O":"o","P":"p","Q":"q","R":"r","S":"s","T":"t","U":"u","V":"v","W":"w","X":"x","Y":"y","Z":"z","ª":"a",
    "\u00ad":"","²":"2","³":"3","µ":"μ","¹":"1","º":"o","À":"a","Á":"a","Â":"a","Ã":"a","Ä":"a","Å":"a","Æ":"ae",
    "Ç":"c","È":"e","É":"e","Ê":"e","Ë":"e","Ì":"i","Í":"i","Î":"i","Ï":"i","Ð":"ð","Ñ":"n","Ò":"o","Ó":"o","Ô":"o",
    "Õ":"o","Ö":"o","Ø":"o","Ù":"u","Ú":"u","Û":"u","Ü":"u","Ý":"y","Þ":"þ","ß":"ss","à":"a","á":"a","â":"a","ã":"a",
    "ä":"a","å":"a","æ":"ae","ç":"c","è":"e","é":"e","ê":"e","ë":"e","ì":"i","í":"i","î":"i","ï":"i","ñ":"n","ò":"o",
    "ó":"o","ô":"o","õ":"o","ö":"o","ø":"o","ù":"u","ú":"u","û":"u","ü":"u","ý":"y","ÿ":"y","Ā":"a","ā":"a","Ă":"a",
    "ă":"a","Ą":"a","ą":"a","Ć":"c","ć":"c","Ĉ":"c","ĉ":"c","Ċ":"c","ċ":"c","Č":"c","č":"c","Ď":"d","ď":"d","Đ":"d",
    "đ":"d","Ē":"e","ē":"e","Ĕ":"e","ĕ":"e","Ė":"e","ė":"e","Ę":"e","ę":"e","Ě":"e","ě":"e","Ĝ":"g","ĝ":"g","Ğ":"g",
    "ğ":"g","Ġ":"g","ġ":"g","Ģ":"g","ģ":"g","Ĥ":"h","ĥ":"h","Ħ":"ħ","Ĩ":"i","ĩ":"i","Ī":"i","ī":"i","Ĭ":"i","ĭ":"i",
    "Į":"i","į":"i","İ":"i","ı":"i","Ĳ":"ij","ĳ":"ij","Ĵ":"j","ĵ":"j","Ķ":"k","ķ":"k","Ĺ":"l","ĺ":"l","Ļ":"l",
    "ļ":"l","Ľ":"l","ľ":"l","Ŀ":"l","ŀ":"l","Ł":"l","ł":"l","Ń":"n","ń":"n","Ņ":"n","ņ":"n","Ň":"n","ň":"n","ŉ":"ʼn",
    "Ŋ":"ŋ","Ō":"o","ō":"o","Ŏ":"o","ŏ":"o","Ő":"o","ő":"o","Œ":"oe","œ":"oe","Ŕ":"r","ŕ":"r","Ŗ":"r","ŗ":"r",
    "Ř":"r","ř":"r","Ś":"s","ś":"s","Ŝ":"s","ŝ":"s","Ş":"s","ş":"s","Š":"s","š":"s","Ţ":"t","ţ":"t","Ť":"t","ť":"t",
    "Ŧ":"ŧ","Ũ":"u","ũ":"u","Ū":"u","ū":"u","Ŭ":"u","ŭ":"u","Ů":"u","ů":"u","Ű":"u","ű":"u","Ų":"u","ų":"u","Ŵ":"w",
    "ŵ":"w","Ŷ":"y","ŷ":"y","Ÿ":"y","Ź":"z","ź":"z","Ż":"z","ż":"z","Ž":"z","ž":"z","ſ":"s","Ɓ":"ɓ","Ƃ":"ƃ","Ƅ":"ƅ",
    "Ɔ":"ɔ","Ƈ":"ƈ","Ɖ":"ɖ","Ɗ":"ɗ","Ƌ":"ƌ","Ǝ":"ǝ","Ə":"ə","Ɛ":"ɛ","Ƒ":"ƒ","Ɠ":"ɠ","Ɣ":"ɣ","Ɩ":"ɩ","Ɨ":"ɨ","Ƙ":"ƙ",
    "Ɯ":"ɯ","Ɲ":"ɲ","Ɵ":"ɵ","Ơ":"o","ơ":"o","Ƣ":"ƣ","Ƥ":"ƥ","Ʀ":"ʀ","Ƨ":"ƨ","Ʃ":"ʃ","Ƭ":"ƭ","Ʈ":"ʈ","Ư":"u","ư":"u",
    "Ʊ":"ʊ","Ʋ":"ʋ","Ƴ":"ƴ","Ƶ":"ƶ","Ʒ":"ʒ","Ƹ":"ƹ","Ƽ":"ƽ","Ǆ":"dz","ǅ":"dz","ǆ":"dz","Ǉ":"lj","ǈ":"lj","ǉ":"lj",
    "Ǌ":"nj","ǋ":"nj","ǌ":"nj","Ǎ":"a","ǎ":"a","Ǐ":"i","ǐ":"i","Ǒ":"o","ǒ":"o","Ǔ":"u","ǔ":"u","Ǖ":"u","ǖ":"u",
    "Ǘ":"u","ǘ":"u","Ǚ":"u","ǚ":"u","Ǜ":"u","ǜ":"u","Ǟ":"a","ǟ":"a","Ǡ":"a","ǡ":"a","Ǣ":"æ","ǣ":"æ","Ǥ":"ǥ","Ǧ":"g",
    "ǧ":"g","Ǩ":"k","ǩ":"k","Ǫ":"o","ǫ":"o","Ǭ":"o","ǭ":"o","Ǯ":"ʒ","ǯ":"ʒ","ǰ":"j","Ǳ":"dz","ǲ":"dz","ǳ":"dz",
    "Ǵ":"g","ǵ":"g","Ƕ":"ƕ","Ƿ":"ƿ","Ǹ":"n","ǹ":"n","Ǻ":"a","ǻ":"a","Ǽ":"æ","ǽ":"æ","Ǿ":"o","ǿ":"o","Ȁ":"a","ȁ":"a",
    "Ȃ":"a","ȃ":"a","Ȅ":"e","ȅ":"e","Ȇ":"e","ȇ":"e","Ȉ":"i","ȉ":"i","Ȋ":"i","ȋ":"i","Ȍ":"o","ȍ":"o","Ȏ":"o","ȏ":"o",
    "Ȑ":"r","ȑ":"r","Ȓ":"r","ȓ":"r","Ȕ":"u","ȕ":"u","Ȗ":"u","ȗ":"u","Ș":"s","ș":"s","Ț":"t","ț":"t","Ȝ":"ȝ","Ȟ":"h",
    "ȟ":"h","Ƞ":"ƞ","Ȣ":"ȣ","Ȥ":"ȥ","Ȧ":"a","ȧ":"a","Ȩ":"e","ȩ":"e","Ȫ":"o","ȫ":"o","Ȭ":"o","ȭ":"o","Ȯ":"o","ȯ":"o",
    "Ȱ":"o","ȱ":"o","Ȳ":"y","ȳ":"y","Ⱥ":"ⱥ","Ȼ":"ȼ","Ƚ":"ƚ","Ⱦ":"ⱦ","Ɂ":"ɂ","Ƀ":"ƀ","Ʉ":"ʉ","Ʌ":"ʌ","Ɇ":"ɇ","Ɉ":"ɉ",
    "Ɋ":"ɋ","Ɍ":"ɍ","Ɏ":"ɏ","\u0300":"","\u0301":"","\u0302":"","\u0303":"","\u0304":"","\u0305":"","\u0306":"",
    "\u0307":"","\u0308":"","\u0309":"","\u030a":"","\u030b":"","\u030c":"","\u030d":"","\u030e":"","\u030f":"",
    "\u0310":"","\u0311":"","\u0312":"","\u0313":"","\u0314":"","\u0315":"","\u0316":"","\u0317":"","\u0318":"",
    "\u0319":"","\u031a":"","\u031b":"","\u031c":"","\u031d":"","\u031e":"","\u031f":"","\u0320":"","\u0321":"",
    "\u0322":"","\u0323":"","\u0324":"","\u0325":"","\u0326":"","\u0327":"","\u0328":"","\u0329":"","\u032a":"",
    "\u032b":"","\u032c":"","\u032d":"","\u032e":"","\u032f":"","\u0330":"","\u0331":"","\u0332":"","\u0333":"",
    "\u0334":"","\u0335":"","\u0336":"","\u0337":"","\u0338":"","\u0339":"","\u033a":"","\u033b":"","\u033c":"",
    "\u033d":"","\u033e":"","\u033f":"","\u0340":"","\u0341":"","\u0342":"","\u0343":"","\u0344":"","\u0345":"",
    "\u0346":"","\u0347":"","\u0348":"","\u0349":"","\u034a":"","\u034b":"","\u034c":"","\u034d":"","\u034e":"",
    "\u0350":"","\u0351":"","\u0352":"","\u0353":"","\u0354":"","\u0355":"","\u0356":"","\u0357":"","\u0358":"",
    "\u0359":"","\u035a":"","\u035b":"","\u035c":"","\u035d":"","\u035e":"","\u035f":"","\u0360":"","\u0361":"",
    "\u0362":"","\u0363":"","\u0364":"","\u0365":"","\u0366":"","\u0367":"","\u0368":"","\u0369":"","\u036a":"",
    "\u036b":"","\u036c":"","\u036d":"","\u036e":"","\u036f":"","Ͱ":"ͱ","Ͳ":"ͳ","ʹ":"ʹ","Ͷ":"ͷ","Ϳ":"ϳ","Ά":"α",
    "Έ":"ε","Ή":"η","Ί":"ι","Ό":"ο","Ύ":"υ","Ώ":"ω","ΐ":"ι","Α":"α","Β":"β","Γ":"γ","Δ":"δ","Ε":"ε","Ζ":"ζ","Η":"η",
    "Θ":"θ","Ι":"ι","Κ":"κ","Λ":"λ","Μ":"μ","Ν":"ν","Ξ":"ξ","Ο":"ο","Π":"π","Ρ":"ρ","Σ":"σ","Τ":"τ","Υ":"υ","Φ":"φ",
    "Χ":"χ","Ψ":"ψ","Ω":"ω","Ϊ":"ι","Ϋ":"υ","ά":"α","έ":"ε","ή":"η","ί":"ι","ΰ":"υ","ϊ":"ι","ϋ":"υ","ό":"ο","ύ":"υ",
    "ώ":"ω","Ϗ":"ϗ","ϐ":"β","ϑ":"θ","ϒ":"υ","ϓ":"υ","ϔ":"υ","ϕ":"φ","ϖ":"π","Ϙ":"ϙ","Ϛ":"ϛ","Ϝ":"ϝ","Ϟ":"ϟ","Ϡ":"ϡ",
    "Ϣ":"ϣ","Ϥ":"ϥ","Ϧ":"ϧ","Ϩ":"ϩ","Ϫ":"ϫ","Ϭ":"ϭ","Ϯ":"ϯ","ϰ":"κ","ϱ":"ρ","ϲ":"ς","ϴ":"θ","ϵ":"ε","Ϸ":"ϸ","Ϲ":"σ",
    "Ϻ":"ϻ","Ͻ":"ͻ","Ͼ":"ͼ","Ͽ":"ͽ","Ѐ":"е","Ё":"е","Ђ":"ђ","Ѓ":"г","Є":"є","Ѕ":"ѕ","І":"і","Ї":"і","Ј":"ј","Љ":"љ",
    "Њ":"њ","Ћ":"ћ","Ќ":"к","Ѝ":"и","Ў":"у","Џ":"џ","А":"а","Б":"б","В":"в","Г":"г","Д":"д","Е":"е","Ж":"ж","З":"з",
    "И":"и","Й":"и","К":"к","Л":"л","М":"м","Н":"н","О":"о","П":"п","Р":"р","С":"с","Т":"т","У":"у","Ф":"ф","Х":"х",
    "Ц":"ц","Ч":"ч","Ш":"ш","Щ":"щ","Ъ":"ъ","Ы":"ы","Ь":"ь","Э":"э","Ю":"ю","Я":"я","й":"и","ѐ":"е","ё":"е","ѓ":"г",
    "ї":"і","ќ":"к","ѝ":"и","ў":"у","Ѡ":"ѡ","Ѣ":"ѣ","Ѥ":"ѥ","Ѧ":"ѧ","Ѩ":"ѩ","Ѫ":"ѫ","Ѭ":"ѭ","Ѯ":"ѯ","Ѱ":"ѱ","Ѳ":"ѳ",
    "Ѵ":"ѵ","Ѷ":"ѵ","ѷ":"ѵ","Ѹ":"ѹ","Ѻ":"ѻ","Ѽ":"ѽ","Ѿ":"ѿ","Ҁ":"ҁ","\u0483":"","\u0484":"","\u0485":"","\u0486":"",
    "\u0487":"","Ҋ":"ҋ","Ҍ":"ҍ","Ҏ":"ҏ","Ґ":"ґ","Ғ":"ғ","Ҕ":"ҕ","Җ":"җ","Ҙ":"ҙ","Қ":"қ","Ҝ":"ҝ","Ҟ":"ҟ","Ҡ":"ҡ",
    "Ң":"ң","Ҥ":"ҥ","Ҧ":"ҧ","Ҩ":"ҩ","Ҫ":"ҫ","Ҭ":"ҭ","Ү":"ү","Ұ":"ұ","Ҳ":"ҳ","Ҵ":"ҵ","Ҷ":"ҷ","Ҹ":"ҹ","Һ":"һ","Ҽ":"ҽ",
    "Ҿ":"ҿ","Ӏ":"ӏ","Ӂ":"ж","ӂ":"ж","Ӄ":"ӄ","Ӆ":"ӆ","Ӈ":"ӈ","Ӊ":"ӊ","Ӌ":"ӌ","Ӎ":"ӎ","Ӑ":"а","ӑ":"а","Ӓ":"а","ӓ":"а",
    "Ӕ":"ӕ","Ӗ":"е","ӗ":"е","Ә":"ә","Ӛ":"ә","ӛ":"ә","Ӝ":"ж","ӝ":"ж","Ӟ":"з","ӟ":"з","Ӡ":"ӡ","Ӣ":"и","ӣ":"и","Ӥ":"и",
    "ӥ":"и","Ӧ":"о","ӧ":"о","Ө":"ө","Ӫ":"ө","ӫ":"ө","Ӭ":"э","ӭ":"э","Ӯ":"у","ӯ":"у","Ӱ":"у","ӱ":"у","Ӳ":"у","ӳ":"у",
    "Ӵ":"ч","ӵ":"ч","Ӷ":"ӷ","Ӹ":"ы","ӹ":"ы","Ӻ":"ӻ","Ӽ":"ӽ","Ӿ":"ӿ","Ԁ":"ԁ","Ԃ":"ԃ","Ԅ":"ԅ","Ԇ":"ԇ","Ԉ":"ԉ","Ԋ":"ԋ",
    "Ԍ":"ԍ","Ԏ":"ԏ","Ԑ":"ԑ","Ԓ":"ԓ","Ԕ":"ԕ","Ԗ":"ԗ","Ԙ":"ԙ","Ԛ":"ԛ","Ԝ":"ԝ","Ԟ":"ԟ","Ԡ":"ԡ","Ԣ":"ԣ","Ԥ":"ԥ","Ԧ":"ԧ",
    "Ԩ":"ԩ","Ԫ":"ԫ","Ԭ":"ԭ","Ԯ":"ԯ","\u0591":"","\u0592":"","\u0593":"","\u0594":"","\u0595":"","\u0596":"",
    "\u0597":"","\u0598":"","\u0599":"","\u059a":"","\u059b":"","\u059c":"","\u059d":"","\u059e":"","\u059f":"",
    "\u05a0":"","\u05a1":"","\u05a2":"","\u05a3":"","\u05a4":"","\u05a5":"","\u05a6":"","\u05a7":"","\u05a8":"",
    "\u05a9":"","\u05aa":"","\u05ab":"","\u05ac":"","\u05ad":"","\u05ae":"","\u05af":"","\u05b0":"","\u05b1":"",
    "\u05b2":"","\u05b3":"","\u05b4":"","\u05b5":"","\u05b6":"","\u05b7":"","\u05b8":"","\u05b9":"","\u05ba":"",
    "\u05bb":"","\u05bc":"","\u05bd":"","\u05bf":"","\u05c1":"","\u05c2":"","\u05c4":"","\u05c5":"","\u05c7":"",
    "׈":"","׉":"","\u0610":"","\u0611":"","\u0612":"","\u0613":"","\u0614":"","\u0615":"","\u0616":"","\u0617":"",
    "\u0618":"","\u0619":"","\u061a":"","\u061c":"","ء":"","آ":"ا","أ":"ا","ؤ":"و","إ":"ا","ئ":"ي","ة":"ه","ـ":"",
    "ى":"ي","\u064b":"","\u064c":"","\u064d":"","\u064e":"","\u064f":"","\u0650":"","\u0651":"","\u0652":"",
    "\u0653":"","\u0654":"","\u0655":"","\u0656":"","\u0657":"","\u0658":"","\u0659":"","\u065a":"","\u065b":"",
    "\u065c":"","\u065d":"","\u065e":"","\u065f":"","٠":"0","١":"1","٢":"2","٣":"3","٤":"4","٥":"5","٦":"6","٧":"7",
    "٨":"8","٩":"9","\u0670":"","ٱ":"ا","ٵ":"اٴ","ٶ":"وٴ","ٷ":"ۇٴ","ٸ":"يٴ","پ":"ب","چ":"ج","ژ":"ز","ڤ":"ف","ڨ":"ق",
    "ک":"ك","ڭ":"ك","گ":"ك","ھ":"ه","ۀ":"ه","ہ":"ه","ۂ":"ه","ی":"ي","ې":"ي","ۓ":"ے","ە":"ه","\u06d6":"","\u06d7":"",
    "\u06d8":"","\u06d9":"","\u06da":"","\u06db":"","\u06dc":"","\u06df":"","\u06e0":"","\u06e1":"","\u06e2":"",
    "\u06e3":"","\u06e4":"","\u06e7":"","\u06e8":"","\u06ea":"","\u06eb":"","\u06ec":"","\u06ed":"","۰":"0","۱":"1",
    "۲":"2","۳":"3","۴":"4","۵":"5","۶":"6","۷":"7","۸":"8","۹":"9","Ẁ":"w","ẁ":"w","Ẃ":"w","ẃ":"w","Ẅ":"w","ẅ":"w",
    "Ẇ":"w","ẇ":"w","Ẉ":"w","ẉ":"w","Ẋ":"x","ẋ":"x","Ẍ":"x","ẍ":"x","Ẏ":"y","ẏ":"y","Ẑ":"z","ẑ":"z","Ẓ":"z","ẓ":"z",
    "Ẕ":"z","ẕ":"z","ẖ":"h","ẗ":"t","ẘ":"w","ẙ":"y","ẚ":"aʾ","ẛ":"s","ẞ":"ss","Ạ":"a","ạ":"a","Ả":"a","ả":"a",
    "Ấ":"a","ấ":"a","Ầ":"a","ầ":"a","Ẩ":"a","ẩ":"a","Ẫ":"a","ẫ":"a","Ậ":"a","ậ":"a","Ắ":"a","ắ":"a","Ằ":"a","ằ":"a",
    "Ẳ":"a","ẳ":"a","Ẵ":"a","ẵ":"a","Ặ":"a","ặ":"a","Ẹ":"e","ẹ":"e","Ẻ":"e","ẻ":"e","Ẽ":"e","ẽ":"e","Ế":"e","ế":"e",
    "Ề":"e","ề":"e","Ể":"e","ể":"e","Ễ":"e","ễ":"e","Ệ":"e","ệ":"e","Ỉ":"i","ỉ":"i","Ị":"i","ị":"i","Ọ":"o","ọ":"o",
    "Ỏ":"o","ỏ":"o","Ố":"o","ố":"o","Ồ":"o","ồ":"o","Ổ":"o","ổ":"o","Ỗ":"o","ỗ":"o","Ộ":"o","ộ":"o","Ớ":"o","ớ":"o",
    "Ờ":"o","ờ":"o","Ở":"o","ở":"o","Ỡ":"o","ỡ":"o","Ợ":"o","ợ":"o","Ụ":"u","ụ":"u","Ủ":"u","ủ":"u","Ứ":"u","ứ":"u",
    "Ừ":"u","ừ":"u","Ử":"u","ử":"u","Ữ":"u","ữ":"u","Ự":"u","ự":"u","Ỳ":"y","ỳ":"y","Ỵ":"y","ỵ":"y","Ỷ":"y","ỷ":"y",
    "Ỹ":"y","ỹ":"y","Ỻ":"ỻ","Ỽ":"ỽ","Ỿ":"ỿ"
}');

PRAGMA user_version = 6;
