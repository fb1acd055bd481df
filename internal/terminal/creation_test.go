package terminal

import "testing"

func TestWhichPartyAHostSpeaksFor(t *testing.T) {
	for _, row := range []struct {
		host, party string
		may         bool
	}{
		{"signin.example.com", "signin.example.com", true},
		{"signin.example.com", "example.com", true},
		{"localhost", "localhost", true},
		{"127.0.0.1", "127.0.0.1", true},
		{"signin.example.com", "com", false},
		{"signin.example.com", "", false},
		{"signin.example.com", ".example.com", false},
		{"signin.example.com", "in.example.com", false},
		{"signin.example.com", "www.signin.example.com", false},
		{"example.com", "signin.example.com", false},
		{"a.localhost", "localhost", false},
		{"10.0.0.1", "0.1", false},
		{"10.0.0.1", "0.0.1", false},
	} {
		if got := speaksFor(row.host, row.party); got != row.may {
			t.Errorf("%s for %s: %v", row.host, row.party, got)
		}
	}
}
