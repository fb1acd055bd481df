package account_test

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

func race(n int, act func(i int) error) map[string]int { return accounttest.Race(n, act) }

// nodes returns two nodes on one database.
func nodes(t *testing.T, e *accounttest.Engine) []*accounttest.Engine {
	t.Helper()
	return []*accounttest.Engine{e, e.Node(t)}
}

func ctx() context.Context { return context.Background() }
