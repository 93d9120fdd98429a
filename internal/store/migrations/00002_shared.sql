-- +goose Up
-- Many copies of the program share the work: whoever evaluates a case deletes its row of table wake, so the changes of
-- the feed need not be counted.

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

-- The days on which a case is evaluated again; '' at once. The rows of one day are stored together, however large the
-- register is. A case may have several days: evaluating it more often finds the same.
CREATE TABLE wake (wake_on TEXT NOT NULL, seeker_id TEXT NOT NULL, PRIMARY KEY (wake_on, seeker_id)) WITHOUT ROWID;
INSERT INTO wake SELECT '', seeker_id FROM seeker WHERE gone_at = 0 ORDER BY seeker_id;

-- What has something to say, as of the day in meta 'agenda_day', for every seeker who does not wake by that day.
-- Now all seekers wake, and the agenda is computed anew.
DROP TABLE agenda;
CREATE TABLE agenda (
	seeker_id TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, anchor TEXT NOT NULL, era TEXT NOT NULL, basis TEXT NOT NULL,
	due_strict TEXT NOT NULL, due TEXT NOT NULL, stage BIGINT NOT NULL, owner TEXT NOT NULL, coach_id TEXT NOT NULL, weight BIGINT NOT NULL,
	PRIMARY KEY (seeker_id, rule, subject, anchor)) WITHOUT ROWID;
CREATE INDEX agenda_clarification ON agenda (stage) WHERE rule = 'clarification';

-- The rev of an appointment counts the imports that touched its seeker, and the letters after whose claim it changed:
-- evaluating an older state cannot put it to sleep. What left the register does not wake.
ALTER TABLE appointment ADD COLUMN told_was BIGINT NOT NULL DEFAULT 0;
UPDATE appointment SET wake_at = NULL WHERE gone_at <> 0 OR seeker_id NOT IN (SELECT seeker_id FROM seeker WHERE gone_at = 0);

-- The stages that an owner (coach or team) was told, and when first, so that a past day can be explained.
CREATE TABLE told_new (
	seeker_id TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, anchor TEXT NOT NULL, owner TEXT NOT NULL, stage BIGINT NOT NULL, told_at BIGINT NOT NULL,
	PRIMARY KEY (seeker_id, rule, subject, anchor, owner, stage));
INSERT INTO told_new SELECT seeker_id, rule, subject, anchor, owner, stage, told_at FROM told;
DROP TABLE told;
ALTER TABLE told_new RENAME TO told;
CREATE INDEX told_phone ON told (rule) WHERE rule IN ('short_notice', 'reach_by_phone');

CREATE INDEX notice_held ON notice (run) WHERE state = 'held';
CREATE INDEX notice_ended ON notice (state, id) WHERE state IN ('held', 'failed');  -- lists what waits for a person
CREATE INDEX notice_waiting ON notice (state, expires_at) WHERE state IN ('held', 'failed');  -- counts what is still of use
CREATE INDEX skip_at ON skip (at);
CREATE INDEX run_day ON run (day, kind);
CREATE INDEX run_held ON run (day) WHERE state = 'held';

-- Letters that a person released do not count for the guard: how many of a run, and which.
ALTER TABLE run ADD COLUMN released BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notice ADD COLUMN released BIGINT NOT NULL DEFAULT 0;
UPDATE run SET released = planned WHERE state = 'released';
UPDATE notice SET released = 1 WHERE state IN ('pending', 'deferred', 'unsure') AND run IN (SELECT kind || '/' || day FROM run WHERE state = 'released');

-- Stretches of ticks that were skipped, with the reason.
CREATE TABLE tick_skip (name TEXT NOT NULL, from_at BIGINT NOT NULL, to_at BIGINT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (name, from_at));

-- What only one process may do at a time. A process that resumes after another took its lease has an old fence.
CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence BIGINT NOT NULL, until BIGINT NOT NULL);

-- +goose Down
SELECT 'a migration is not undone: restore the backup from before it instead';
