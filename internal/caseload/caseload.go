// Package caseload holds the columns of the feed and the plain types of the rows that this program keeps of it.
// Days are local calendar dates, moments are instants; a zero value means "not set".
package caseload

import (
	"time"

	"vireilla/internal/calendar"
)

// The statuses of a seeker that rules name.
const (
	Unemployed = "unemployed"
	InService  = "in_service"
	Employed   = "employed"
)

// The kinds of contact that meet an obligation.
const (
	InitialInterview        = "initial_interview"
	PeriodicInterview       = "periodic_interview"
	JobSearchDiscussion     = "job_search_discussion"
	SupplementaryDiscussion = "supplementary_discussion"
)

// States of an appointment.
const (
	Booked    = "booked"
	Cancelled = "cancelled"
	Held      = "held"
	Missed    = "missed"
)

// States of a training case.
const (
	Applied                = "applied"
	ClarificationRequested = "clarification_requested"
	UnderReview            = "under_review"
	SelectionPending       = "selection_pending"
	DecidedPositive        = "decided_positive"
	DecidedNegative        = "decided_negative"
	Notified               = "notified"
	Withdrawn              = "withdrawn"
)

// Kinds of training.
const (
	LabourMarketTraining = "labour_market_training"
	SelfMotivatedStudy   = "self_motivated_study"
	ShortStudy           = "short_study"
	IntegrationTraining  = "integration_training"
	RecruitmentTraining  = "recruitment_training"
)

// Team is a team of coaches with its lead (tiimiesihenkilö).
type Team struct {
	ID, Name, Authority, LeadName, LeadEmail, Language string
}

// Coach is a personal coach (omavalmentaja), or an expert who owns training steps but no seekers.
type Coach struct {
	ID, Name, Email, TeamID, Language, Role string
	Gone                                    bool // no longer in the feed
}

// Absence of a coach, both days inclusive, with the deputy (sijainen) if there is one.
type Absence struct {
	CoachID, DeputyID string
	From, To          calendar.Day
}

// Seeker is a job seeker (työnhakija).
type Seeker struct {
	ID, FirstName, Email, EmailTier, Language, Municipality, CoachID, Status, ServiceLine string
	JobSearchStarted, JobSearchEnded, PreviousJobSearchEnded, UnemploymentStarted         calendar.Day
	SupplementaryWeeks                                                                    int // 0: not set
	Protected                                                                             bool
}

// Contact is one contact between a coach and a seeker; HeldOn is its local date.
type Contact struct {
	ID, SeekerID, CoachID, Kind, Mode string
	HeldAt                            time.Time
	HeldOn                            calendar.Day
}

// Appointment is a booked time.
type Appointment struct {
	ID, SeekerID, CoachID, Kind, Mode, Place, State string
	StartsAt, BookedAt, ChangedAt, CancelledAt      time.Time
	Minutes                                         int
}

// Training is a training case that waits for a decision, or has one.
type Training struct {
	ID, SeekerID, Kind, State, HandlerID               string
	AppliedOn, InformationCompleteOn, ClarificationDue calendar.Day
	StudyStartsOn, DecidedOn, NotifiedOn               calendar.Day
}

// Case is all that the rules read of one seeker.
type Case struct {
	Seeker   Seeker
	Contacts []Contact
	Training []Training
}
