// Package people owns users as others manage them: the first owner, invitations,
// disabling, deleting, helping back in, and the settings of a workspace. Its
// rules are shared by the console, the API and the shell; none of them is
// decided there.
//
// What a person does with their own account is in account and enrol.
package people
