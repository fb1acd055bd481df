package terminal

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The codes of problems that the protocol names.
const (
	DeviceUnknown    = "device_unknown"
	DeviceSignature  = "device_signature"
	DeviceClock      = "device_clock"
	DeviceReplayed   = "device_replayed"
	DeviceSignedOut  = "device_signed_out"
	DeviceVersion    = "device_version"
	DeviceBiometrics = "device_biometrics"
	PairingOver      = "pairing_over"
	PairingRefused   = "pairing_refused"
	NoTerminals      = "no_terminals"
	TooManyClaims    = "too_many_claims"
	ConfirmWrong     = "confirm_wrong"
	NoSuchRequest    = "no_such_request"
	RequestOver      = "request_over"
	DecisionRefused  = "decision_refused"
	TooManyDecisions = "too_many_decisions"
	TooManyTests     = "too_many_tests"
	TooManyCalls     = "too_many_calls"
	CodeGiven        = "code_given"
	SignInRefused    = "sign_in_refused"
	LastSecondFactor = "last_second_factor"
)

// Problem is a problem document (RFC 9457) of the server.
type Problem struct {
	// Status is that of HTTP.
	Status int `json:"-"`
	// Code is stable, "" where the answer came from something else than the server.
	Code string `json:"code"`
	// Title and Detail are for people, in the language that was asked for.
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// State is how a request ended, with the code request_over.
	State string `json:"state"`
	// Version is the least that the workspace allows, with the code device_version.
	Version string `json:"version"`
	// RetryAfter is how long to wait; 0 where the server does not say.
	RetryAfter time.Duration `json:"-"`
}

// Error is what the server says to people, or what is left where it says nothing.
func (p *Problem) Error() string {
	for _, text := range []string{p.Detail, p.Title} {
		if text != "" {
			return text
		}
	}
	return strings.TrimSpace("the server answered " + strconv.Itoa(p.Status) + " " + http.StatusText(p.Status) + " " + p.Code)
}

// CodeOf is the code of the problem in an error, "" where there is none.
func CodeOf(err error) string {
	var problem *Problem
	if errors.As(err, &problem) {
		return problem.Code
	}
	return ""
}

// longestWait bounds what Retry-After can ask for, in seconds.
const longestWait = 24 * 60 * 60

// readProblem makes a problem of an answer that is none of 2xx.
func readProblem(response *http.Response, body []byte) *Problem {
	var p Problem
	kind := response.Header.Get("Content-Type")
	if strings.HasPrefix(kind, "application/problem+json") && json.Unmarshal(body, &p) != nil {
		p = Problem{}
	}
	p.Status = response.StatusCode
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err == nil {
		p.RetryAfter = time.Duration(min(max(seconds, 0), longestWait)) * time.Second
	}
	return &p
}
