package hosts_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/hosts"
)

const acme countersign.WorkspaceID = "wsp_acme"

// book is one of an installation with the default workspace and another.
func book(t *testing.T, public string) *hosts.Book {
	t.Helper()
	b, err := hosts.New(public, func(context.Context) ([]hosts.Home, error) {
		return []hosts.Home{{ID: countersign.DefaultWorkspace, Name: "Head office"}, {ID: acme, Host: "acme.example.com", Name: "Acme"}}, nil
	})
	if err == nil {
		err = b.Reload(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAHostMeansOneWorkspace(t *testing.T) {
	b := book(t, "https://signin.example.com:8443")
	for _, row := range []struct {
		what, host string
		want       countersign.WorkspaceID
	}{
		{"its own name", "acme.example.com", acme},
		{"its own name with a port", "acme.example.com:8443", acme},
		{"its own name with any port", "acme.example.com:1", acme},
		{"its own name in capitals", "ACME.Example.COM", acme},
		{"its own name with the dot of the root", "acme.example.com.:8443", acme},
		{"the configured address", "signin.example.com:8443", countersign.DefaultWorkspace},
		{"the configured address in capitals", "SIGNIN.example.com", countersign.DefaultWorkspace},
		{"this machine", "localhost:8080", countersign.DefaultWorkspace},
		{"a machine beside it", "countersign", countersign.DefaultWorkspace},
		{"an IPv4 address", "192.0.2.7:8080", countersign.DefaultWorkspace},
		{"an IPv6 address", "[2001:db8::7]:8080", countersign.DefaultWorkspace},
		{"an IPv6 address without a port", "[2001:db8::7]", countersign.DefaultWorkspace},
		{"no host", "", countersign.DefaultWorkspace},
		{"a name that nobody has", "evil.example.com", ""},
		{"a name below a workspace's", "www.acme.example.com", ""},
		{"a name above a workspace's", "example.com", ""},
		{"a name that begins as a workspace's", "acme.example.com.evil.example", ""},
		{"a workspace's name behind an address", "evil.example@acme.example.com", ""},
		{"two dots at the end", "acme.example.com..", ""},
		{"the name of a workspace, not its host", "acme", countersign.DefaultWorkspace},
	} {
		home, found := b.At(row.host)
		if home.ID != row.want || found != (row.want != "") {
			t.Errorf("%s, %q: %q, %v; want %q", row.what, row.host, home.ID, found, row.want)
		}
	}
}

func TestWhileThereIsOneWorkspaceEveryHostIsItsOwn(t *testing.T) {
	b, err := hosts.New("https://signin.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"", "signin.example.com", "intranet.example.org", "192.0.2.7", "a b:c:d"} {
		home, found := b.At(host)
		if !found || home.ID != countersign.DefaultWorkspace || home.URL != "https://signin.example.com" {
			t.Errorf("%q: %+v, %v", host, home, found)
		}
	}
}

func TestAnAddressHasTheSchemeAndThePortOfTheConfiguredOne(t *testing.T) {
	for _, row := range []struct{ public, want string }{
		{"https://signin.example.com", "https://acme.example.com"},
		{"https://signin.example.com:8443", "https://acme.example.com:8443"},
		{"http://localhost:8080", "http://acme.example.com:8080"},
		{"http://[::1]:8080", "http://acme.example.com:8080"},
	} {
		b := book(t, row.public)
		if got := b.Of(acme).URL; got != row.want {
			t.Errorf("beside %s: %s, want %s", row.public, got, row.want)
		}
		if got := b.Of(countersign.DefaultWorkspace).URL; got != row.public {
			t.Errorf("the default one beside %s: %s", row.public, got)
		}
	}
	_, err := hosts.New("signin.example.com", nil)
	if err == nil {
		t.Error("an address without a scheme is taken")
	}
}

func TestAWorkspaceThatIsNotInTheBookIsLookedForOnce(t *testing.T) {
	all, asked := []hosts.Home{{ID: countersign.DefaultWorkspace}}, 0
	var fault error
	b, err := hosts.New("https://signin.example.com", func(context.Context) ([]hosts.Home, error) {
		asked++
		return all, fault
	})
	if err != nil {
		t.Fatal(err)
	}
	if home := b.Of(acme); home.URL != "" || home.ID != "" {
		t.Errorf("one that is not there is at home at %+v", home)
	}
	all = append(all, hosts.Home{ID: acme, Host: "acme.example.com"})
	if home := b.Of(acme); home.URL != "https://acme.example.com" {
		t.Errorf("one that another process made is at home at %+v", home)
	}
	before := asked
	b.Of(acme)
	if asked != before {
		t.Error("one that is known is read again")
	}
	fault = errors.New("the database is away")
	all = nil
	if b.Reload(t.Context()) == nil {
		t.Error("the fault is not told")
	}
	if home, found := b.At("acme.example.com"); !found || home.ID != acme {
		t.Error("a fault makes it forget")
	}
}

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		what, typed, want string
		err               error
	}{
		{"a name", "acme.example.com", "acme.example.com", nil},
		{"capitals, spaces and the root", " ACME.example.com. ", "acme.example.com", nil},
		{"another alphabet", "bücher.example", "xn--bcher-kva.example", nil},
		{"development", "acme.localhost", "acme.localhost", nil},
		{"digits in front", "1.example.com", "1.example.com", nil},
		{"nothing", "", "", hosts.ErrNoName},
		{"one label", "acme", "", hosts.ErrNoName},
		{"an address", "https://acme.example.com", "", hosts.ErrNoName},
		{"a port", "acme.example.com:8443", "", hosts.ErrNoName},
		{"a path", "acme.example.com/a", "", hosts.ErrNoName},
		{"a user", "a@acme.example.com", "", hosts.ErrNoName},
		{"every name below", "*.example.com", "", hosts.ErrNoName},
		{"two dots", "acme..example.com", "", hosts.ErrNoName},
		{"a dot in front", ".example.com", "", hosts.ErrNoName},
		{"a hyphen at an end", "acme-.example.com", "", hosts.ErrNoName},
		{"an underscore", "_acme.example.com", "", hosts.ErrNoName},
		{"a space within", "ac me.example.com", "", hosts.ErrNoName},
		{"a line break", "acme.example.com\r\nX: y", "", hosts.ErrNoName},
		{"a NUL", "acme\x00.example.com", "", hosts.ErrNoName},
		{"a label that is too long", strings.Repeat("a", 64) + ".example.com", "", hosts.ErrNoName},
		{"a name that is too long", strings.Repeat("a.", 130) + "example", "", hosts.ErrNoName},
		{"an IPv4 address", "192.0.2.1", "", hosts.ErrAddress},
		{"an IPv4 address, shorter", "127.1", "", hosts.ErrAddress},
		{"an IPv4 address in hexadecimal", "10.0.0.0x7f", "", hosts.ErrAddress},
		{"an IPv6 address", "2001:db8::1", "", hosts.ErrAddress},
		{"an IPv6 address in brackets", "[2001:db8::1]", "", hosts.ErrAddress},
	} {
		got, err := hosts.Check(row.typed)
		if got != row.want || !errors.Is(err, row.err) {
			t.Errorf("%s, %q: %q, %v; want %q, %v", row.what, row.typed, got, err, row.want, row.err)
		}
		if err == nil {
			again, err := hosts.Check(got)
			if again != got || err != nil || hosts.Name(got) != got {
				t.Errorf("%s: what it returns becomes %q, %v", row.what, again, err)
			}
		}
	}
}
