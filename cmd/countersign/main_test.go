package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/config"
	"countersign/internal/store/storetest"
)

func TestMain(m *testing.M) {
	testscript.Main(closing{m}, map[string]func(){"countersign": main})
}

// closing stops the PostgreSQL of the tests when they have ended.
type closing struct{ m *testing.M }

func (c closing) Run() int { return storetest.Main(c.m) }

// TestScripts runs the real program from a shell's point of view, on SQLite.
func TestScripts(t *testing.T) { runScripts(t, "testdata/script", nil) }

// TestPostgresScripts does the same with an empty PostgreSQL database: its whole
// address is $POSTGRES; $POSTGRES_OPEN is the address without the password, and
// $POSTGRES_PASSWORD is that.
func TestPostgresScripts(t *testing.T) {
	runScripts(t, "testdata/postgres", func(env *testscript.Env) error {
		address, err := url.Parse(storetest.Postgres(t))
		if err != nil {
			return err
		}
		env.Setenv("POSTGRES", address.String())
		password, _ := address.User.Password()
		env.Setenv("POSTGRES_PASSWORD", password)
		address.User = url.User(address.User.Username())
		env.Setenv("POSTGRES_OPEN", address.String())
		return nil
	})
}

func runScripts(t *testing.T, dir string, setup func(*testscript.Env) error) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir: dir, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			// An address that nobody listens on, for the scripts that serve.
			address, err := freeAddress()
			if err != nil {
				return err
			}
			env.Setenv("ADDR", address)
			if setup != nil {
				return setup(env)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"get": get, "term": term, "page": page, "domains": domains},
	})
}

func freeAddress() (string, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "", err
	}
	return "localhost:" + port, listener.Close()
}

// term asks the programs in the background to end; kill knows no SIGTERM.
func term(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: term")
	}
	for _, command := range ts.BackgroundCmds() {
		err := command.Process.Signal(syscall.SIGTERM)
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			ts.Fatalf("%v", err)
		}
	}
}

// domains writes a file of settings by which so many domains, from one number on, lead to a
// pool.
func domains(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: domains FILE POOL FIRST HOW-MANY")
	}
	first, err := strconv.Atoi(args[2])
	ts.Check(err)
	many, err := strconv.Atoi(args[3])
	ts.Check(err)
	var list []string
	for i := range many {
		list = append(list, fmt.Sprintf("%q", fmt.Sprintf("d%d.example", first+i)))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), fmt.Appendf(nil, "[pool.%s]\ndomains = [%s]\n", args[1], strings.Join(list, ", ")), 0o600))
}

// get waits until an address answers 200, with the text in it where one is
// given, and puts the body where cmp and grep find it.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: get URL FILE [TEXT]")
	}
	text := append(args, "")[2]
	last := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		body, status, err := fetch(args[0])
		if err == nil && status == http.StatusOK && strings.Contains(string(body), text) {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), body, 0o600))
			return
		}
		last = fmt.Sprint(status, " ", err, " ", string(body))
	}
	ts.Fatalf("%s does not answer: %s", args[0], last)
}

func fetch(url string) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Accept", "application/json, text/html")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return body, response.StatusCode, err
}

// TestEverySettingHasAFlag keeps the flags and the table of settings the same.
func TestEverySettingHasAFlag(t *testing.T) {
	flags := []string{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[allSettings]()) {
		if field.Type == reflect.TypeFor[*string]() {
			flags = append(flags, field.Tag.Get("name"))
		}
	}
	want := []string{}
	for _, s := range config.Settings() {
		if s.Name != "smtp_password" { // never on a command line
			want = append(want, s.Flag())
		}
		if s.Secret {
			want = append(want, s.Flag()+"-file")
		}
	}
	sort.Strings(flags)
	sort.Strings(want)
	if diff := cmp.Diff(want, flags); diff != "" {
		t.Error(diff)
	}
}

func TestTheExitCodesTopicNamesEveryCode(t *testing.T) {
	for _, code := range []string{"  0  ", "  1  ", "  2  ", "  4  ", "  5  ", "  6  ", "  7  ", "  8  "} {
		if !strings.Contains(exitCodesTopic, "\n"+code) {
			t.Errorf("%q is missing", code)
		}
	}
}
