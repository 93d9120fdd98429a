-- +goose Up
-- Days are text, 2024-03-04, '' when not set. Moments are milliseconds since 1970 UTC, 0 when not set.
-- rev counts the changes that came with the feed, so that evaluating an older state cannot put a row to sleep.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE counter (name TEXT PRIMARY KEY, n BIGINT NOT NULL);
INSERT INTO counter (name, n) VALUES ('notice', 0), ('import', 0);

CREATE TABLE team (
	team_id TEXT PRIMARY KEY, name TEXT NOT NULL, authority TEXT NOT NULL, lead_name TEXT NOT NULL, lead_email TEXT NOT NULL, language TEXT NOT NULL,
	gone_at BIGINT NOT NULL DEFAULT 0, rev BIGINT NOT NULL DEFAULT 0);

CREATE TABLE coach (
	coach_id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, team_id TEXT NOT NULL, language TEXT NOT NULL, role TEXT NOT NULL,
	gone_at BIGINT NOT NULL DEFAULT 0, rev BIGINT NOT NULL DEFAULT 0);

CREATE TABLE absence (
	coach_id TEXT NOT NULL, "from" TEXT NOT NULL, "to" TEXT NOT NULL, deputy_id TEXT NOT NULL,
	gone_at BIGINT NOT NULL DEFAULT 0, rev BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (coach_id, "from", "to"));

CREATE TABLE seeker (
	seeker_id TEXT PRIMARY KEY, first_name TEXT NOT NULL, email TEXT NOT NULL, email_tier TEXT NOT NULL, service_language TEXT NOT NULL,
	municipality TEXT NOT NULL, coach_id TEXT NOT NULL, job_search_started TEXT NOT NULL, job_search_ended TEXT NOT NULL,
	previous_job_search_ended TEXT NOT NULL, unemployment_started TEXT NOT NULL, status TEXT NOT NULL, service_line TEXT NOT NULL,
	supplementary_weeks BIGINT NOT NULL, protected BIGINT NOT NULL,
	gone_at BIGINT NOT NULL DEFAULT 0, rev BIGINT NOT NULL DEFAULT 0,
	wake_on TEXT DEFAULT '');  -- when to evaluate the case again; '' at once, NULL never
CREATE INDEX seeker_wake ON seeker (wake_on, seeker_id) WHERE wake_on IS NOT NULL;

CREATE TABLE contact (
	contact_id TEXT PRIMARY KEY, seeker_id TEXT NOT NULL, coach_id TEXT NOT NULL, kind TEXT NOT NULL, mode TEXT NOT NULL,
	held_at BIGINT NOT NULL, held_on TEXT NOT NULL, gone_at BIGINT NOT NULL DEFAULT 0, rev BIGINT NOT NULL DEFAULT 0);
CREATE INDEX contact_seeker ON contact (seeker_id, gone_at, held_on, kind, contact_id);  -- a covering index for the rules

CREATE TABLE appointment (
	appointment_id TEXT PRIMARY KEY, seeker_id TEXT NOT NULL, coach_id TEXT NOT NULL, kind TEXT NOT NULL, starts_at BIGINT NOT NULL,
	minutes BIGINT NOT NULL, mode TEXT NOT NULL, place TEXT NOT NULL, state TEXT NOT NULL, booked_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
	cancelled_at BIGINT NOT NULL, gone_at BIGINT NOT NULL DEFAULT 0, rev BIGINT NOT NULL DEFAULT 0,
	wake_at BIGINT DEFAULT 0,  -- when to evaluate it again; NULL never
	told_at BIGINT NOT NULL DEFAULT 0, told_start BIGINT NOT NULL DEFAULT 0, told_mode TEXT NOT NULL DEFAULT '', told_place TEXT NOT NULL DEFAULT '',
	told_sequence BIGINT NOT NULL DEFAULT 0, told_cancelled BIGINT NOT NULL DEFAULT 0);
