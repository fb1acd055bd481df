package people

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/language"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/colour"
	"countersign/internal/hosts"
	"countersign/internal/picture"
	"countersign/internal/sender"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// WorkspaceChange is what a workspace is to be called and to look like, all of it at once:
// what is "" is taken away. [ChangeOf] fills it with what there is.
type WorkspaceChange struct {
	Name, Host, Language string
	// Accent is its colour as "#rrggbb", dark enough for white text.
	Accent string
	// Sender is whom its mails come from, as package sender reads it: a name, an address,
	// or both. "" is its name, from the configured address.
	Sender string
	// Logo is a new picture; see package picture. nil leaves the one that there is, and
	// an empty one takes it away.
	Logo []byte
	// Move allows another host where people have passkeys or phones, which work at one
	// host alone.
	Move bool
}

// ChangeOf is what a workspace is called and looks like now.
func ChangeOf(w rows.Workspace) WorkspaceChange {
	return WorkspaceChange{Name: w.Name, Host: w.Host, Language: w.Language, Accent: w.Accent, Sender: w.Sender}
}

// ChangeWorkspace gives a workspace another name, address, look or sender. The default one
// has the configured address, and no other. A workspace's own administrators change none of
// this. Its sender least of all: the one mail server takes mail from every address that it
// takes from this installation, and whoever set an address could send their workspace's
// mails, with names and links of their choice, as another workspace or as the installation.
//
// Errors: those of operate; NotFound "no_workspace"; Invalid on "name", "host", "language",
// "accent", "sender", "logo"; Conflict "host_in_use" with the numbers of passkeys and
// phones that would be lost, "host_shuts_out" where owners could not sign in any more, whom
// it names too, "host_owners_locked_out" where none could: that is done to nobody.
func (s *Service) ChangeWorkspace(ctx context.Context, id countersign.WorkspaceID, c WorkspaceChange, by By) error {
	next, err := s.checkLook(rows.Workspace{ID: id, Name: c.Name, Host: c.Host, Language: c.Language, Accent: c.Accent, Sender: c.Sender})
	logo, logoErr := logoName(c.Logo)
	err = errors.Join(err, logoErr)
	if err != nil {
		return err
	}
	err = s.operate(ctx, by, func(tx *store.Tx, by By) error {
		was, err := lockedWorkspace(tx, id)
		if err != nil {
			return err
		}
		if was.Host != next.Host {
			err = s.mayMoveHost(tx, was, next.Host, c.Move, by)
			if err != nil {
				return err
			}
		}
		is := next
		is.Logo = was.Logo
		if c.Logo != nil {
			is.Logo = logo
			err = storeLogo(tx, id, logo, c.Logo)
			if err != nil {
				return err
			}
		}
		detail := lookChanges(was, is)
		if len(detail) == 0 {
			return nil
		}
		_, err = tx.ChangeWorkspace(tx.Ctx, rows.ChangeWorkspaceParams{
			Name: is.Name, Host: is.Host, Language: is.Language, Accent: is.Accent, Sender: is.Sender, Logo: is.Logo, ID: id,
		})
		if err != nil {
			return fmt.Errorf("change the workspace: %w", err)
		}
		s.changedHosts(tx)
		return tellBoth(tx, id, by, "workspace.changed", detail)
	})
	if err != nil {
		return taken(err)
	}
	return s.reload(ctx)
}

// mayMoveHost refuses where something works at the present host alone, unless that is
// meant; and, meant or not, where no owner could sign in any more. What is older than its
// host name being kept is noted as set up under the present one.
func (s *Service) mayMoveHost(tx *store.Tx, was rows.Workspace, host string, meant bool, by By) error {
	n, err := tx.CountBound(tx.Ctx, was.ID)
	if err != nil {
		return fmt.Errorf("count passkeys and phones: %w", err)
	}
	if n.Passkeys+n.Phones == 0 {
		return nil
	}
	_, err = tx.BindCredentials(tx.Ctx, was.Host, was.ID)
	if err != nil {
		return fmt.Errorf("note the host of passkeys and phones: %w", err)
	}
	out, lost, err := s.shutOutAt(tx, was.ID, host, by)
	if err != nil {
		return err
	}
	e := countersign.Refuse(countersign.Conflict, "host_in_use")
	e.Args = map[string]any{"Passkeys": n.Passkeys, "Phones": n.Phones, "Owners": strings.Join(out, ", ")}
	switch {
	case lost:
		e.Code = "host_owners_locked_out"
		return e
	case meant:
		return nil
	case len(out) > 0:
		e.Code = "host_shuts_out"
	}
	return e
}

// shutOutAt names the owners who can sign in and could not at another host, as their
// passkeys and phones work at the present one alone; and tells whether these are all.
func (s *Service) shutOutAt(tx *store.Tx, id countersign.WorkspaceID, host string, by By) ([]string, bool, error) {
	all, err := takeOwners(tx, id, by)
	if err != nil {
		return nil, false, err
	}
	var out []string
	owners := census{}
	for _, u := range all {
		a, err := s.Accounts.Within(tx, u)
		if err != nil {
			return nil, false, err
		}
		here, there := census{}, census{}
		ground := s.Accounts.GroundWithin(a)
		err = s.countOwner(tx, u, ground, ground, &here)
		if err != nil {
			return nil, false, err
		}
		ground.RPID = host
		err = s.countOwner(tx, u, ground, ground, &there)
		if err != nil {
			return nil, false, err
		}
		owners.before += here.before
		owners.after += there.after
		if here.before > there.after {
			out = append(out, cmp.Or(u.Name, u.Email))
		}
	}
	return out, owners.lost(), nil
}

