-- +goose Up
-- The audit log is filtered and searched by these, the latest first: so that each list is
-- read from an index in its order. Partial, so that what an event does not have costs it
-- nothing; those of somebody upon the own account are found by events_of_user.
CREATE INDEX events_of_kind ON events (workspace_id, kind, id);
CREATE INDEX events_by_other ON events (workspace_id, actor_id, id) WHERE actor_id <> '' AND actor_id <> user_id;
CREATE INDEX events_from ON events (workspace_id, ip, id) WHERE ip <> '';
CREATE INDEX events_on ON events (workspace_id, target, id) WHERE target <> '';
CREATE INDEX events_in_session ON events (workspace_id, session_id, id) WHERE session_id <> '';
CREATE INDEX events_in_attempt ON events (workspace_id, attempt_id, id) WHERE attempt_id <> '';
CREATE INDEX events_in_request ON events (workspace_id, request_id, id) WHERE request_id <> '';

-- +goose Down
DROP INDEX events_in_request;
DROP INDEX events_in_attempt;
DROP INDEX events_in_session;
DROP INDEX events_on;
DROP INDEX events_from;
DROP INDEX events_by_other;
DROP INDEX events_of_kind;
