package follow

import (
	"maps"
	"slices"
)

// Health tells how well changes are seen, and what is held for that.
type Health struct {
	Watching string   // the system's watcher, "inotify"; "polling" where any log is only polled
	Identity string   // "strong"; "weak" where files have no birth time
	Notes    []string // what is not as it should be, for people

	Hubs        int // logs that are being followed
	Polled      int // those of them that are only polled
	Watches     int // directories that are watched
	Generations int // that are held open, of all logs: as many descriptors
	Files       int // that are open: generations, what is searched, and what Read gave
	MaxFiles    int // that may be; 0 if there is no limit
}

// Health tells how well changes are seen now.
func (l *Logs) Health() Health {
	h := Health{Watching: watcherName, Identity: "strong"}
	if l.weak {
		h.Identity = "weak"
		h.Notes = append(h.Notes, "files have no birth time here; they are told apart by inode and content")
	}
	if l.watcher.off {
		h.Watching = "polling"
	}
	l.mu.Lock()
	hubs := slices.Collect(maps.Values(l.hubs))
	l.mu.Unlock()
	h.Hubs = len(hubs)
	for _, hub := range hubs {
		hub.health(&h)
	}
	l.files.health(&h)
	l.watcher.mu.Lock()
	defer l.watcher.mu.Unlock()
	h.Watches = len(l.watcher.dirs)
	for _, dir := range slices.Sorted(maps.Keys(l.watcher.notes)) {
		h.Watching = "polling"
		h.Notes = append(h.Notes, "polling "+dir+": "+l.watcher.notes[dir])
	}
	return h
}

// health adds what is to be said of one log.
func (hub *hub) health(h *Health) {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	if hub.silent != "" {
		h.Watching = "polling"
		h.Notes = append(h.Notes, "polling "+hub.name+": "+hub.silent+" does not tell what others change")
	}
	if hub.silent != "" || !hub.watched {
		h.Polled++
	}
	h.Generations += hub.openFiles()
}