CREATE INDEX appointment_seeker ON appointment (seeker_id);
CREATE INDEX appointment_wake ON appointment (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX appointment_starts ON appointment (starts_at);

CREATE TABLE training (
	training_id TEXT PRIMARY KEY, seeker_id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, applied_on TEXT NOT NULL,
	information_complete_on TEXT NOT NULL, clarification_due TEXT NOT NULL, study_starts_on TEXT NOT NULL, decided_on TEXT NOT NULL,
	notified_on TEXT NOT NULL, handler_id TEXT NOT NULL, gone_at BIGINT NOT NULL DEFAULT 0, rev BIGINT NOT NULL DEFAULT 0);
CREATE INDEX training_seeker ON training (seeker_id);
CREATE INDEX training_notified ON training (notified_on) WHERE notified_on <> '';

-- What is due, as of the day in meta 'agenda_day' for every seeker whose wake_on is later.
CREATE TABLE agenda (
	seeker_id TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, anchor TEXT NOT NULL, era TEXT NOT NULL, basis TEXT NOT NULL,
	due_strict TEXT NOT NULL, due TEXT NOT NULL, stage BIGINT NOT NULL, owner TEXT NOT NULL, coach_id TEXT NOT NULL, weight BIGINT NOT NULL,
	PRIMARY KEY (seeker_id, rule, subject, anchor));
CREATE INDEX agenda_staged ON agenda (coach_id) WHERE stage > 0;
CREATE INDEX agenda_clarification ON agenda (stage) WHERE rule = 'clarification';

-- The last stage that an owner (coach or team) was told of.
CREATE TABLE told (
	seeker_id TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, anchor TEXT NOT NULL, owner TEXT NOT NULL, stage BIGINT NOT NULL, told_at BIGINT NOT NULL,
	PRIMARY KEY (seeker_id, rule, subject, anchor, owner));

CREATE INDEX told_phone ON told (rule) WHERE rule IN ('short_notice', 'reach_by_phone');

-- The outbox.
CREATE TABLE notice (
	id BIGINT PRIMARY KEY, key TEXT NOT NULL UNIQUE, letter TEXT NOT NULL, role TEXT NOT NULL, to_id TEXT NOT NULL, subject TEXT NOT NULL,
	language TEXT NOT NULL, send_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, start_at BIGINT NOT NULL, items TEXT NOT NULL, told TEXT NOT NULL,
	rest BIGINT NOT NULL, late BIGINT NOT NULL, run TEXT NOT NULL, policy TEXT NOT NULL, planned_at BIGINT NOT NULL,
	state TEXT NOT NULL, fence BIGINT NOT NULL DEFAULT 0, tries BIGINT NOT NULL DEFAULT 0, unsure BIGINT NOT NULL DEFAULT 0,
	next_try BIGINT NOT NULL, claimed_until BIGINT NOT NULL DEFAULT 0, dated_at BIGINT NOT NULL DEFAULT 0, changed_at BIGINT NOT NULL,
	code BIGINT NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '');
CREATE INDEX notice_due ON notice (next_try, id) WHERE state IN ('pending', 'deferred', 'unsure');
CREATE INDEX notice_sending ON notice (claimed_until) WHERE state = 'sending';
CREATE INDEX notice_run ON notice (run);
CREATE INDEX notice_to ON notice (to_id);

-- Letters that were skipped, with the reason, for as long as a coach can do something about it.
CREATE TABLE skip (
	key TEXT PRIMARY KEY, letter TEXT NOT NULL, to_id TEXT NOT NULL, subject TEXT NOT NULL, why TEXT NOT NULL, at BIGINT NOT NULL, until BIGINT NOT NULL);
CREATE INDEX skip_until ON skip (until);
CREATE INDEX skip_to ON skip (to_id);

-- Addresses that bounced. A new address of the same person is written to again.
CREATE TABLE suppression (seeker_id TEXT PRIMARY KEY, email TEXT NOT NULL, at BIGINT NOT NULL);

-- One row for a kind of run and local day.
CREATE TABLE run (
	kind TEXT NOT NULL, day TEXT NOT NULL, planned BIGINT NOT NULL, state TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (kind, day));

-- The ticks of the timetable.
CREATE TABLE schedule (name TEXT PRIMARY KEY, last_tick BIGINT NOT NULL);
CREATE TABLE tick (name TEXT NOT NULL, due_at BIGINT NOT NULL, done_at BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (name, due_at));
CREATE INDEX tick_open ON tick (due_at) WHERE done_at = 0;

-- +goose Down
SELECT 'the first migration is not undone: delete the database instead';
