package people_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func rulesOf(t *testing.T, p *people.Service) people.Stored {
	t.Helper()
	stored, err := p.Rules(context.Background(), accounttest.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// file reads rules as they stand in a file.
func file(t *testing.T, text string) policy.Rules {
	t.Helper()
	r, err := policy.ParseRules([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func put(p *people.Service, next policy.Rules, version int64) error {
	return p.StoreRules(context.Background(), accounttest.Workspace, next, version, people.Shell())
}

func TestRulesAreOneFile(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		node := e.Node(t)
		was := rulesOf(t, p)
		if settings, err := node.Accounts.Settings(context.Background(), accounttest.Workspace, countersign.DefaultPool); err != nil || settings.Preferred != "none" {
			t.Fatal(settings.Preferred, err) // the other node has read them, and keeps them
		}
		next := was.With(file(t, "totp.max = 3\n[pool.Everybody]\npreferred = \"push\"\n[pool.\"Field staff\"]\nrequire_second_factor = \"required\"\n"), false)
		accounttest.Want(t, "rules for the workspace and two pools", put(p, next, was.Version), "ok")
		is := rulesOf(t, p)
		if rest := policy.Changes(next, is.Rules); len(rest) > 0 || is.Version != was.Version+1 {
			t.Errorf("stored is otherwise: %v; version %d after %d", rest, is.Version, was.Version)
		}
		if name := is.PoolName(is.PoolNamed("Field staff")); name != "Field staff" {
			t.Errorf("the pool that was not there is %q", name)
		}
		settings, err := node.Accounts.Settings(context.Background(), accounttest.Workspace, countersign.DefaultPool)
		if err != nil || settings.Preferred != "push" || settings.TOTPMax != 3 {
			t.Errorf("a pool's setting does not count at once on another node: %q %d, %v", settings.Preferred, settings.TOTPMax, err)
		}
		accounttest.Want(t, "a pool's change over one that came between", put(p, next, was.Version), "changed_meanwhile")
		// A pool that is not named stays, with what it has.
		accounttest.Want(t, "rules without pools", put(p, policy.Rules{Workspace: policy.Document{}}, is.Version), "ok")
		left := rulesOf(t, p)
		if left.Pools["Everybody"]["preferred"] != "push" || len(left.Pools) != 2 || len(left.Workspace) != 0 {
			t.Errorf("left are %v", left)
		}
		for _, row := range []struct {
			kind, detail string
		}{
			{"settings.changed", `"totp.max":"(default) → 3"`},
			{"settings.changed", `"totp.max":"3 → (default)"`},
			{"pool.settings_changed", `"pool":"Everybody","preferred":"(default) → push"`},
			{"pool.settings_changed", `"pool":"Field staff","require_second_factor":"(default) → required"`},
			{"pool.created", `"pool":"Field staff"`},
		} {
			if n := e.Count(t, row.kind, row.detail); n != 1 {
				t.Errorf("%d events %s with %s", n, row.kind, row.detail)
			}
		}
		if n := e.Count(t, "settings.changed", "") + e.Count(t, "pool.settings_changed", ""); n != 4 {
			t.Errorf("%d changes are told", n)
		}
	})
}

func TestRulesThatCannotBe(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		was := rulesOf(t, p)
		for _, next := range []policy.Rules{
			{Workspace: policy.Document{"totp.max": 9}},
			{Workspace: policy.Document{}, Pools: map[string]policy.Document{"Everybody": {"methods": []string{"totp"}}}},
			{Workspace: policy.Document{}, Pools: map[string]policy.Document{"Everybody": {"first_factors": []string{"push"}}}},
		} {
			accounttest.Want(t, "what cannot be", put(p, next, was.Version), "settings_invalid")
		}
		if rulesOf(t, p).Version != was.Version || e.Count(t, "settings.changed", "") != 0 {
			t.Error("something was stored")
		}
	})
}

// Two pools of one name are told apart, so that neither gets what is meant for the other.
func TestPoolsOfOneName(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		// Rules refuse it, but it may lie there.
		e.Exec(t, fmt.Sprintf("INSERT INTO pools (workspace_id, id, name, settings, created_at) VALUES ('%s', 'pool_other', 'Everybody', '{}', 9)", accounttest.Workspace))
		was := rulesOf(t, p)
		other := was.PoolName("pool_other")
		if other == "Everybody" || !strings.Contains(other, "pool_other") {
			t.Fatalf("the second one is called %q", other)
		}
		next := was.With(policy.Rules{Pools: map[string]policy.Document{other: {"preferred": "push"}}}, false)
		accounttest.Want(t, "rules for the second", put(p, next, was.Version), "ok")
		is := rulesOf(t, p)
		if is.Pools["Everybody"]["preferred"] != nil || is.Pools[other]["preferred"] != "push" || len(is.Pools) != 2 {
			t.Errorf("stored are %v", is.Pools)
		}
	})
}

