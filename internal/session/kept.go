package session

import (
	"context"
	"sync"
	"time"

	"countersign"
	"countersign/internal/store/rows"
)

// mostKept bounds the memory of kept rows, about 1 KiB each.
const mostKept = 2048

// kept holds what sessions were read as since the last commit of anybody. With the
// next commit, of this process or another, all of it is forgotten: a row is handed
// out only while reading it again would give the same.
type kept struct {
	mu      sync.Mutex
	version int64
	rows    map[string]rows.LoadSessionRow
}

// at returns the row of a key that was read at a version of the store.
func (k *kept) at(version int64, key string) (rows.LoadSessionRow, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.version != version {
		return rows.LoadSessionRow{}, false
	}
	row, found := k.rows[key]
	return row, found
}

// keep remembers a row that was read after the store answered version. Those of
// another version are forgotten.
func (k *kept) keep(version int64, key string, row rows.LoadSessionRow) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rows == nil || k.version != version || len(k.rows) >= mostKept {
		k.rows, k.version = map[string]rows.LoadSessionRow{}, version
	}
	k.rows[key] = row
}

// read reads the row of a session, or knows what reading it would give.
func (s *Service) read(ctx context.Context, workspace countersign.WorkspaceID, hash []byte, now time.Time) (rows.LoadSessionRow, error) {
	key := string(workspace) + " " + string(hash)
	version, known := s.Store.Version()
	if known {
		row, found := s.kept.at(version, key)
		if found && row.Session.ExpiresAt > now.UnixMilli() {
			return row, nil
		}
	}
	row, err := s.Store.Read().LoadSession(s.Store.Brief(ctx), workspace, hash, now.UnixMilli())
	if err == nil && known {
		s.kept.keep(version, key, row)
	}
	return row, err
}
