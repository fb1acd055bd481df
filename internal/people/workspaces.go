package people

import (
	"context"
	"fmt"
	"strings"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// WorkspacesTopic is the bell that rings when a workspace was made, changed or removed.
const WorkspacesTopic = "workspaces"

// NewWorkspace is what is known of a workspace that is to be made.
type NewWorkspace struct {
	Name string
	// Host is its host name; see [hosts.Check].
	Host string
	// Language is a BCP 47 tag for people who have chosen none; "" is the installation's.
	Language string
}

// WorkspaceMade is a new workspace.
type WorkspaceMade struct {
	ID countersign.WorkspaceID
	// SetUp is the one-time address that makes its first owner.
	SetUp string
}

// CreateWorkspace makes a workspace that nobody is in yet, with one identity pool and the
// settings as they are by default. It is an act of the default workspace, whose people run
// the installation.
//
// Errors: those of operate; Invalid on "name", "host", "language".
func (s *Service) CreateWorkspace(ctx context.Context, n NewWorkspace, by By) (WorkspaceMade, error) {
	row, err := s.checkLook(rows.Workspace{Name: n.Name, Host: n.Host, Language: n.Language})
	if err != nil {
		return WorkspaceMade{}, err
	}
	id := countersign.WorkspaceID(seal.ID("wsp"))
	err = s.operate(ctx, by, func(tx *store.Tx, by By) error {
		err := tx.InsertWorkspace(tx.Ctx, rows.InsertWorkspaceParams{
			ID: id, Name: row.Name, Host: row.Host, Language: row.Language, CreatedAt: countersign.Milli(tx.NowMilli()),
		})
		if err != nil {
			return fmt.Errorf("make the workspace: %w", err)
		}
		err = tx.InsertPool(tx.Ctx, rows.InsertPoolParams{WorkspaceID: id, ID: countersign.DefaultPool, Name: "Everybody", CreatedAt: tx.NowMilli()})
		if err != nil {
			return fmt.Errorf("make its identity pool: %w", err)
		}
		s.changedHosts(tx)
		return tellBoth(tx, id, by, "workspace.created", map[string]string{"name": row.Name, "host": row.Host})
	})
	if err != nil {
		return WorkspaceMade{}, taken(err)
	}
	// Its address is in the book from here on, and the link begins with that.
	err = s.reload(ctx)
	if err != nil {
		return WorkspaceMade{}, err
	}
	made := WorkspaceMade{ID: id}
	made.SetUp, err = s.SetupLink(ctx, id)
	return made, err
}

// operate runs what concerns the workspaces of an installation: a deed upon the default
// one, whose row is taken, so that two of them go one after the other. Errors: those of
// onAll, for a session of another workspace too.
func (s *Service) operate(ctx context.Context, by By, act func(*store.Tx, By) error) error {
	return s.onAll(ctx, countersign.DefaultWorkspace, by, policy.DeedWorkspaces, act)
}

// changedHosts has every node read the workspaces anew.
func (s *Service) changedHosts(tx *store.Tx) { tx.After(func() { s.Store.Wake(WorkspacesTopic) }) }

// tellBoth writes an event into the log of the default workspace, where it was done, and
// into that of the workspace it was done to. There it names nobody: who works at one
// company is not known at another.
func tellBoth(tx *store.Tx, id countersign.WorkspaceID, by By, kind string, detail map[string]string) error {
	e := audit.Event{Kind: kind, Actor: by.Actor, Target: string(id), Place: by.Place, Detail: detail}
	err := audit.Write(tx, countersign.DefaultWorkspace, e)
	if err != nil || id == countersign.DefaultWorkspace {
		return err
	}
	e.Actor, e.Place = countersign.Actor{Kind: countersign.BySystem}, countersign.Place{}
	return audit.Write(tx, id, e)
}

// taken says which field a unique index refused: there is one.
func taken(err error) error {
	if store.Taken(err) {
		return countersign.InvalidField("host", "host_taken")
	}
	return err
}

// WorkspaceListed is one line of the list of workspaces.
type WorkspaceListed struct {
	rows.Workspace
	// Address is where its people sign in.
	Address string
	People  int64
}

// ListWorkspaces lists all workspaces, the default one first.
func (s *Service) ListWorkspaces(ctx context.Context) ([]WorkspaceListed, error) {
	list, err := s.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		n, err := s.Store.Read().CountBound(ctx, list[i].ID)
		if err != nil {
			return nil, fmt.Errorf("count people: %w", store.Classify(err))
		}
		list[i].People = n.People
	}
	return list, nil
}

