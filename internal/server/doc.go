// Package server serves logs as live HTTP streams, and gives back everything a
// stream held once its client has left, in whatever way it left.
//
// # How a client can leave, and the bound
//
//	it leaves by                         seen through                              bound
//	quitting                             DELETE /-/streams/{id}                    100 ms
//	FIN, RST, its process killed         net/http's background read                1 s
//	a stray byte or a pipelined          the sweeper asks the kernel for the       1 s on Linux; else one heartbeat,
//	request, then FIN                    connection's state                        where the representation has one
//	vanishing: no FIN, packets dropped   TCP_USER_TIMEOUT, keepalive               heartbeat + max(30 s, stall timeout + 5 s)
//	                                                                               + 1 s on Linux
//	being stopped, or a proxy that       the lease                                 lease + 1 s
//	keeps the connection
//	not reading while the log runs       the sweeper asks the kernel whether       stall timeout + 2 s on Linux; else stall
//	                                     anything was taken; the write deadline,   timeout, once the kernel's buffers are full
//	                                     armed per write
//	never going, without a lease         the maximum age                           maximum age
//	the server stopping                  its own shutdown, never http.Server's     drain time
//
// Elsewhere than on Linux the kernel is not asked and there is no user timeout:
// a client that vanished is found by keepalive on a silent stream, and by the
// lease, the write deadline or the maximum age on any.
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
// large log takes a while. It has a slot then and is in no list yet; its search
// ends with the connection, and with the server.
//
// Nothing waits for the logger (type journal): one that blocks costs lines, and
// the goroutine that it blocks.
package server
