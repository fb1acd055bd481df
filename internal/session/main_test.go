package session_test

import (
	"context"
	"os"
	"testing"

	"countersign/internal/account/accounttest"
	"countersign/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// both runs a test on both databases.
func both(t *testing.T, test func(t *testing.T, e *accounttest.Engine)) {
	t.Helper()
	accounttest.Both(t, test)
}

// want fails the test when err is not the refusal named by a code.
func want(t *testing.T, sentence string, err error, refusal string) {
	t.Helper()
	accounttest.Want(t, sentence, err, refusal)
}

func ctx() context.Context { return context.Background() }
