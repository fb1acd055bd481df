"use strict";
const tell = (Event, Data) => fetch("/told", {method: "POST", body: JSON.stringify({Event, Data: String(Data)})});

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", e => e.waitUntil(clients.claim()));

self.addEventListener("push", e => e.waitUntil((async () => {
	const text = e.data ? e.data.text() : "";
	await self.registration.showNotification("Sign-in waiting", {
		body: text, tag: "countersign", actions: [{action: "deny", title: "Deny"}, {action: "open", title: "Review"}],
	});
	await tell("push", text);
})()));

self.addEventListener("notificationclick", e => e.waitUntil((async () => {
	e.notification.close();
	await tell("click", e.action + " trusted " + e.isTrusted);
	if (e.action === "deny") return;
	try {
		const [open] = await clients.matchAll({type: "window", includeUncontrolled: true});
		if (open) {
			await open.focus();
			await tell("focused", open.url);
		} else {
			const opened = await clients.openWindow("/#opened");
			await tell("opened", opened && opened.url);
		}
	} catch (problem) {
		await tell("failed", problem);
	}
})()));