// lookChanges tells before and after of what differs.
func lookChanges(was, is rows.Workspace) map[string]string {
	out := map[string]string{}
	for name, pair := range map[string][2]string{
		"name": {was.Name, is.Name}, "host": {was.Host, is.Host}, "language": {was.Language, is.Language}, "accent": {was.Accent, is.Accent},
		"sender": {was.Sender, is.Sender}, "logo": {was.Logo, is.Logo},
	} {
		if pair[0] != pair[1] {
			out[name] = audit.Change(pair[0], pair[1])
		}
	}
	return out
}

// checkLook returns the row with everything as it is stored; all that is wrong is told at
// once, each at its field. That of a workspace without an id is a new one's.
func (s *Service) checkLook(w rows.Workspace) (rows.Workspace, error) {
	var wrong []error
	note := func(field string, err error) {
		var refusal *countersign.Error
		if errors.As(err, &refusal) {
			refusal.Field = field
		}
		wrong = append(wrong, err)
	}
	var err error
	w.Name, err = account.CheckName("workspace", w.Name, 0)
	note("name", err)
	w.Sender, err = checkSender(w.Sender)
	note("sender", err)
	w.Host, err = s.checkHost(w.ID, w.Host)
	note("host", err)
	w.Language, err = checkLanguage(w.Language)
	note("language", err)
	w.Accent, err = checkAccent(w.Accent)
	note("accent", err)
	return w, errors.Join(wrong...)
}

// checkHost returns a host as it is stored. Whether another workspace has it, the unique
// index says.
func (s *Service) checkHost(id countersign.WorkspaceID, typed string) (string, error) {
	if id == countersign.DefaultWorkspace {
		if strings.TrimSpace(typed) != "" {
			return "", countersign.InvalidField("host", "host_default")
		}
		return "", nil
	}
	if strings.TrimSpace(typed) == "" {
		return "", countersign.InvalidField("host", "host_empty")
	}
	return s.hostOf(typed)
}

func (s *Service) hostOf(typed string) (string, error) {
	host, err := hosts.Check(typed)
	switch {
	case errors.Is(err, hosts.ErrAddress):
		return "", countersign.InvalidField("host", "host_number")
	case err != nil:
		return "", countersign.InvalidField("host", "host_invalid")
	case s.Accounts.Hosts.Configured(host):
		return host, countersign.InvalidField("host", "host_configured")
	}
	return host, nil
}

// checkSender returns a sender as it is stored. Each part is as it is elsewhere: an address
// as that of the installation, a name as that of a workspace. A name with an address in it
// is not taken: whoever forgot the brackets would have mails that show one address and come
// from another.
func checkSender(typed string) (string, error) {
	malformed := countersign.InvalidField("sender", "sender_malformed")
	from, err := sender.Parse(strings.Join(strings.Fields(typed), " "))
	if err != nil {
		return "", malformed
	}
	for word := range strings.FieldsSeq(from.Name) {
		if at := strings.IndexByte(word, '@'); at > 0 && at < len(word)-1 {
			return "", malformed
		}
	}
	if from.Name != "" {
		from.Name, err = account.CheckName("sender", from.Name, 0)
		if err != nil {
			return "", err
		}
	}
	return sender.Format(from), nil
}

func checkLanguage(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", nil
	}
	tag, err := language.Parse(typed)
	if err != nil {
		return "", countersign.InvalidField("language", "language_unknown")
	}
	return tag.String(), nil
}

// checkAccent takes a colour on which white text can be read: mails write so on it, and a
// page makes a lighter and a darker one of it as it needs.
func checkAccent(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", nil
	}
	c, ok := colour.Parse(typed)
	if !ok {
		return "", countersign.InvalidField("accent", "accent_invalid")
	}
	if colour.Contrast(c, colour.White()) < colour.Text {
		return "", countersign.InvalidField("accent", "accent_pale")
	}
	return c.String(), nil
}

// logoName is the file's name of a picture, made of what is in it: another picture has
// another name, so browsers may keep each for ever. "" for none.
func logoName(octets []byte) (string, error) {
	if len(octets) == 0 {
		return "", nil
	}
	kind, err := picture.Check(octets)
	switch {
	case errors.Is(err, picture.ErrLarge):
		return "", logoRefused("logo_large", map[string]any{"Most": picture.MostOctets >> 10})
	case errors.Is(err, picture.ErrWide):
		return "", logoRefused("logo_wide", map[string]any{"Most": picture.MostPixels})
	case errors.Is(err, picture.ErrKind):
		return "", logoRefused("logo_kind", nil)
	case err != nil:
		return "", logoRefused("logo_broken", nil)
	}
	sum := sha256.Sum256(octets)
	return "logo-" + hex.EncodeToString(sum[:8]) + "." + kind, nil
}

func logoRefused(code string, args map[string]any) error {
	e := countersign.InvalidField("logo", code)
	e.Args = args
	return e
}

// storeLogo puts a picture in the place of the one that was there.
func storeLogo(tx *store.Tx, id countersign.WorkspaceID, name string, octets []byte) error {
	if name != "" {
		err := tx.InsertLogo(tx.Ctx, id, name, octets)
		if err != nil {
			return fmt.Errorf("keep the picture: %w", err)
		}
	}
	_, err := tx.DeleteOtherLogos(tx.Ctx, id, name)
	if err != nil {
		return fmt.Errorf("remove the old picture: %w", err)
	}
	return nil
}
