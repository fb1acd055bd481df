package e2e_test

// s1Scenarios are those of the second document: an authenticator app or text
// messages, a recovery code, access keys.
func s1Scenarios() []scenario { return nil }
