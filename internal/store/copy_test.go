package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// fill writes at least one row into every table, and more than one batch of
// some, with what is easily lost on the way.
func fill(t *testing.T, s *store.Store) {
	t.Helper()
	u := user("ada@example.org")
	u.Name, u.EmailVerifiedAt = "Ada Λ 'quoted' \n 爱达", 1<<62
	write(t, s, func(tx *store.Tx) error {
		return firstError(
			func() error { return tx.InsertUser(tx.Ctx, u) },
			func() error { _, err := tx.NameWorkspace(tx.Ctx, "Acme", workspace); return err },
			func() error { return tx.InsertLogo(tx.Ctx, workspace, "logo-1.png", []byte{0x89, 0, 255}) },
			func() error {
				return tx.KeepPoolDay(tx.Ctx, rows.KeepPoolDayParams{WorkspaceID: workspace, PoolID: u.PoolID, Day: 86_400_000, People: 3, Protected: 2})
			},
			func() error {
				c := credential(u.ID, "totp", "phone", "active")
				c.Secret = make([]byte, 256)
				for i := range c.Secret {
					c.Secret[i] = byte(i)
				}
				err := tx.InsertCredential(tx.Ctx, c)
				if err != nil {
					return err
				}
				return tx.InsertPasskey(tx.Ctx, workspace, []byte{0, 255}, c.ID)
			},
			func() error {
				_, err := tx.SpendProof(tx.Ctx, rows.SpendProofParams{WorkspaceID: workspace, CredentialID: "crd_1", Number: -1, SpentAt: 5})
				return err
			},
			func() error { _, err := wrongCode(tx, "usr_1"); return err },
			func() error {
				_, err := tx.SpendRate(tx.Ctx, rows.SpendRateParams{WorkspaceID: workspace, Subject: "mail", Now: 1, Interval: 2, Burst: 3})
				return err
			},
			func() error {
				_, err := tx.KeepBrowser(tx.Ctx, rows.KeepBrowserParams{WorkspaceID: workspace, ID: "brw_1", UserID: u.ID, TokenHash: seal.Hash("b"), Now: 1})
				return err
			},
			func() error {
				_, err := tx.TrustBrowser(tx.Ctx, rows.TrustBrowserParams{WorkspaceID: workspace, ID: "brw_1", UserID: u.ID, TokenHash: seal.Hash("b"), TrustedAt: 1, TrustedUntil: 2})
				return err
			},
			func() error {
				return tx.InsertAttempt(tx.Ctx, rows.InsertAttemptParams{WorkspaceID: workspace, ID: "att_1", BrowserHash: []byte{}, CreatedAt: 1})
			},
			func() error { return tx.InsertSession(tx.Ctx, session(u.ID)) },
			func() error {
				return tx.InsertLink(tx.Ctx, rows.InsertLinkParams{WorkspaceID: workspace, ID: "lnk_1", TokenHash: seal.Hash("l"), UserID: u.ID})
			},
			func() error {
				return tx.InsertMailedCode(tx.Ctx, rows.InsertMailedCodeParams{WorkspaceID: workspace, ID: "mlc_1", UserID: u.ID, CodeMac: []byte("123")})
			},
			func() error { return tx.InsertDevice(tx.Ctx, device(u.ID, []byte("sealed"))) },
			func() error {
				return tx.InsertPoolRule(tx.Ctx, rows.InsertPoolRuleParams{WorkspaceID: workspace, Place: 1, Kind: "domain", Value: "example.org", PoolID: countersign.DefaultPool})
			},
			func() error {
				return tx.InsertReset(tx.Ctx, rows.InsertResetParams{WorkspaceID: workspace, ID: "rst_1", UserID: u.ID, AskedBy: "usr_2", Reason: "lost", CreatedAt: 1, ExpiresAt: 2})
			},
			func() error {
				return tx.InsertHelpCode(tx.Ctx, rows.InsertHelpCodeParams{WorkspaceID: workspace, ID: "hlp_1", UserID: u.ID, CodeMac: []byte("123"), GivenBy: "usr_2", CreatedAt: 1, ExpiresAt: 2})
			},
			func() error {
				_, err := tx.InsertCampaign(tx.Ctx, rows.InsertCampaignParams{WorkspaceID: workspace, ID: "cmp_1", CreatedBy: u.ID, CreatedAt: 1})
				return err
			},
			func() error {
				return tx.InsertPairing(tx.Ctx, rows.InsertPairingParams{
					WorkspaceID: workspace, ID: "par_1", UserID: u.ID, Secret: []byte("sealed"), CodeHash: []byte("1"), ShortMac: []byte("2"), Nothing: []byte{},
				})
			},
			func() error {
				return tx.InsertRequest(tx.Ctx, rows.InsertRequestParams{WorkspaceID: workspace, ID: "req_1", UserID: u.ID, Kind: "signin", Display: "{}"})
			},
			func() error {
				_, err := tx.SpendNonce(tx.Ctx, rows.SpendNonceParams{WorkspaceID: workspace, KeyID: "dev_1", Nonce: "n", ExpiresAt: 1})
				return err
			},
			func() error {
				return tx.InsertText(tx.Ctx, rows.InsertTextParams{WorkspaceID: workspace, ID: "txt_1", UserID: u.ID, CodeMac: []byte{0, 255}, Holder: "att_1", ExpiresAt: 9_000})
			},
			func() error {
				_, err := tx.TakeTextCap(tx.Ctx, rows.TakeTextCapParams{WorkspaceID: workspace, Subject: "all", Now: 5, Opened: 0, Most: 3})
				return err
			},
			func() error {
				return tx.AddTextTotal(tx.Ctx, rows.AddTextTotalParams{WorkspaceID: workspace, Day: 1, Country: "DE", Provider: "p", Currency: "EUR", Texts: 1, Cost: 7_500})
			},
			func() error { return tx.InsertMessage(tx.Ctx, message([]byte("sealed"))) },
			func() error { return tx.InsertMessage(tx.Ctx, message([]byte{})) }, // as one that was handed over
			func() error {
				for i := range 300 {
					err := tx.InsertEvent(tx.Ctx, rows.InsertEventParams{
						WorkspaceID: workspace, ID: countersign.EventID(fmt.Sprintf("evt_%05d", i)), At: countersign.Milli(i), Kind: "signin.completed", UserID: u.ID,
					})
					if err != nil {
						return err
					}
				}
				return nil
			},
			func() error { _, err := tx.InsertInstallation(tx.Ctx, "value", []byte{0, 1, 2}); return err },
		)
	})
	// A lease, a chained batch, events that belong to it, and where the chain ends.
	insert(t, s, "INSERT INTO leases (name, holder, until) VALUES ('sealer', 'a', 10)")
	insert(t, s, "INSERT INTO campaign_people (workspace_id, campaign_id, user_id, round, mailed_at) VALUES ('wsp_default', 'cmp_1', $1, 0, 0)", string(u.ID))
	insert(t, s, "INSERT INTO seals (workspace_id, id, at, events, first_id, last_id, newest_at, digest, mac, marks, retired_at, retired_mac) VALUES ('wsp_default', 1, 2, 150, 'evt_00000', 'evt_00149', 149, $1, $2, $3, 0, $4)", []byte("digest"), []byte{0}, []byte("marks"), []byte{})
	insert(t, s, "INSERT INTO seal_heads (workspace_id, seal_id, mac) VALUES ('wsp_default', 1, $1)", []byte("mac"))
	insert(t, s, "UPDATE events SET seal_id = 1 WHERE id < 'evt_00150'")
}

