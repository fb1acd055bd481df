package authenticator_test

import (
	"os"
	"strings"
	"testing"

	"countersign/internal/words"
)

// What the document shows is what the vectors have, and what is sent.
func TestTheDocumentShowsWhatIs(t *testing.T) {
	text, err := os.ReadFile("../../doc/device-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := vectors(t)
	hello := all.Calls[0]
	english := catalogue.Speaker("en")
	for what, shown := range map[string]string{
		"the call": strings.Join([]string{
			hello.Method + " " + hello.Path + " HTTP/1.1", "Host: signin.example.com", "Content-Type: " + hello.ContentType, "Content-Digest: " + hello.ContentDigest,
			"Signature-Input: " + hello.SignatureInput, "Signature: " + hello.Signature, "", hello.Body,
		}, "\n"),
		"what is signed":  hello.Base,
		"the client data": all.Registrations[0].ClientData,
		"the push": `"title": "` + english.Say("push.title") + `", "body": "` + english.Say("push.body") +
			`", "lang": "` + english.Lang() + `", "dir": "` + english.Dir() + `"`,
	} {
		if !strings.Contains(string(text), shown) {
			t.Errorf("%s is not in the document:\n%s", what, shown)
		}
	}
}