// ownerOf is a person who is an owner.
func ownerOf(t *testing.T, e *accounttest.Engine, email string) *accounttest.Person {
	t.Helper()
	ada := e.Person(t, email)
	e.Exec(t, fmt.Sprintf("UPDATE users SET role = 'owner' WHERE id = '%s'", ada.ID))
	return ada
}

func TestRulesDoNotShutTheLastOwnerOut(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ada := ownerOf(t, e, "ada@example.com")
		was := rulesOf(t, p)
		without := was.With(file(t, `methods = ["totp"]`+"\n"+`second_factors = ["totp"]`), false)
		key := e.SecurityKey(t)
		desk := ada.Desk(t)
		asked, err := e.Enrol.AskPasskey(context.Background(), desk)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Enrol.AddPasskey(context.Background(), desk, "Key", key.Create(asked))
		if err != nil {
			t.Fatal(err)
		}
		impact := impactOf(t, p, was, without)
		if !impact.NoOwner || impact.LockedOut.Count != 1 || impact.Managers.Count != 1 || impact.Managers.First[0].Email != ada.Email {
			t.Errorf("the dry run says %+v", impact)
		}
		accounttest.Want(t, "rules by which nobody gets in", put(p, without, was.Version), "owners_locked_out")
		if rulesOf(t, p).Version != was.Version {
			t.Error("they were stored all the same")
		}
		// Another one with an app is enough.
		eve := ownerOf(t, e, "eve@example.com").WithApp(t, "Phone")
		impact = impactOf(t, p, was, without)
		if impact.NoOwner || impact.LockedOut.Count != 1 || eve.Email == impact.LockedOut.First[0].Email {
			t.Errorf("with another one the dry run says %+v", impact)
		}
		accounttest.Want(t, "the same with another owner", put(p, without, was.Version), "ok")
	})
}

// An owner without a second factor sets one up on the way, and one with codes gets in with
// them; where nobody got in before, no rule can shut anybody out.
func TestOwnersWhoGetIn(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		was := rulesOf(t, p)
		required := was.With(file(t, `require_second_factor = "required"`), false)
		accounttest.Want(t, "rules where there is no owner at all", put(p, required, was.Version), "ok")
		ownerOf(t, e, "ada@example.com")
		was = rulesOf(t, p)
		impact := impactOf(t, p, was, was.With(file(t, `methods = ["totp"]`), false))
		if impact.NoOwner || impact.MustSetUp.Count != 0 {
			t.Errorf("the dry run says %+v", impact)
		}
	})
}

func impactOf(t *testing.T, p *people.Service, was people.Stored, next policy.Rules) people.Impact {
	t.Helper()
	impact, err := p.Impact(context.Background(), accounttest.Workspace, was, next)
	if err != nil {
		t.Fatal(err)
	}
	return impact
}

func TestTheImpactOfRules(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		e.AllowTexts(t, "DE")
		staff := pool(t, p, "Field staff", nil)
		for i := range 12 {
			e.Person(t, fmt.Sprintf("plain%02d@example.com", i))
		}
		field := e.Person(t, "field@example.com")
		e.Exec(t, fmt.Sprintf("UPDATE users SET pool_id = '%s' WHERE id = '%s'", staff, field.ID))
		e.Guarded(t, "app@example.com")
		e.Person(t, "number@example.com").WithNumber(t, "+4915123456789")
		e.Person(t, "codes@example.com").WithNumber(t, "+4915123456788").WithCodes(t, 3)
		disabled := e.Person(t, "disabled@example.com").WithNumber(t, "+4915123456787")
		e.Write(t, func(tx *store.Tx) error {
			_, err := tx.SetUserState(tx.Ctx, countersign.Disabled, accounttest.Workspace, disabled.ID)
			return err
		})
		was := rulesOf(t, p)
		for _, row := range []struct {
			sentence, text        string
			lockedOut, codes, set []string
			setUp                 int
		}{
			{"nothing changes", "", nil, nil, nil, 0},
			{"texts go", `second_factors = ["totp"]`, []string{"number@example.com"}, []string{"codes@example.com"}, nil, 0},
			{"their country goes", `sms.countries = ["US"]`, []string{"number@example.com"}, []string{"codes@example.com"}, nil, 0},
			{"texts and codes go", `methods = ["totp"]`, []string{"codes@example.com", "number@example.com"}, nil, nil, 0},
			{"everybody must", `require_second_factor = "required"`, nil, nil, []string{"field@example.com", "plain00@example.com"}, 13},
			{"one pool must", "[pool.\"Field staff\"]\nrequire_second_factor = \"required\"", nil, nil, []string{"field@example.com"}, 1},
			{"from a day to come", `require_second_factor = "required from 2027-01-31"`, nil, nil, nil, 0},
			{"a pool that nobody is in yet", "[pool.New]\nrequire_second_factor = \"required\"", nil, nil, nil, 0},
		} {
			impact := impactOf(t, p, was, was.With(file(t, row.text), false))
			if got := emails(impact.LockedOut); !slices.Equal(got, row.lockedOut) {
				t.Errorf("%s: locked out are %v, want %v", row.sentence, got, row.lockedOut)
			}
			if got := emails(impact.CodesOnly); !slices.Equal(got, row.codes) {
				t.Errorf("%s: codes alone have %v, want %v", row.sentence, got, row.codes)
			}
			got := emails(impact.MustSetUp)
			if impact.MustSetUp.Count != row.setUp || len(got) > 10 || !slices.Equal(got[:min(len(got), len(row.set))], row.set) {
				t.Errorf("%s: %d must set up, %v; want %d, %v", row.sentence, impact.MustSetUp.Count, got, row.setUp, row.set)
			}
		}
	})
}

