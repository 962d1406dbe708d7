package server

import (
	"log/slog"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// Config is what a [Server] is made of. Zero means the default where there is one.
type Config struct {
	Logs    Logs         // required
	Logger  *slog.Logger // default: discards
	Version string       // of tailsrv, "0.1.0"; default "devel"

	Heartbeat    time.Duration // every stream speaks at least this often unless it asks otherwise; default 15 s
	Lease        time.Duration // of native streams; default three of the stream's heartbeats, at least 3 s
	StallTimeout time.Duration // a write that finds no room for so long ends its stream; default 30 s
	MaxAge       time.Duration // a stream ends after 80 to 100 % of this; 0 is never
	IdleTimeout  time.Duration // a stream ends after so long without a byte of its log; 0 is never
	Drain        time.Duration // how long Serve may take to end; default 5 s

	MaxStreams          int // at the same time; default 1024
	MaxStreamsPerClient int // of one address at the same time; default 64

	// MaxConnections is how many connections there are at most at the same time,
	// at least [MinConnections]; 0 is no limit, for listeners whose connections
	// cost no descriptor. Some of them no stream may have: see [StreamsWithin].
	MaxConnections int

	// AllowHosts are further names that a request's Host may have, beside
	// loopback names, IP literals and the hosts of the listeners.
	AllowHosts []string
	// Insecure lets Serve take listeners on addresses that are not loopback.
	Insecure bool
}

// Defaults of [Config]. A heartbeat of 15 s stays well under the 60 s after
// which common proxies cut a silent answer.
const (
	DefaultHeartbeat           = 15 * time.Second
	DefaultStallTimeout        = 30 * time.Second
	DefaultDrain               = 5 * time.Second
	DefaultMaxStreams          = 1024
	DefaultMaxStreamsPerClient = 64
)

// leaseBeats heartbeats without a renewal and the client counts as gone: a
// client renews at a third of the lease, so two renewals may go astray.
const leaseBeats = 3

// minNativeLease keeps a lease that was derived from a short heartbeat longer
// than a pause of a client's garbage collector or of a laptop's network.
const minNativeLease = 3 * time.Second

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Version == "" {
		c.Version = "devel"
	}
	orElse(&c.Heartbeat, DefaultHeartbeat)
	orElse(&c.StallTimeout, DefaultStallTimeout)
	orElse(&c.Drain, DefaultDrain)
	orElse(&c.MaxStreams, DefaultMaxStreams)
	orElse(&c.MaxStreamsPerClient, DefaultMaxStreamsPerClient)
	if c.MaxConnections > 0 {
		c.MaxConnections = max(c.MaxConnections, MinConnections)
	}
	return c
}

func orElse[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// leaseFor is the lease of a stream: what its request asked for, else for a
// native stream the server's, else none.
func (c *Config) leaseFor(as wire.Representation, asked, heartbeat time.Duration) time.Duration {
	switch {
	case asked > 0:
		return asked
	case as != wire.Frames:
		return 0
	case c.Lease > 0:
		return c.Lease
	}
	return max(minNativeLease, leaseBeats*heartbeat)
}
