// Package server serves logs as live HTTP streams, and gives back everything a
// stream held once its client has left, in whatever way it left.
//
// # How a client can leave, and the bound
//
// Each row is kept by the mechanism beside it, and by the file that is named. The
// bounds are from the leaving to everything given back; docs/reclaim.md has what was
// measured.
//
//	it leaves by                    seen through                      on Linux                  elsewhere
//	quitting                        DELETE (lease.go)                 100 ms                    100 ms
//	FIN, RST, its process killed,   net/http's background read        1 s                       1 s
//	half-close
//	the same, after a stray byte    the sweeper asks the kernel for   2 s                       two heartbeats, where it
//	or a pipelined request          the connection's state                                      has any; else the maximum
//	                                (sweeper.go, liveness_linux.go)                             age
//	vanishing: no FIN, packets      TCP_USER_TIMEOUT, keepalive       heartbeat + max(30 s,     the lease; else 31 s while
//	dropped                         (liveness.go)                     stall timeout + 5 s)      nothing is sent, the write
//	                                                                  + 1 s                     deadline on a busy log, and
//	                                                                                            else the system's own, in
//	                                                                                            minutes
//	being stopped, a laptop that    the lease (lease.go)              lease + 1 s               lease + 1 s
//	sleeps, a proxy that keeps
//	the connection
//	not reading, while the log      the sweeper asks the kernel       stall timeout + 2 s       stall timeout, once the
//	runs                            whether anything was taken;                                 kernel's buffers are full
//	                                the write deadline (conn.go)
//	not reading, the log silent     the lease; without one nobody     lease + 1 s, else the     lease + 1 s, else the
//	                                can see it                        maximum age               maximum age
//	never going, without a lease    the maximum age (stream.go)       maximum age + 1 s         maximum age + 1 s
//	the server stopping             its own shutdown, never           drain time                drain time
//	                                http.Server's (server.go)
//
// In whatever way it leaves before the first byte, while its beginning is looked for,
// or while the server drains, the same row holds.
//
// A client behind a proxy is as far as the proxy tells; only the lease asks the client
// itself. HTTP/2, when it comes, has pings for that (http2Config).
//
// # Who does what
//
// Each stream is one handler goroutine in one loop (type loop), and nobody else
// writes to its response. Everything that depends on time comes from a single
// sweeper: it looks at every stream four times a second and either nudges the
// stream's follower, so that the loop finds something due (a heartbeat, an
// unfinished line), or ends the stream's context with a cause (type ending).
// Every ending has exactly one cause; it becomes the end frame, the trailer, a
// log line, a counter and an entry of /-/streams. Nothing ticks per stream, and
// an idle stream holds no buffer.
//
// Before its first byte a stream may have to look for its beginning, which in a
// large log takes a while. It is listed as opening then; its search ends with the
// connection, and with the server.
//
// Nothing waits for the logger (type journal): one that blocks costs lines, and
// the goroutine that it blocks.
//
// # What clients can hold on to
//
//	a connection between two requests    60 s; makes room for others at once
//	one that never asked, a slow header  5 s; makes room after 50 ms
//	a header of more than 20 KiB         431
//	a body                               5 s of a renewal, else 400; makes room after 50 ms
//	an answer that nobody takes          stall timeout; makes room after 5 s
//	a stream                             the table above; makes room for nobody
//	requests in one piece                one after another; behind a stream they go with it
//
// Connections are limited (type connections), and some of them no stream may have,
// so that what looks after streams always gets through. Accepting fails for a lack of
// nothing (type placedListener).
package server