// What is required concerns those alone who have no second factor, and only they are read:
// that comes to the same as looking at everybody.
func TestTheImpactOfARequirementAlone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		e.AllowTexts(t, "DE")
		e.Set(t, policy.Document{"sms.countries": []any{"DE"}, "require_second_factor": "optional"})
		for i := range 3 {
			e.Person(t, fmt.Sprintf("plain%d@example.com", i))
		}
		e.Guarded(t, "app@example.com")
		e.Guarded(t, "phone@example.com").WithPhone(t, "Pixel 9")
		e.Person(t, "number@example.com").WithNumber(t, "+4915123456789")
		e.Person(t, "codes@example.com").WithCodes(t, 3)
		ownerOf(t, e, "ada@example.com")
		was := rulesOf(t, p)
		alone := impactOf(t, p, was, was.With(file(t, `require_second_factor = "required"`), false))
		whole := impactOf(t, p, was, was.With(file(t, "require_second_factor = \"required\"\n[sms]\ncountries = [\"DE\", \"US\"]"), false))
		if diff := cmp.Diff(whole, alone); diff != "" || alone.MustSetUp.Count != 5 {
			t.Errorf("%d must set up, and looking at everybody is another thing:\n%s", alone.MustSetUp.Count, diff)
		}
	})
}

func emails(g people.Group) []string {
	var all []string
	for _, one := range g.First {
		all = append(all, one.Email)
	}
	return all
}

// A day that has come stays in force, and a file that has it applies; over it, and elsewhere,
// no other day that is over is set.
func TestADayThatHasCome(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		over := policy.Document{"require_second_factor": "required from 2020-01-31"}
		e.Set(t, over)
		was := rulesOf(t, p)
		read := file(t, strings.Replace(was.TOML(), "[pool.Everybody]\n", "[pool.Everybody]\npreferred = \"push\"\n", 1))
		accounttest.Want(t, "the file of before, with something else in it", put(p, was.With(read, true), was.Version), "ok")
		is := rulesOf(t, p)
		if value := is.Workspace["require_second_factor"]; value != "required from 2020-01-31" {
			t.Errorf("the day has become %v", value)
		}
		for sentence, next := range map[string]policy.Rules{
			"another day that is over":           {Workspace: policy.Document{"require_second_factor": "required from 2020-02-01"}},
			"the same day for a pool":            {Pools: map[string]policy.Document{"Everybody": over}},
			"the same day for a pool to be made": {Pools: map[string]policy.Document{"Sales": over}},
		} {
			accounttest.Want(t, sentence, put(p, is.With(next, false), is.Version), "requirement_past")
		}
		last := policy.LastRequirement(e.Clock.Now())
		for sentence, next := range map[string]policy.Rules{
			"the day after the last that can be": {Workspace: policy.Document{"require_second_factor": "required from " + last.AddDate(0, 0, 1).Format(time.DateOnly)}},
			"the end of the calendar, of a pool": {Pools: map[string]policy.Document{"Everybody": {"require_second_factor": "required from 9999-12-31"}}},
		} {
			accounttest.Want(t, sentence, put(p, is.With(next, false), is.Version), "requirement_far")
		}
		accounttest.Want(t, "from today on", put(p, is.With(policy.Rules{Workspace: policy.Document{"require_second_factor": "required from " + e.Clock.Now().UTC().Format(time.DateOnly)}}, false), is.Version), "ok")
	})
}

