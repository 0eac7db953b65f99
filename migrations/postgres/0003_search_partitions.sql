-- The index of words in partitions of 65,536 entries each. A search reads them from the newest on, and ends when it has found enough, so
-- that what it costs does not grow with the database. What was indexed before is the first partition, as it is.
ALTER TABLE entry_search RENAME TO entry_search_0;
ALTER INDEX entry_search_pkey RENAME TO entry_search_0_pkey;
ALTER INDEX entry_search_words RENAME TO entry_search_0_words;
-- A new partition with a foreign key would wait for a vacuum of all entries. Retention deletes the rows itself.
ALTER TABLE entry_search_0 DROP CONSTRAINT entry_search_entry_id_fkey;

CREATE TABLE entry_search (
    entry_id bigint PRIMARY KEY,
    words tsvector NOT NULL
) PARTITION BY RANGE (entry_id);
COMMENT ON TABLE entry_search IS 'The index of words, over the folded texts of entries up to search_state.indexed_to. Ask it for folded words.';
CREATE INDEX entry_search_words ON entry_search USING gin (words);
COMMENT ON INDEX entry_search_words IS 'which entries have these words?';

CREATE TABLE search_partition (
    first_entry bigint PRIMARY KEY,
    end_entry bigint NOT NULL CHECK (end_entry > first_entry)
);
COMMENT ON TABLE search_partition IS 'The partitions of entry_search: entries from first_entry on and before end_entry are in the table entry_search_FIRST.';

-- Who might read the index still may.
DO $$
DECLARE
    held record;
    ends bigint := (greatest((SELECT max(entry_id) FROM entry_search_0), (SELECT indexed_to FROM search_state)) / 65536 + 1) * 65536;
BEGIN
    EXECUTE format('ALTER TABLE entry_search ATTACH PARTITION entry_search_0 FOR VALUES FROM (MINVALUE) TO (%s)', ends);
    INSERT INTO search_partition VALUES (0, ends);
    FOR held IN SELECT a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee
                FROM pg_class AS c, aclexplode(c.relacl) AS a
                WHERE c.oid = 'entry_search_0'::regclass AND a.grantee <> c.relowner LOOP
        EXECUTE format('GRANT %s ON entry_search TO %s', held.privilege_type, held.grantee);
    END LOOP;
END $$;

-- Attaching a partition waits for nobody who reads; creating it as one would wait for a reader or pg_dump that has the whole table.
-- Partitions that retention has emptied are dropped on this occasion, except while somebody reads them.
CREATE FUNCTION ensure_search_partition(entry_id bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first bigint := entry_id / 65536 * 65536;
    part text := 'entry_search_' || first;
    ends bigint := (SELECT end_entry FROM search_partition WHERE first_entry <= entry_id AND end_entry > entry_id);
    emptied bigint;
BEGIN
    IF ends IS NOT NULL THEN
        RETURN ends;
    END IF;
    FOR emptied IN SELECT p.first_entry FROM search_partition AS p
                   WHERE NOT EXISTS (SELECT 1 FROM entry AS e WHERE e.id >= p.first_entry AND e.id < p.end_entry) LOOP
        BEGIN
            EXECUTE format('LOCK TABLE ONLY entry_search, %I IN ACCESS EXCLUSIVE MODE NOWAIT', 'entry_search_' || emptied);
            EXECUTE format('DROP TABLE %I', 'entry_search_' || emptied);
            DELETE FROM search_partition WHERE first_entry = emptied;
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        END;
    END LOOP;
    ends := first + 65536;
    EXECUTE format('CREATE TABLE %I (LIKE entry_search INCLUDING ALL)', part);
    EXECUTE format('COMMENT ON TABLE %I IS %L', part, 'Entries ' || first || ' to ' || ends - 1 || ' of entry_search.');
    EXECUTE format('ALTER TABLE entry_search ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', part, first, ends);
    INSERT INTO search_partition VALUES (first, ends);
    RETURN ends;
END $$;
COMMENT ON FUNCTION ensure_search_partition(bigint) IS 'Creates the partition of entry_search for an entry if there is none. Returns the entry before which it ends.';

-- Each partition is asked by its name, so that the others are neither planned nor locked. The words are given as a subquery, of which the
-- planner knows nothing: for words that it holds to be frequent it would read and unpack the words of every entry.
CREATE FUNCTION search_matches(asked tsquery, after bigint, up_to bigint, most bigint) RETURNS SETOF bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    part text;
    found bigint := 0;
    more bigint;
BEGIN
    FOR part IN SELECT 'entry_search_' || first_entry FROM search_partition
                WHERE first_entry <= up_to AND end_entry - 1 > after ORDER BY first_entry DESC LOOP
        BEGIN
            RETURN QUERY EXECUTE format(
                'SELECT entry_id FROM (SELECT entry_id FROM %I WHERE words @@ (SELECT $1) OFFSET 0) AS matching '
                'WHERE entry_id > $2 AND entry_id <= $3 ORDER BY entry_id DESC LIMIT $4', part) USING asked, after, up_to, most - found;
            GET DIAGNOSTICS more = ROW_COUNT;
            found := found + more;
        EXCEPTION WHEN undefined_table THEN
            -- It was empty, and was dropped after the transaction had begun.
            NULL;
        END;
        EXIT WHEN found >= most;
    END LOOP;
END $$;
COMMENT ON FUNCTION search_matches(tsquery, bigint, bigint, bigint) IS 'The latest entries with these words after an entry and up to another, the latest first, at most so many.';
