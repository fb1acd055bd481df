package e2e_test

func s4Scenarios() []scenario { return nil }
