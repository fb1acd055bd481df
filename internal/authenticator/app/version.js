// @ts-check
// The version of the app, as workspaces compare it with the least one that they
// allow (semantic version). It changes with every release.

export const version = "1.0.0";
