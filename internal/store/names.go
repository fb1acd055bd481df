package store

import (
	"context"
	"fmt"

	"countersign"
	"countersign/internal/fold"
	"countersign/internal/store/rows"
)

// InsertUser writes a person, and with them by what they are sorted and found.
func (tx *Tx) InsertUser(ctx context.Context, row rows.InsertUserParams) error {
	row.NameKey = fold.Key(row.Name, row.EmailKey)
	err := tx.Queries.InsertUser(ctx, row)
	if err != nil {
		return err
	}
	return tx.addWords(ctx, row.WorkspaceID, row.ID, fold.Words(row.Name, row.EmailKey))
}

// SetProfile changes a person's name, language and zone, and by what they are sorted and
// found.
func (tx *Tx) SetProfile(ctx context.Context, p rows.SetProfileParams) (int64, error) {
	n, err := tx.Queries.SetProfile(ctx, p)
	if err != nil || n == 0 {
		return n, err
	}
	return n, tx.Index(ctx, p.WorkspaceID, p.ID)
}

// ChangeEmail changes a person's address, and by what they are sorted and found.
func (tx *Tx) ChangeEmail(ctx context.Context, p rows.ChangeEmailParams) (int64, error) {
	n, err := tx.Queries.ChangeEmail(ctx, p)
	if err != nil || n == 0 {
		return n, err
	}
	return n, tx.Index(ctx, p.WorkspaceID, p.ID)
}

// Index writes by what a person is sorted and found. One who is gone is left alone.
func (tx *Tx) Index(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID) error {
	u, err := tx.GetUser(ctx, workspace, user)
	if NotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load a person: %w", err)
	}
	_, err = tx.SetNameKey(ctx, fold.Key(u.Name, u.EmailKey), u.WorkspaceID, u.ID)
	if err != nil {
		return fmt.Errorf("sort a person: %w", err)
	}
	_, err = tx.DeleteWords(ctx, u.WorkspaceID, u.ID)
	if err != nil {
		return fmt.Errorf("forget a person's words: %w", err)
	}
	return tx.addWords(ctx, u.WorkspaceID, u.ID, fold.Words(u.Name, u.EmailKey))
}

func (tx *Tx) addWords(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID, words []string) error {
	for _, word := range words {
		err := tx.AddWord(ctx, workspace, word, user)
		if err != nil {
			return fmt.Errorf("note a person's word: %w", err)
		}
	}
	return nil
}
