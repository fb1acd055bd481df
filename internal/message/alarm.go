package message

import (
	"sync"
	"time"

	"countersign"
)

const (
	// alarmAfter is how many devices in a row a push service must refuse before it is
	// news: one browser can make it refuse its own. Where there are not so many phones, it
	// is news when it has taken none for alarmSince.
	alarmAfter = 3
	alarmSince = time.Hour
	// alarmEvery bounds how often it is told of one service.
	alarmEvery = 24 * time.Hour
)

// refusals counts, by push service, the devices whose pushes were refused since one was
// taken. It lives with the process: another node finds out by itself.
type refusals struct {
	mu      sync.Mutex
	devices map[string]map[countersign.DeviceID]bool
	since   map[string]time.Time // of the first of them
	told    map[string]time.Time
}

// taken forgets the refusals of a service that takes pushes.
func (r *refusals) taken(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.devices, host)
}

// refused counts one, and tells whether it is time to raise an alarm.
func (r *refusals) refused(host string, device countersign.DeviceID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.devices == nil {
		r.devices = map[string]map[countersign.DeviceID]bool{}
		r.since, r.told = map[string]time.Time{}, map[string]time.Time{}
	}
	if r.devices[host] == nil {
		r.devices[host], r.since[host] = map[countersign.DeviceID]bool{}, now
	}
	if len(r.devices[host]) < alarmAfter {
		r.devices[host][device] = true
	}
	last, told := r.told[host]
	few := len(r.devices[host]) < alarmAfter && now.Sub(r.since[host]) < alarmSince
	if few || told && now.Sub(last) < alarmEvery {
		return false
	}
	r.told[host] = now
	return true
}