func firstError(acts ...func() error) error {
	for _, act := range acts {
		err := act()
		if err != nil {
			return err
		}
	}
	return nil
}

// insert runs a statement of the test's own on either database.
func insert(t *testing.T, s *store.Store, statement string, args ...any) {
	t.Helper()
	if s.SQLite() {
		write(t, s, func(tx *store.Tx) error { return s.Writer(tx.Ctx, statement, args...) })
		return
	}
	_, err := s.DB().ExecContext(t.Context(), statement, args...)
	if err != nil {
		t.Fatal(err)
	}
}

// dump is every row of a table in text that tells NULL from empty, in order.
func dump(t *testing.T, s *store.Store, table string) []string {
	t.Helper()
	found, err := s.DB().QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	types, err := found.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for found.Next() {
		values, into := make([]any, len(types)), make([]any, len(types))
		for i := range values {
			into[i] = &values[i]
		}
		err = found.Scan(into...)
		if err != nil {
			t.Fatal(err)
		}
		var cells []string
		for i, value := range values {
			// The driver of SQLite gives nil for an empty BYTEA; none of ours
			// may be NULL, so that both are the same here.
			if value == nil && types[i].DatabaseTypeName() == "BYTEA" {
				value = []byte{}
			}
			cells = append(cells, fmt.Sprintf("%s=%T:%q", types[i].Name(), value, fmt.Sprint(value)))
		}
		slices.Sort(cells)
		out = append(out, strings.Join(cells, " "))
	}
	err = found.Err()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func same(t *testing.T, from, to *store.Store, but ...string) {
	t.Helper()
	for _, table := range store.Tables() {
		if slices.Contains(but, table) {
			continue
		}
		was, is := dump(t, from, table), dump(t, to, table)
		if len(was) == 0 {
			t.Errorf("%s is empty; the comparison is blind", table)
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s (-from +to):\n%s", table, diff)
		}
	}
}

func openers() map[string]func(t *testing.T) *store.Store {
	return map[string]func(t *testing.T) *store.Store{
		"sqlite":   func(t *testing.T) *store.Store { return storetest.Open(t, "") },
		"postgres": func(t *testing.T) *store.Store { return storetest.Open(t, storetest.Migrated(t)) },
	}
}

func TestACopyHoldsEverything(t *testing.T) {
	t.Parallel()
	for fromName, openFrom := range openers() {
		from := openFrom(t)
		fill(t, from)
		for toName, openTo := range openers() {
			t.Run(fromName+" to "+toName, func(t *testing.T) {
				to := openTo(t)
				counts, err := store.Copy(t.Context(), from, to)
				if err != nil {
					t.Fatal(err)
				}
				same(t, from, to)
				if len(counts) != len(store.Tables()) || counts["events"] != 300 || counts["users"] != 1 || counts["messages"] != 2 {
					t.Errorf("counts: %v", counts)
				}
				_, err = store.Copy(t.Context(), from, to)
				if err == nil || !strings.Contains(err.Error(), "not empty") {
					t.Errorf("a second copy into the same target: %v; want that it is refused", err)
				}
			})
		}
	}
}

func TestTheListOfTablesIsTheSchema(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		found, err := store.ListTables(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		listed := slices.Sorted(slices.Values(store.Tables()))
		if diff := cmp.Diff(found, listed); diff != "" {
			t.Errorf("tables() is not the schema (-schema +list):\n%s", diff)
		}
	})
}