// Whatever is stored, exported and applied again is what it was, and so is each preset.
func TestWhatIsExportedIsApplied(t *testing.T) {
	both(t, func(t *testing.T, _ *accounttest.Engine, p *people.Service) {
		rapid.Check(t, func(rt *rapid.T) {
			preset, err := policy.Preset(rapid.SampledFrom(policy.Presets()).Draw(rt, "preset"))
			if err != nil {
				rt.Fatal(err)
			}
			next := policy.Rules{Workspace: preset, Pools: map[string]policy.Document{"Everybody": {}}}
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Sales", "Field staff", `"`}), 0, 3, rapid.ID[string]).Draw(rt, "pools") {
				next.Pools[name] = policy.Document{"preferred": rapid.SampledFrom([]string{"push", "totp", "none"}).Draw(rt, "preferred")}
			}
			was := rulesOf(t, p)
			if err = put(p, was.With(next, true), was.Version); err != nil {
				rt.Fatal(err)
			}
			is := rulesOf(t, p)
			read, err := policy.ParseRules([]byte(is.TOML()))
			if err != nil {
				rt.Fatal(err)
			}
			if rest := policy.Changes(is.Rules, is.With(read, true)); len(rest) > 0 {
				rt.Fatalf("applying the export changes %v", rest)
			}
			if rest := policy.Changes(policy.Rules{Workspace: preset}, policy.Rules{Workspace: is.Workspace}); len(rest) > 0 {
				rt.Fatalf("the preset is not in force: %v", rest)
			}
		})
	})
}

// A file from elsewhere that marks its default pool means the default one here: people are
// in it and stay there, under the name that it has in the file.
func TestAFileMeansTheDefaultPool(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ada := ownerOf(t, e, "ada@example.com")
		was := rulesOf(t, p)
		if was.Default != "Everybody" {
			t.Fatalf("the default pool is %q", was.Default)
		}
		const text = "[pool.Staff]\ndefault = true\npreferred = \"push\"\nrequire_second_factor = \"required\"\n[pool.Everybody]\ntotp.max = 1\n"
		next := was.With(file(t, text), true)
		impact := impactOf(t, p, was, next)
		if impact.MustSetUp.Count != 1 || impact.MustSetUp.First[0].Email != ada.Email {
			t.Errorf("whoever is in the default pool is not affected: %+v", impact)
		}
		accounttest.Want(t, "a file that calls it otherwise", put(p, next, was.Version), "ok")
		is := rulesOf(t, p)
		if is.Default != "Staff" || is.PoolNamed("Staff") != countersign.DefaultPool || is.Pools["Staff"]["preferred"] != "push" {
			t.Errorf("stored are %+v", is)
		}
		if made := is.PoolNamed("Everybody"); made == "" || made == countersign.DefaultPool || len(is.Pools) != 2 {
			t.Errorf("the pool of its former name is %q of %v", made, is.Pools)
		}
		settings, err := e.Node(t).Accounts.Settings(context.Background(), accounttest.Workspace, countersign.DefaultPool)
		if err != nil || settings.Preferred != "push" {
			t.Errorf("its people have %q, %v", settings.Preferred, err)
		}
		if n := e.Count(t, "pool.renamed", `"after":"Staff"`); n != 1 {
			t.Errorf("%d events of its new name", n)
		}
		again := is.With(file(t, text), true)
		if rest := policy.Changes(is.Rules, again); len(rest) > 0 {
			t.Errorf("the same file changes %v", rest)
		}
		for name, code := range map[string]string{"everybody": "pool_name_taken", "Everybody": "pool_name_taken", " Staff": "name_characters", "a\u202eb": "name_characters"} {
			bad := is.With(policy.Rules{}, false)
			bad.Default = name
			_, err := is.Makes(bad)
			for _, err := range []error{err, put(p, bad, is.Version)} {
				var refusal *countersign.Error
				if !errors.As(err, &refusal) || refusal.Field != "name" || refusal.Code != code {
					t.Errorf("the default pool as %q: %v", name, err)
				}
			}
		}
		// Whoever looked before it was renamed makes no second pool of it.
		accounttest.Want(t, "another name", p.RenamePool(context.Background(), accounttest.Workspace, countersign.DefaultPool, "Crew", people.Shell()), "ok")
		accounttest.Want(t, "rules under its old name", put(p, again, is.Version), "changed_meanwhile")
		if is := rulesOf(t, p); is.Default != "Crew" || len(is.Pools) != 2 {
			t.Errorf("then there are %v", is.PoolNames())
		}
	})
}
