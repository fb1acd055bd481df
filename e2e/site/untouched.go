package site

import (
	"regexp"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/proc"
)

// Untouched starts a server with nothing configured but where it listens and
// keeps its data, as `make run` does, and returns the address that it prints:
// where the first owner is made, or the sign-in page where there is one. It has
// no mail server and no engine beside it, so that nobody can be given an account
// there but over HTTP.
func Untouched(tb testing.TB, clock *proc.Clock, data string, env ...string) (*Site, string) {
	tb.Helper()
	_, port, _ := strings.Cut(proc.FreeAddr(tb), ":")
	s := &Site{
		URL: "http://localhost:" + port, Workspace: countersign.DefaultWorkspace, Data: data, Clock: clock, addresses: []string{"localhost:" + port},
		mails: &taken{all: map[int]bool{}},
	}
	s.Nodes = []*proc.Proc{proc.Start(tb, Program, append([]string{
		clock.Env(), "COUNTERSIGN_LISTEN=" + s.addresses[0], "COUNTERSIGN_DATA=" + data,
	}, env...))}
	printed := regexp.MustCompile(`http://localhost:\d+\S*`).FindString(s.Nodes[0].WaitLog(s.URL))
	s.WaitReady(0)
	return s, printed
}
