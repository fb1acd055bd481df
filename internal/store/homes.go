package store

import (
	"context"

	"countersign/internal/hosts"
)

// Homes reads all workspaces for a [hosts.Book].
func (s *Store) Homes(ctx context.Context) ([]hosts.Home, error) {
	list, err := s.Read().ListHomes(ctx)
	if err != nil {
		return nil, classify(err)
	}
	all := make([]hosts.Home, 0, len(list))
	for _, w := range list {
		all = append(all, hosts.Home{
			ID: w.ID, Host: w.Host, Name: w.Name, Language: w.Language, Accent: w.Accent, Sender: w.Sender, Logo: w.Logo,
		})
	}
	return all, nil
}
