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
	// SecondFactors counts the person's active second factors.
	SecondFactors int64
}

// completesAlone are first factors that need no second one.
func completesAlone(first string) bool { return first == "passkey" }

// Next names the step. It is computed from what is stored each time, so a
// factor that was enrolled meanwhile is asked for, whatever was true before.
func Next(p Progress) Step {
	switch {
	case p.First == "":
		return StepFirst
	case completesAlone(p.First), p.SecondFactors == 0, p.Second != "":
		return StepDone
	}
	return StepSecond
}

// AMR returns the RFC 8176 names of what was proven.
func AMR(first, second string) []string {
	names := map[string][]string{"password": {"pwd"}, "totp": {"otp"}, "recovery": {"otp"}}
	amr := append([]string{}, names[first]...)
	if second != "" {
		amr = append(amr, names[second]...)
		amr = append(amr, "mfa")
	}
	return amr
}
