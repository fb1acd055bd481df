package e2e_test

func s3Scenarios() []scenario { return nil }
