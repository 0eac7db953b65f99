-- A file whose length is stated as usual, under schema 4.
UPDATE entry_text SET extras = '{"enclosures":[{"url":"https://ville.invalid/4.mp3","type":"audio/mpeg","length":12}]}' WHERE entry_id = 70000;
