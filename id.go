package countersign

// Identifiers are opaque strings with a prefix that names the kind of thing
// ("usr_…"). Each has a type of its own so that two of them cannot be swapped.
type (
	// WorkspaceID names a company with its own sign-in address ("wsp_…").
	WorkspaceID string
	// PoolID names an identity pool of a workspace ("pool_…").
	PoolID string
	// UserID names one person's account in a workspace ("usr_…").
	UserID string
	// CredentialID names one enrolled proof, or one set of recovery codes ("crd_…").
	CredentialID string
	// BrowserID names one browser of one user ("brw_…").
	BrowserID string
	// AttemptID names one sign-in under way ("att_…").
	AttemptID string
	// SessionID names one browser session ("ses_…").
	SessionID string
	// LinkID names one mailed or printed one-time link ("lnk_…").
	LinkID string
	// MailedCodeID names one code sent to the account's address ("mlc_…").
	MailedCodeID string
	// DeviceID names a paired phone ("dev_…").
	DeviceID string
	// PairingID names one phone on its way to be somebody's ("par_…").
	PairingID string
	// RequestID names one question to a person's phones ("req_…").
	RequestID string
	// TextID names one code sent as a text message ("txt_…").
	TextID string
	// ResetID names one reset that waits for a second administrator ("rst_…").
	ResetID string
	// HelpCodeID names one code that the help desk gave ("hlp_…").
	HelpCodeID string
	// CampaignID names one mail to everybody without a second factor ("cmp_…").
	CampaignID string
	// EventID names one line of the audit log ("evt_…"); byte order is time order.
	EventID string
	// MessageID names one message on its way ("msg_…"); byte order is time order.
	MessageID string
)

// DefaultWorkspace and DefaultPool are made by the first migration, so that a
// new installation has a place for its first owner.
const (
	DefaultWorkspace WorkspaceID = "wsp_default"
	DefaultPool      PoolID      = "pool_default"
)
