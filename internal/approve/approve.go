package approve

import (
	"cmp"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Service asks people's phones. All its fields are set once, by server.
type Service struct {
	Accounts *account.Service
	Store    *store.Store
	Now      func() time.Time
	// Tested is what the approval of a test does besides, in its transaction: it makes a
	// device that was just paired an active one.
	Tested func(tx *store.Tx, a account.Account, device rows.Device, request rows.Request) error
}

// Ask is one question.
type Ask struct {
	Account account.Account
	Kind    Kind
	// Requester is the sign-in, session or pairing that asks, and alone may use the
	// answer.
	Requester string
	// Only names the one device that may answer; "" is any of the person's.
	Only countersign.DeviceID
	// Act says what is approved, in words, where it is no sign-in; For names it, and is
	// kept with the answer.
	Act string
	For account.Act
	// Tap asks for no number, whatever the workspace says: a test whose page is the
	// phone itself.
	Tap bool
	// Known tells that this browser signed in to the account before.
	Known bool
	// FirstAt is when the first factor was proved: a report ends what came since.
	FirstAt time.Time
	Place   countersign.Place
}

// Why a device is not asked although it is a person's.
const (
	TroubleBiometrics = "biometrics" // it cannot verify its user any more
	TroubleVersion    = "version"    // its app is older than the workspace allows
	TroubleResting    = "resting"    // the last two questions came to nothing
)

// Trouble is why a device cannot answer now, "" for nothing.
func Trouble(d rows.Device, s policy.Settings) string {
	switch {
	case s.TooOld(d.Version):
		return TroubleVersion
	case d.Biometrics == 0:
		return TroubleBiometrics
	}
	return ""
}

// Unheard is why a person's device is not asked now, "" for nothing: its trouble,
// "signed_out", or "terminal" for a command line that was paired where there may be none
// any more.
func Unheard(d rows.Device, s policy.Settings) string {
	switch {
	case d.State == "signed_out":
		return "signed_out"
	case account.Barred(d, s):
		return "terminal"
	}
	return Trouble(d, s)
}

// Answers tells whether a device may answer a person's questions now.
func Answers(d rows.Device, s policy.Settings) bool {
	return d.State == "active" && Unheard(d, s) == ""
}

// The kinds of device.
const (
	KindApp      = "app"
	KindTerminal = account.KindTerminal
)

// makeRate bounds the rows that somebody with a password can make of one person.
func makeRate() limit.Rate { return limit.Rate{Interval: time.Minute, Burst: 20} }

// Usable tells whether a person's phones can be asked now, without being a nuisance: for
// the choice of what a sign-in asks first. Settings are those of the account.
func (s *Service) Usable(tx *store.Tx, a Ask, devices []rows.Device) (bool, error) {
	if !a.Account.Settings.Allows(policy.Push) || !Answering(devices, a.Account.Settings) {
		return false, nil
	}
	why, err := s.Rests(tx, a)
	return why == "", err
}

// Rests is why phones that could answer are left alone now: TroubleResting, or one of the
// account's reasons for peace; "" where they are not.
func (s *Service) Rests(tx *store.Tx, a Ask) (string, error) {
	why, err := s.Accounts.InPeace(tx, a.Account.User, a.Place.IP, a.Known)
	if err != nil || why != account.NoPeace {
		return string(why), err
	}
	p, err := readPast(tx, tx.Queries, a.Account.User, a.lane())
	if err == nil && resting(p, tx.Now) {
		return TroubleResting, nil
	}
	return "", err
}

// Answering tells whether one of the devices may answer now.
func Answering(devices []rows.Device, s policy.Settings) bool {
	for _, d := range devices {
		if Answers(d, s) {
			return true
		}
	}
	return false
}

// Make asks: it writes the request and, where the phones may ring, the pushes. What the
// same requester asked before is superseded. It is called within account.WriteFor, the
// person's row locked.
//
// Errors: Conflict "no_phone" where no device can answer; Limited "push_locked" and
// "push_source" while the person is left in peace, "too_many_requests" after too many.
func (s *Service) Make(tx *store.Tx, a Ask) (rows.Request, error) {
	devices, err := tx.ListDevices(tx.Ctx, a.Account.User.WorkspaceID, a.Account.User.ID)
	if err != nil {
		return rows.Request{}, fmt.Errorf("load devices: %w", err)
	}
	devices = asked(a, devices)
	if len(devices) == 0 || !allowed(a) {
		return rows.Request{}, countersign.Refuse(countersign.Conflict, "no_phone")
	}
	ring, err := s.mayAsk(tx, a)
	if err != nil {
		return rows.Request{}, err
	}
	row, err := s.insert(tx, a, ring)
	if err != nil {
		return rows.Request{}, err
	}
	if ring {
		err = s.ring(tx, a, row, devices)
		if err != nil {
			return rows.Request{}, err
		}
	}
	user := a.Account.User.ID
	tx.After(func() { s.Store.Wake(account.RequestsTopic(user)) })
	return row, audit.Write(tx, row.WorkspaceID, audit.Event{
		Kind: "request.made", Actor: countersign.Actor{Kind: countersign.ByUser, User: user}, User: user, Target: string(row.ID),
		Attempt: a.attempt(), Session: a.session(), Place: a.Place,
		Detail: map[string]string{"kind": row.Kind, "mode": row.Mode, "rung": yes(ring)},
	})
}

// allowed tells whether the workspace lets phones answer this. A page that offers it no
// more is not the only way to ask.
func allowed(a Ask) bool {
	if a.Kind == FreshProof {
		return a.Account.Settings.Pushes()
	}
	return a.Account.Settings.Allows(policy.Push)
}

func (a Ask) attempt() countersign.AttemptID {
	if a.Kind == SignIn {
		return countersign.AttemptID(a.Requester)
	}
	return ""
}

func (a Ask) session() countersign.SessionID {
	if a.Kind == FreshProof {
		return countersign.SessionID(a.Requester)
	}
	return ""
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// asked are the devices that a question goes to.
func asked(a Ask, devices []rows.Device) []rows.Device {
	var out []rows.Device
	for _, d := range devices {
		switch {
		case a.Only != "" && d.ID == a.Only:
			out = append(out, d)
		case a.Only == "" && Answers(d, a.Account.Settings):
			out = append(out, d)
		}
	}
	return out
}

// mayAsk judges the limits, and ends what this requester asked before.
func (s *Service) mayAsk(tx *store.Tx, a Ask) (bool, error) {
	user := a.Account.User
	ended, err := tx.EndRequestsOf(tx.Ctx, rows.EndRequestsOfParams{
		State: string(Superseded), Now: tx.NowMilli(), WorkspaceID: user.WorkspaceID, Requester: a.Requester,
	})
	if err != nil {
		return false, fmt.Errorf("supersede: %w", err)
	}
	err = s.left(tx, user.ID, ended)
	if err != nil {
		return false, err
	}
	if a.Kind == Test {
		return true, nil // whoever asks it has the person's session or device
	}
	err = s.Accounts.SecondLocked(tx, user, a.Known)
	if err != nil {
		return false, err
	}
	why, err := s.Accounts.InPeace(tx, user, a.Place.IP, a.Known)
	if err != nil {
		return false, err
	}
	if why != account.NoPeace {
		return false, countersign.Refuse(countersign.Limited, "push_"+string(why))
	}
	live, err := tx.ListPending(tx.Ctx, user.WorkspaceID, user.ID, tx.NowMilli())
	if err != nil {
		return false, fmt.Errorf("list what waits: %w", err)
	}
	if countLive(live, a.lane()) >= mostLive {
		return false, countersign.Refuse(countersign.Limited, "too_many_requests")
	}
	err = s.Accounts.Spend(tx, user.WorkspaceID, "push-make:"+string(a.lane())+":"+string(user.ID), "too_many_requests", makeRate())
	if err != nil {
		return false, err
	}
	p, err := readPast(tx, tx.Queries, user, a.lane())
	return mayRing(p, tx.Now), err
}

// countLive counts what waits of a lane.
func countLive(live []rows.Request, l lane) int {
	n := 0
	for _, row := range live {
		if l.has(row) {
			n++
		}
	}
	return n
}

func (s *Service) insert(tx *store.Tx, a Ask, ring bool) (rows.Request, error) {
	mode := push.Mode(a.Account.Settings.PushConfirm)
	if a.Tap {
		mode = push.Tap
	}
	number, err := numberOf(mode)
	if err != nil {
		return rows.Request{}, err
	}
	display, err := displayOf(a, tx.Now)
	if err != nil {
		return rows.Request{}, err
	}
	row := rows.InsertRequestParams{
		WorkspaceID: a.Account.User.WorkspaceID, ID: countersign.RequestID(seal.ID("req")), UserID: a.Account.User.ID, Kind: string(a.Kind), Act: string(a.For),
		Requester: a.Requester, OnlyDevice: a.Only, Mode: string(mode), Number: number, Display: display, IP: a.Place.IP,
		Known: bit(a.Known), Rung: bit(ring), CreatedAt: tx.NowMilli(),
		// Both sides count the end of life in whole seconds.
		ExpiresAt: tx.Now.Add(Life).Truncate(time.Second).UnixMilli(),
	}
	if !a.FirstAt.IsZero() {
		row.FirstAt = a.FirstAt.UnixMilli()
	}
	err = tx.InsertRequest(tx.Ctx, row)
	if err != nil {
		return rows.Request{}, fmt.Errorf("insert request: %w", err)
	}
	return tx.GetRequest(tx.Ctx, row.WorkspaceID, row.ID)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// ring posts a push for each device that can be reached.
func (s *Service) ring(tx *store.Tx, a Ask, row rows.Request, devices []rows.Device) error {
	for _, d := range devices {
		if !message.Reachable(d) {
			continue
		}
		err := s.Accounts.Outbox.PostPush(tx, row.WorkspaceID, message.Push{
			User: row.UserID, Device: d.ID, Request: row.ID, Expires: time.UnixMilli(row.ExpiresAt),
			Language: cmp.Or(a.Account.User.Language, a.Account.Workspace.Language, s.Accounts.Language),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
