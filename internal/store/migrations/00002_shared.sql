-- +goose Up
-- Work is shared among many copies of the program: whoever looks at a case takes its row of table wake away, so nobody needs to count what the feed changed.

ALTER TABLE team DROP COLUMN rev;
ALTER TABLE coach DROP COLUMN rev;
ALTER TABLE absence DROP COLUMN rev;
ALTER TABLE contact DROP COLUMN rev;
ALTER TABLE training DROP COLUMN rev;

CREATE TABLE seeker_new (
	seeker_id TEXT PRIMARY KEY, first_name TEXT NOT NULL, email TEXT NOT NULL, email_tier TEXT NOT NULL, service_language TEXT NOT NULL,
	municipality TEXT NOT NULL, coach_id TEXT NOT NULL, job_search_started TEXT NOT NULL, job_search_ended TEXT NOT NULL,
	previous_job_search_ended TEXT NOT NULL, unemployment_started TEXT NOT NULL, status TEXT NOT NULL, service_line TEXT NOT NULL,
	supplementary_weeks BIGINT NOT NULL, protected BIGINT NOT NULL,
	gone_at BIGINT NOT NULL DEFAULT 0) WITHOUT ROWID;
INSERT INTO seeker_new SELECT seeker_id, first_name, email, email_tier, service_language, municipality, coach_id, job_search_started, job_search_ended,
	previous_job_search_ended, unemployment_started, status, service_line, supplementary_weeks, protected, gone_at FROM seeker ORDER BY seeker_id;
DROP TABLE seeker;
ALTER TABLE seeker_new RENAME TO seeker;

-- The days on which a case is to be looked at again; '' at once. It lies in the order of the days: those of one day are neighbours, however large the register
-- is. A case may stand here for several days: a look too many finds the same.
CREATE TABLE wake (wake_on TEXT NOT NULL, seeker_id TEXT NOT NULL, PRIMARY KEY (wake_on, seeker_id)) WITHOUT ROWID;
INSERT INTO wake SELECT '', seeker_id FROM seeker WHERE gone_at = 0 ORDER BY seeker_id;

-- What has something to say, as of the day in meta 'agenda_day', of every seeker that does not wake by that day. Everybody does now, and it is found anew.
DROP TABLE agenda;
CREATE TABLE agenda (
	seeker_id TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, anchor TEXT NOT NULL, era TEXT NOT NULL, basis TEXT NOT NULL,
	due_strict TEXT NOT NULL, due TEXT NOT NULL, stage BIGINT NOT NULL, owner TEXT NOT NULL, coach_id TEXT NOT NULL, weight BIGINT NOT NULL,
	PRIMARY KEY (seeker_id, rule, subject, anchor)) WITHOUT ROWID;
CREATE INDEX agenda_clarification ON agenda (stage) WHERE rule = 'clarification';

-- The rev of an appointment counts the imports that touched its seeker, and the letters behind which it had changed: who looked at an older state cannot put it to sleep. What left the register does not wake.
ALTER TABLE appointment ADD COLUMN told_was BIGINT NOT NULL DEFAULT 0;
UPDATE appointment SET wake_at = NULL WHERE gone_at <> 0 OR seeker_id NOT IN (SELECT seeker_id FROM seeker WHERE gone_at = 0);

-- The stages that an owner (coach or team) was told of, each when it first was: so that a past day can be asked about.
CREATE TABLE told_new (
	seeker_id TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, anchor TEXT NOT NULL, owner TEXT NOT NULL, stage BIGINT NOT NULL, told_at BIGINT NOT NULL,
	PRIMARY KEY (seeker_id, rule, subject, anchor, owner, stage));
INSERT INTO told_new SELECT seeker_id, rule, subject, anchor, owner, stage, told_at FROM told;
DROP TABLE told;
ALTER TABLE told_new RENAME TO told;
CREATE INDEX told_phone ON told (rule) WHERE rule IN ('short_notice', 'reach_by_phone');

CREATE INDEX notice_held ON notice (run) WHERE state = 'held';
CREATE INDEX notice_ended ON notice (state, id) WHERE state IN ('held', 'failed');  -- to list what a person decides about
CREATE INDEX notice_waiting ON notice (state, expires_at) WHERE state IN ('held', 'failed');  -- and to count what is still of use
CREATE INDEX skip_at ON skip (at);
CREATE INDEX run_day ON run (day, kind);
CREATE INDEX run_held ON run (day) WHERE state = 'held';

-- What a person let out does not count for the guard: of a run how many letters, and which.
ALTER TABLE run ADD COLUMN released BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notice ADD COLUMN released BIGINT NOT NULL DEFAULT 0;
UPDATE run SET released = planned WHERE state = 'released';
UPDATE notice SET released = 1 WHERE state IN ('pending', 'deferred', 'unsure') AND run IN (SELECT kind || '/' || day FROM run WHERE state = 'released');

-- Stretches of ticks that were left out for good, with the reason.
CREATE TABLE tick_skip (name TEXT NOT NULL, from_at BIGINT NOT NULL, to_at BIGINT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (name, from_at));

-- What one process does at a time. A holder that comes back after another took the lease has a fence that is lost.
CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence BIGINT NOT NULL, until BIGINT NOT NULL);

-- +goose Down
SELECT 'a migration is not undone: restore the backup from before it instead';
