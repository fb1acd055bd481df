//go:build unix

package attack_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"countersign/e2e/site"
)

// tightProgram is the server on a disk that a test can fill: the kernel lets no
// file of the process grow past a limit, which needs nobody's rights.
const (
	tightProgram  = "server on a tight disk"
	tightVariable = "ATTACK_LIMIT" // the file with the limit, for the process
)

// serveTight is [site.Serve], and takes the limit that the test writes.
func serveTight(args []string) int {
	go func() {
		for ; ; time.Sleep(time.Millisecond) {
			text, err := os.ReadFile(os.Getenv(tightVariable))
			if err != nil {
				continue // no new limit
			}
			most, err := strconv.ParseUint(string(text), 10, 64)
			if err == nil {
				// The soft limit alone: it can be taken back.
				var limit syscall.Rlimit
				err = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit)
				limit.Cur = min(most, limit.Max)
				err = errors.Join(err, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
			}
			err = errors.Join(err, os.Remove(os.Getenv(tightVariable)))
			if err != nil {
				panic("take the limit: " + err.Error())
			}
		}
	}()
	return site.Serve(args)
}

// disk is where a server's files lie.
type disk struct {
	s     *site.Site
	order string // the file with the new limit
}

// onTightDisk starts a server on SQLite whose disk can be filled.
func onTightDisk(t *testing.T) *disk {
	t.Helper()
	order := filepath.Join(t.TempDir(), "limit")
	s := site.Start(t, site.Options{Program: tightProgram, Env: []string{tightVariable + "=" + order}})
	return &disk{s: s, order: order}
}

// fill lets no file grow past a random length, at most a little more than the
// journal's: what is written next may still fit, and what comes soon after it not.
func (d *disk) fill(t *testing.T, r *rand.Rand) {
	t.Helper()
	journal, err := os.Stat(filepath.Join(d.s.Data, "countersign.db-wal"))
	must(t, err)
	d.limit(t, r.Int64N(journal.Size()+32<<10))
}

// stuff lets nothing be written at all, however often its place was used before.
func (d *disk) stuff(t *testing.T) { d.limit(t, 0) }

// clear makes room again.
func (d *disk) clear(t *testing.T) { d.limit(t, 1<<50) }

func (d *disk) limit(t *testing.T, most int64) {
	t.Helper()
	must(t, os.WriteFile(d.order+".new", []byte(strconv.FormatInt(most, 10)), 0o600))
	must(t, os.Rename(d.order+".new", d.order))
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		_, err := os.Stat(d.order)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server has not taken the limit:\n%s", strings.TrimSpace(d.s.Nodes[0].Log()))
		}
	}
}
