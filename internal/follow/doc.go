// Package follow reads logs that grow, and keeps reading them through whatever
// their writers and rotators do to them.
//
// It promises, for every log:
//
//   - Every byte that a writer appended reaches a [Follower] once and in order,
//     through rename and create, truncation, copy and truncate, removal and
//     return, several rotations between two looks, and a restart of the process
//     that follows.
//   - What cannot be had is told, as an [Event] in its place between the data:
//     [Gap] with the number of bytes where it is known.
//   - Nothing is opened but regular files below a [Root], and opening never blocks.
//
// # How it works
//
// A log is a chain of generations. Each [Logs] keeps one hub for each log that
// is being followed. The hub looks at the log when the watcher hints that
// something happened there and, because hints get lost, also at every poll. It
// alone decides which generations there are, and in which order; it holds the
// one open descriptor of each. A follower owns its place, a generation and a
// position in it, and walks the chain at its own pace. Its cursor is that place
// as text: following on from a cursor and following on are the same thing.
//
// Bytes that were there are never trusted to be there still. Each look compares
// the 64 bytes before the size that it last saw, and each read the 64 bytes before
// its position, with what they were, before the read and after it: a log that
// was rewritten in place is found out by this, also when it is larger than before.
// Where it may begin again with the same header, copies of it that nobody has seen
// tell. No follower reads further than the hub has looked.
//
// A horizon says which files are accounted for at a point of the chain. What was born
// after it is unseen, and is taken in the order of the births. With it a cursor leads
// from any generation through all those after it, whatever they are called by then.
//
// Files are counted, over all logs. Where [Options].MaxFiles are open, older generations are
// closed, each by its own hub, and opened for each read by the names that they have by then.
//
// Packed siblings are history: a cursor may be met in one, and a search through time
// may begin in one, but nothing is decided by them.
//
// # Who ends what
//
// A [Follower] is closed by whoever called [Logs.Follow]. The last one to go takes
// the hub with it: its goroutine, its descriptors and its watches. [Logs.Close]
// ends everything and waits for it. An idle follower has no goroutine and no buffer.
//
// # Linux notes
//
// Files are recognised by device, inode and birth time, opened by way of O_PATH,
// and watched with one inotify instance, one watch a directory. Where no instance
// or no watch is left the log is polled, and [Logs.Health] says so.
//
// # Notes on other systems
//
// There is no birth time and no O_PATH: files are recognised by device and inode
// together with their content, and are looked at before and after they are opened.
package follow