// Workspaces is [Service.ListWorkspaces] without looking who is in them.
func (s *Service) Workspaces(ctx context.Context) ([]WorkspaceListed, error) {
	list, err := s.Store.Read().ListWorkspaces(ctx)
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", store.Classify(err))
	}
	out := make([]WorkspaceListed, 0, len(list))
	for _, w := range list {
		one := WorkspaceListed{Workspace: w, Address: s.Accounts.Hosts.Address(w.Host)}
		if w.ID == countersign.DefaultWorkspace {
			out = append([]WorkspaceListed{one}, out...)
			continue
		}
		out = append(out, one)
	}
	return out, nil
}

// FindWorkspace returns the workspace of an id or a host name. NotFound "no_workspace".
func (s *Service) FindWorkspace(ctx context.Context, idOrHost string) (rows.Workspace, error) {
	list, err := s.Store.Read().ListWorkspaces(ctx)
	if err != nil {
		return rows.Workspace{}, fmt.Errorf("list workspaces: %w", store.Classify(err))
	}
	host, _ := s.hostOf(idOrHost)
	for _, w := range list {
		if string(w.ID) == idOrHost || w.Host != "" && w.Host == host || w.ID == countersign.DefaultWorkspace && s.Accounts.Hosts.Configured(host) {
			return w, nil
		}
	}
	return rows.Workspace{}, countersign.Refuse(countersign.NotFound, "no_workspace")
}

// RemoveWorkspace removes a workspace and everything of it: people, what they set up,
// settings, messages that wait, and its log. The log of the default workspace keeps that it
// was there, when it was removed, by whom, and how many people it had; what its own log
// told about them is theirs, and nobody could read it any more. typed is the workspace's
// name once more, for one that has people.
//
// Errors: Forbidden "beyond_role" for anybody but the shell; NotFound "no_workspace";
// Conflict "default_workspace"; Invalid on "name" where it is not typed as it is.
func (s *Service) RemoveWorkspace(ctx context.Context, id countersign.WorkspaceID, typed string, by By) error {
	if by.holder != nil {
		return beyondRole()
	}
	if id == countersign.DefaultWorkspace {
		return countersign.Refuse(countersign.Conflict, "default_workspace")
	}
	var detail map[string]string
	err := s.Store.RemoveWorkspace(ctx, id, func(tx *store.Tx) error {
		w, err := lockedWorkspace(tx, id)
		if err != nil {
			return err
		}
		n, err := tx.CountBound(tx.Ctx, id)
		if err != nil {
			return fmt.Errorf("count people: %w", err)
		}
		if n.People > 0 && account.NameKey(strings.Join(strings.Fields(typed), " ")) != account.NameKey(w.Name) {
			e := countersign.InvalidField("name", "workspace_name_other")
			e.Args = map[string]any{"Workspace": w.Name, "People": n.People}
			return e
		}
		detail = map[string]string{"name": w.Name, "host": w.Host, "people": fmt.Sprint(n.People)}
		return nil
	}, func(tx *store.Tx) error {
		s.changedHosts(tx)
		return audit.Write(tx, countersign.DefaultWorkspace, audit.Event{
			Kind: "workspace.removed", Actor: by.Actor, Target: string(id), Place: by.Place, Detail: detail,
		})
	})
	if err != nil {
		return err
	}
	return s.reload(ctx)
}

// reload reads the book anew in this process, where the act was done.
func (s *Service) reload(ctx context.Context) error {
	return store.Classify(s.Accounts.Hosts.Reload(ctx))
}

// lockedWorkspace takes a workspace's row for this transaction. NotFound "no_workspace".
func lockedWorkspace(tx *store.Tx, id countersign.WorkspaceID) (rows.Workspace, error) {
	_, err := tx.LockWorkspace(tx.Ctx, id)
	if store.NotFound(err) {
		return rows.Workspace{}, countersign.Refuse(countersign.NotFound, "no_workspace")
	}
	if err != nil {
		return rows.Workspace{}, fmt.Errorf("lock workspace: %w", err)
	}
	w, err := tx.GetWorkspace(tx.Ctx, id)
	if err != nil {
		return rows.Workspace{}, fmt.Errorf("load workspace: %w", err)
	}
	return w, nil
}
