package policy

// Step names what a sign-in asks next.
type Step string

// The steps of a sign-in, in order.
const (
	StepFirst  Step = "first"
	StepSecond Step = "second"
	StepDone   Step = "done"
)

// Progress is how far a sign-in has come.
type Progress struct {
	First, Second string
	// SecondFactors counts the person's active second factors, Others those of them
	// that are no phone.
	SecondFactors, Others int64
	// Trusted tells that the browser is trusted by this person (see Settings.TrustLetsIn).
	Trusted bool
	// SSO counts after single sign-on alone.
	SSO SSO
}

// FirstTap is a first factor: an approval on the phone by a plain tap. It proves the
// phone, and not that whoever holds it knows which sign-in it is.
const FirstTap = "push_tap"

// completesAlone are first factors that need no second one.
// It was judged with its user verified.
func completesAlone(first string) bool { return first == Passkey || first == PasskeySynced }

// Next names the step. It is computed from what is stored each time, so a
// factor that was enrolled meanwhile is asked for, whatever was true before.
func Next(p Progress) Step {
	switch {
	case p.First == "":
		return StepFirst
	case completesAlone(p.First), p.SecondFactors == 0, p.Second != "":
		return StepDone
	case p.First == FirstTap && p.Others == 0:
		return StepDone
	case p.First == firstPassword && p.Trusted, p.SSO.excuses(p.First):
		return StepDone
	}
	return StepSecond
}

// AMR returns the RFC 8176 names of what was proven.
func AMR(first, second string) []string {
	// A passkey that cannot be copied is taken for one in hardware: it says so itself. A phone's keys cannot be seen to lie in hardware; a command line proves no presence.
	names := map[string][]string{
		"password": {"pwd"}, "totp": {"otp"}, "recovery": {"otp"}, HelpCode: {"otp"}, SMS: {"sms"},
		Passkey: {"hwk", "user"}, PasskeySynced: {"swk", "user"}, "push": {"swk", "user"}, FirstTap: {"swk", "user"}, "terminal": {"swk"},
	}
	amr := append([]string{}, names[first]...)
	if second != "" && second != TrustedBrowser {
		if second != first {
			amr = append(amr, names[second]...)
		}
		amr = append(amr, "mfa")
	}
	return amr
}
