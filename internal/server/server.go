package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// Limits of what a connection may send and how long it may dally.
const (
	readHeaderTimeout = 5 * time.Second // for a request's header, from its first byte
	idleTimeout       = time.Minute     // between two requests
	maxHeaderBytes    = 16 << 10        // of a request's header; more is answered 431
)

// ErrPublic says that a listener is reachable from other machines and
// Config.Insecure does not allow that.
var ErrPublic = errors.New("the address is not loopback")

// Server serves logs. [New] makes one; Serve may be called once.
type Server struct {
	cfg      Config
	clock    *clock
	journal  *journal // what cfg.Logger writes to
	metrics  *metrics
	registry *registry
	conns    *connections
	buffers  buffers
}

// New makes a Server of cfg, whose zero fields become their defaults.
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	m := newMetrics()
	log := newJournal(cfg.Logger.Handler(), m.linesLost)
	cfg.Logger = slog.New(log)
	maxStreams, more := cfg.maxStreams()
	s := &Server{
		cfg:      cfg,
		clock:    &clock{start: time.Now()},
		journal:  log,
		metrics:  m,
		registry: newRegistry(maxStreams, cfg.MaxStreamsPerClient, more, m),
		conns:    newConnections(cfg.MaxConnections, cfg.Logger, m),
	}
	m.watch(s.registry, s.conns, cfg.Logs)
	return s
}

// Streams is what GET /-/streams answers.
func (s *Server) Streams() wire.Streams { return s.registry.streams() }

// Serve answers requests on the listeners until ctx ends or a listener fails,
// and closes them. Then it ends every stream with the reason shutdown and waits
// for what is under way, in all for Config.Drain at most before it cuts the
// connections that are left. It returns when nothing is left: no connection, no
// goroutine, nothing that a stream held; but for the one goroutine that writes
// the log, if Config.Logger blocks then. The error is nil after ctx ended, else
// the listener's; [ErrPublic] before anything was served.
func (s *Server) Serve(ctx context.Context, ls ...net.Listener) error {
	if err := s.checkAddresses(ls); err != nil {
		for _, l := range ls {
			l.Close()
		}
		return err
	}
	hs := s.httpServer(ls)

	writing, stopWriting := context.WithCancel(context.Background())
	defer stopWriting()
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.journal.run(writing)
	}()

	sweeping, stopSweeping := context.WithCancel(context.Background())
	defer stopSweeping()
	var sweeper sync.WaitGroup
	sweeper.Go(func() { s.sweep(sweeping) })

	failed := make(chan error, len(ls))
	var accepting sync.WaitGroup
	for _, l := range ls {
		accepting.Go(func() {
			tuned := &tunedListener{Listener: l, userTimeout: userTimeout(s.cfg.StallTimeout), logger: s.cfg.Logger}
			err := hs.Serve(placed(tuned, s.conns))
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", l.Addr(), err)
			}
		})
	}

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	begun := time.Now()
	s.cfg.Logger.Info("stopping", "streams", s.registry.size(), "drain", s.cfg.Drain)
	s.drain(hs)
	accepting.Wait() // from here on no connection is added
	s.conns.all.Wait()
	stopSweeping()
	sweeper.Wait()
	s.cfg.Logger.Info("stopped", "after", time.Since(begun).Round(time.Millisecond))

	stopWriting()
	select {
	case <-written:
	case <-time.After(max(s.cfg.Drain-time.Since(begun), lastWords)):
	}
	return err
}

// drain ends all streams, since http.Server.Shutdown ends none, and then the
// connections: idle ones at once, those with an answer under way when it is
// out, and what is left after Config.Drain whatever it does.
func (s *Server) drain(hs *http.Server) {
	s.conns.drain()
	s.registry.close(&ending{
		reason: wire.ReasonShutdown, detail: "the server is stopping", smear: newSmear(s.registry.size()),
		grace: s.cfg.Drain * 9 / 10, // slow readers have what there is, and the rest is for closing
	})
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Drain)
	defer cancel()
	if err := hs.Shutdown(ctx); err != nil {
		s.cfg.Logger.Warn("connections were cut at the end of the drain time", "drain", s.cfg.Drain, "err", err)
	}
	hs.Close()
}

// httpServer configures net/http. HTTP/2 stays off until there is TLS; its times are
// those that it will have.
func (s *Server) httpServer(ls []net.Listener) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:                      s.handler(ls),
		Protocols:                    protocols,
		ReadHeaderTimeout:            readHeaderTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelWarn),
		ConnContext:                  withConn,
		ConnState:                    s.conns.note,
		HTTP2:                        http2Config(s.cfg.StallTimeout),
	}
}

// handler is the one place where routes are made. Paths are taken as they come:
// cleaned ones would be redirected, and judging a name is the logs' business.
func (s *Server) handler(ls []net.Listener) http.Handler {
	m := mux.NewRouter().SkipClean(true)
	m.Handle("/-/streams", on(http.MethodGet, s.serveStreams))
	m.Handle("/-/streams/{id}", noParameters(on(http.MethodDelete, s.closeStream)))
	m.Handle("/-/streams/{id}/lease", noParameters(onBody(http.MethodPost, s.renewLease)))
	m.Handle("/-/healthz", noParameters(on(http.MethodGet, s.serveHealth)))
	m.Handle("/-/version", noParameters(on(http.MethodGet, s.serveVersion)))
	m.Handle("/-/metrics", noParameters(on(http.MethodGet, s.serveMetrics)))
	m.PathPrefix("/-/").HandlerFunc(serveReserved)
	m.NotFoundHandler = on(http.MethodGet, s.servePath)
	return &guard{next: m, hosts: s.hosts(ls), conns: s.conns, stall: s.cfg.StallTimeout}
}

// hosts are the names that a request's Host may have beside loopback names and
// addresses.
func (s *Server) hosts(ls []net.Listener) map[string]bool {
	hosts := map[string]bool{}
	for _, h := range s.cfg.AllowHosts {
		hosts[hostname(h)] = true
	}
	for _, l := range ls {
		hosts[hostname(l.Addr().String())] = true
	}
	delete(hosts, "")
	return hosts
}

// checkAddresses refuses listeners that other machines can reach.
func (s *Server) checkAddresses(ls []net.Listener) error {
	if s.cfg.Insecure {
		return nil
	}
	for _, l := range ls {
		tcp, ok := l.Addr().(*net.TCPAddr)
		if ok && !tcp.IP.IsLoopback() {
			return fmt.Errorf("serve %s: %w", l.Addr(), ErrPublic)
		}
	}
	return nil
}

// serveReserved answers for what is under /-/ and no route.
func serveReserved(w http.ResponseWriter, r *http.Request) {
	refuse(w, r, wire.NewProblem(http.StatusNotFound, "no such route",
		"there is no "+quote(r.URL.Path),
		"under /-/ there are streams, healthz, version and metrics; logs are elsewhere"))
}
