package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"countersign"
	"countersign/internal/method/push"
	device "countersign/internal/terminal"
	"countersign/internal/terminal/terminaltest"
)

// TestTerminalScripts runs the real program as a device against a double of the
// server's side.
func TestTerminalScripts(t *testing.T) {
	runScripts(t, "testdata/terminal", func(env *testscript.Env) error {
		tb, is := env.T().(testing.TB)
		if !is {
			tb = t
		}
		server := terminaltest.New(tb)
		env.Values[doubleKey{}] = server
		env.Setenv("SERVER", server.URL())
		env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
		return nil
	})
}

type doubleKey struct{}

var shownDigits = regexp.MustCompile(`: ([0-9]{3}) ([0-9]{3})\n`)

// page is what happens on the server's pages:
//
//	page pair             a new pairing: $LINK and $SHORT
//	page type FILE        the digits that the file comes to show are typed
//	page ask ID KIND ACT  a request; $ID is its identifier
//	page state ID STATE   a request must have ended so
//	page end ID STATE     a request ends so
//	page set STATE        every device is "active", "signed_out" or "revoked"
//	page trust | email | tap | ahead
func page(ts *testscript.TestScript, neg bool, args []string) {
	s, is := ts.Value(doubleKey{}).(*terminaltest.Server)
	if neg || !is || len(args) == 0 {
		ts.Fatalf("usage: page WHAT …")
	}
	args = append(args, "", "", "", "")
	switch args[0] {
	case "pair":
		link, short := s.Pairing()
		ts.Setenv("LINK", link)
		ts.Setenv("SHORT", short)
	case "type":
		ts.Check(s.Type(digitsOf(ts, args[1])))
	case "ask":
		ts.Setenv(args[1], s.Ask(args[2], map[string]string{
			"app": "Payroll", "account": "ada@example.com", "ip": "203.0.113.7", "browser": "Fire\x1b[2Jfox", "system": "Linux",
			"time": "2026-11-21T20:15:00Z", "new": "yes", "act": args[3],
		}))
	case "state":
		if got := s.State(args[1]); got != args[2] {
			ts.Fatalf("the request is %q, not %q", got, args[2])
		}
	case "end":
		s.End(args[1], args[2])
	case "set":
		s.Set(args[1])
	case "trust":
		s.Trusting = true
	case "email":
		s.Confirms, s.Trusting = []string{"email"}, false
	case "tap":
		s.Number = push.Number{Mode: push.Tap}
	case "ahead":
		s.Ahead = time.Hour
	default:
		ts.Fatalf("no page %q", args[0])
	}
}

// digitsOf waits until a file shows the digits of a pairing.
func digitsOf(ts *testscript.TestScript, file string) string {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(file))
		if found := shownDigits.FindSubmatch(text); err == nil && found != nil {
			return string(found[1]) + string(found[2])
		}
	}
	ts.Fatalf("%s shows no digits", file)
	return ""
}

func TestWhatOthersWroteStaysOnItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"Firefox on Linux": "Firefox on Linux", "Überweisung 山田": "Überweisung 山田", "a\nb\tc": "a\ufffdb\ufffdc", "\x1b[2J": "\ufffd[2J",
		"\u202eecila": "\ufffdecila", "\x9b1m": "\ufffd1m", strings.Repeat("x", 400): strings.Repeat("x", 300) + "…",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestSemanticVersions(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3": "1.2.3", "1.2.3-rc.1": "1.2.3-rc.1", "v0.0.0-20261122134001-94da7d682acf+dirty": "0.0.0-20261122134001-94da7d682acf+dirty",
		"development": "0.0.0-development", "v1.2": "0.0.0-development",
	} {
		if got := semantic(version); got != want {
			t.Errorf("%s is %s, want %s", version, got, want)
		}
	}
}

// Every problem that the protocol names is said in words, with the exit code of its
// kind.
func TestProblemsOfTheDeviceProtocol(t *testing.T) {
	rows := []struct {
		status int
		code   string
		exit   int
	}{
		{401, device.DeviceUnknown, 4},
		{401, device.DeviceSignature, 4},
		{401, device.DeviceClock, 4},
		{409, device.DeviceReplayed, 6},
		{403, device.DeviceSignedOut, 4},
		{403, device.DeviceVersion, 8},
		{403, device.DeviceBiometrics, 8},
		{403, device.NoTerminals, 8},
		{410, device.PairingOver, 7},
		{422, device.PairingRefused, 1},
		{422, device.ConfirmWrong, 1},
		{429, device.TooManyClaims, 1},
		{404, device.NoSuchRequest, 5},
		{409, device.RequestOver, 6},
		{422, device.DecisionRefused, 1},
		{429, device.TooManyDecisions, 1},
		{429, device.TooManyTests, 1},
		{409, device.CodeGiven, 6},
		{422, device.SignInRefused, 1},
		{409, device.LastSecondFactor, 6},
		{418, "odd", 1},
		{500, "", 1},
	}
	for _, lang := range []string{"C", "de_DE.UTF-8"} {
		tty := &terminal{speaker: speakerOf([]string{"LANG=" + lang})}
		for _, row := range rows {
			err := refusalOf(tty, &device.Problem{Status: row.status, Code: row.code, Detail: "as the server\x1bsays", State: "denied", Version: "2.0.0"})
			lines, _ := explain(tty.speaker, err)
			known := row.code != "" && row.code != "odd"
			if exitCode(err) != row.exit || strings.Contains(lines[0], "⟦") || (lines[0] == "as the server\ufffdsays") == known || lines[0] == row.code {
				t.Errorf("%s: exit code %d, %q", row.code, exitCode(err), lines)
			}
		}
	}
	for err, want := range map[error]int{device.ErrPIN: 4, device.ErrShortPIN: 2, device.ErrNoDevice: 5, countersign.Refuse(countersign.Gone, "x"): 7} {
		if got := exitCode(refusalOf(&terminal{speaker: speakerOf(nil)}, err)); got != want {
			t.Errorf("%v: exit code %d, want %d", err, got, want)
		}
	}
}