func TestACopyThatCannotBeWholeIsNone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		spoil   func(t *testing.T, from, to *store.Store)
		problem string
	}{
		{"a target with a person in it", func(t *testing.T, _, to *store.Store) { addUser(t, to, "grace@example.org") }, "users holds 1 rows"},
		{"a target with a second workspace", func(t *testing.T, _, to *store.Store) {
			insert(t, to, "INSERT INTO workspaces (id, name, host, language, settings, settings_version, created_at) VALUES ('wsp_2', 'Two', 'two.example.com', '', '{}', 1, 0)")
		}, "workspaces holds 1 rows"},
		{"a source with a table that we do not know", func(t *testing.T, from, _ *store.Store) { insert(t, from, "CREATE TABLE later (id TEXT)") }, "other tables"},
		{"a source with a column that we do not know", func(t *testing.T, from, _ *store.Store) {
			insert(t, from, "ALTER TABLE seals ADD COLUMN later TEXT")
		}, "different columns"},
		{"a text that PostgreSQL does not keep", func(t *testing.T, from, _ *store.Store) {
			insert(t, from, "UPDATE users SET name = 'a' || char(0) || 'b'")
		}, "table users"},
	} {
		t.Run(row.name, func(t *testing.T) {
			from, target := storetest.Open(t, ""), ""
			if strings.Contains(row.name, "PostgreSQL") {
				target = storetest.Migrated(t)
			}
			to := storetest.Open(t, target)
			fill(t, from)
			row.spoil(t, from, to)
			before := map[string]int{}
			for _, table := range store.Tables() {
				before[table] = count(t, to, table)
			}
			_, err := store.Copy(t.Context(), from, to)
			if err == nil || !strings.Contains(err.Error(), row.problem) {
				t.Errorf("the copy: %v; want a refusal with %q", err, row.problem)
			}
			for table, n := range before {
				if now := count(t, to, table); now != n {
					t.Errorf("the target's %s: %d rows; want the %d from before", table, now, n)
				}
			}
		})
	}
}

func TestACopyThatIsCancelledIsNone(t *testing.T) {
	t.Parallel()
	for name, open := range openers() {
		t.Run(name, func(t *testing.T) {
			from, to := storetest.Open(t, ""), open(t)
			fill(t, from)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := store.Copy(ctx, from, to)
			if err == nil || count(t, to, "users") != 0 || count(t, to, "workspaces") != 1 {
				t.Errorf("a cancelled copy: %v, with %d users", err, count(t, to, "users"))
			}
			write(t, to, func(tx *store.Tx) error { return tx.InsertUser(tx.Ctx, user("ada@example.org")) })
		})
	}
}
