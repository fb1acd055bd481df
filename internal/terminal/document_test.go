package terminal

import (
	"os"
	"strings"
	"testing"
)

// Each problem that this device knows is in the document, with what a device does then.
func TestTheDocumentNamesEachProblem(t *testing.T) {
	text, err := os.ReadFile("../../doc/device-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{
		DeviceUnknown, DeviceSignature, DeviceClock, DeviceReplayed, DeviceSignedOut, DeviceVersion, DeviceBiometrics, PairingOver, PairingRefused,
		NoTerminals, TooManyClaims, ConfirmWrong, NoSuchRequest, RequestOver, DecisionRefused, TooManyDecisions, TooManyTests, TooManyCalls, CodeGiven,
		SignInRefused, LastSecondFactor,
	} {
		if !strings.Contains(string(text), "`"+code+"`") {
			t.Errorf("%s is not in the document", code)
		}
	}
}
