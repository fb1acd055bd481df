package audit

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
)

// Chain seals the logs of an installation, looks whether they are as they were sealed,
// and removes what is older than they are kept.
type Chain struct {
	Store *store.Store
	// Key makes the keyed digests of seals. It is that of the installation's other keyed
	// digests: sealed by the master key, and the same after that is rotated.
	Key seal.MACKey
	Now func() time.Time
	// Version is that of the program, which the beginning of a chain names; "" for none.
	Version string
}

// Head is where a chain ends: its last seal, which stands for all before it.
type Head struct {
	// Seal is its number, from 1; 0 is a chain without a seal.
	Seal int64
	// MAC is the keyed digest of it, 32 bytes.
	MAC []byte
}

// String is the number, a colon, and the digest in hexadecimal: how a head is noted.
func (h Head) String() string {
	if h.Seal == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%x", h.Seal, h.MAC)
}

// ParseHead reads what [Head.String] wrote. The error is Invalid "bad_head".
func ParseHead(text string) (Head, error) {
	number, digest, _ := strings.Cut(strings.TrimSpace(text), ":")
	n, err := strconv.ParseInt(number, 10, 64)
	mac, bad := hex.DecodeString(digest)
	if err != nil || bad != nil || n < 1 || len(mac) != macSize {
		return Head{}, countersign.Refuse(countersign.Invalid, "bad_head")
	}
	return Head{Seal: n, MAC: mac}, nil
}

// Logs are the workspaces of all logs, also those that are not there any more: whoever takes
// a workspace away, or renames it, must not take its log from those that are looked through.
func (c *Chain) Logs(ctx context.Context) ([]countersign.WorkspaceID, error) {
	all, err := c.Store.Read().ListChained(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", store.Classify(err))
	}
	return all, nil
}

// Head is where the chain of a workspace ends now.
func (c *Chain) Head(ctx context.Context, workspace countersign.WorkspaceID) (Head, error) {
	last, err := c.Store.Read().LastSeal(ctx, workspace, greatest(c.Now()))
	if store.NotFound(err) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, fmt.Errorf("read the last seal: %w", store.Classify(err))
	}
	return Head{Seal: last.ID, MAC: last.Mac}, nil
}

// greatest is the greatest number that a chain can have come to: a seal for each millisecond
// since 1970, or a million millions where the clock is wrong. What says a greater one had
// another number, or was put there: a chain that went on from it could come to the end of all
// numbers, and nothing would be sealed any more.
func greatest(now time.Time) int64 { return max(now.UnixMilli(), 1_000_000_000_000) }
