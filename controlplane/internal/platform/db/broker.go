// Notifications between nodes: one connection per node listens, and hands on what arrives to any number of subscribers.

package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	subscriberBuffer = 16
	// probeEvery is how long a silent connection is trusted: a peer that vanished without a word sends nothing either.
	probeEvery   = 15 * time.Second
	probeTimeout = 5 * time.Second
)

// Broker delivers PostgreSQL's notifications to subscribers in this process. It is safe for use by several goroutines.
//
// Notifications are hints, not a log: some are lost while the connection is. So a subscriber gets the empty string, the
// wake-up, whenever it may have missed one, and then reads again what it watches: first of all, as soon as its channel is
// listened to (what it read before may be old already); after a reconnection; and when it was too slow for its buffer.
type Broker struct {
	log     *slog.Logger
	connect func(ctx context.Context) (*pgx.Conn, error)

	mu        sync.Mutex
	subs      map[string][]*subscription // by channel
	listening map[string]bool            // by the present connection; nil without one
	stale     bool                       // subs changed since the connection last followed
	interrupt context.CancelFunc         // ends the wait for a notification; nil when there is none
	running   bool
}

type subscription struct{ out chan string }

func newBroker(log *slog.Logger, connect func(ctx context.Context) (*pgx.Conn, error)) *Broker {
	return &Broker{log: log, connect: connect, subs: map[string][]*subscription{}}
}

// Subscribe returns the payloads sent to a channel from now on, and wake-ups (see Broker). The Go channel is closed by
// cancel, which may be called more than once. A subscriber that does not read never holds up others.
// It panics if the channel is not a valid name: 1 to 63 of a-z, 0-9 and _.
func (b *Broker) Subscribe(channel string) (payloads <-chan string, cancel func()) {
	if err := checkChannel(channel); err != nil {
		panic(err)
	}
	s := &subscription{out: make(chan string, subscriberBuffer)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[channel] = append(b.subs[channel], s)
	if b.listening[channel] {
		s.send("")
	}
	b.follow(channel)
	return s.out, sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.subs[channel] = slices.DeleteFunc(b.subs[channel], func(o *subscription) bool { return o == s })
		if len(b.subs[channel]) == 0 {
			delete(b.subs, channel)
		}
		b.follow(channel)
		close(s.out)
	})
}

// follow tells the connection if it has to listen to a channel, or no longer. b.mu is held.
func (b *Broker) follow(channel string) {
	if (len(b.subs[channel]) > 0) == b.listening[channel] {
		return
	}
	b.stale = true
	if b.interrupt != nil {
		b.interrupt()
	}
}

// Healthy says whether notifications on every subscribed channel arrive at present. What is kept fresh by notifications
// must not be trusted while they do not.
func (b *Broker) Healthy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listening == nil {
		return false
	}
	for channel := range b.subs {
		if !b.listening[channel] {
			return false
		}
	}
	return true
}

// Run listens until ctx ends, and then returns nil. It connects again, for ever, when the connection breaks.
// A broker runs once at a time.
func (b *Broker) Run(ctx context.Context) error {
	b.mu.Lock()
	if b.running {
		b.mu.Unlock()
		return errors.New("db: the broker is running already")
	}
	b.running = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.running = false
		b.mu.Unlock()
	}()

	retry := backoff{first: 100 * time.Millisecond, most: 5 * time.Second}
	for {
		listened, err := b.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		b.log.WarnContext(ctx, "no notifications from the database: connecting again", "error", err)
		if listened {
			retry.reset()
		}
		if retry.sleep(ctx) != nil {
			return nil
		}
	}
}

// session is the life of one connection. listened says whether it got as far as to listen.
func (b *Broker) session(ctx context.Context) (listened bool, err error) {
	conn, err := b.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		b.mu.Lock()
		b.listening = nil
		b.mu.Unlock()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
		defer cancel()
		_ = conn.Close(closing)
	}()

	b.mu.Lock()
	b.stale = true // a new connection listens to nothing
	b.mu.Unlock()
	for {
		if err := b.listen(ctx, conn); err != nil {
			return listened, err
		}
		listened = true
		n, err := b.next(ctx, conn)
		if err != nil {
			return listened, err
		}
		if n != nil {
			b.deliver(n.Channel, n.Payload)
		}
	}
}

// listen makes the connection follow the subscriptions.
func (b *Broker) listen(ctx context.Context, conn *pgx.Conn) error {
	b.mu.Lock()
	if !b.stale {
		b.mu.Unlock()
		return nil
	}
	var statements, added, removed []string
	for channel := range b.subs {
		if !b.listening[channel] {
			added = append(added, channel)
			statements = append(statements, "LISTEN "+pgx.Identifier{channel}.Sanitize())
		}
	}
	for channel := range b.listening {
		if len(b.subs[channel]) == 0 {
			removed = append(removed, channel)
			statements = append(statements, "UNLISTEN "+pgx.Identifier{channel}.Sanitize())
		}
	}
	b.stale = false
	b.mu.Unlock()

	if len(statements) > 0 {
		if _, err := conn.Exec(ctx, strings.Join(statements, "; ")); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listening == nil {
		b.listening = map[string]bool{}
	}
	for _, channel := range removed {
		delete(b.listening, channel)
		if len(b.subs[channel]) > 0 { // subscribed to while UNLISTEN was under way
			b.stale = true
		}
	}
	for _, channel := range added {
		b.listening[channel] = true
		if len(b.subs[channel]) == 0 { // given up while LISTEN was under way
			b.stale = true
		}
		for _, s := range b.subs[channel] {
			s.send("")
		}
	}
	return nil
}

// next waits for a notification. It returns nil without an error when the subscriptions have changed, or when the
// connection was silent for long and has proved to be alive.
func (b *Broker) next(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	waiting, cancel := context.WithTimeout(ctx, probeEvery)
	defer cancel()
	b.mu.Lock()
	if b.stale {
		b.mu.Unlock()
		return nil, nil
	}
	b.interrupt = cancel
	b.mu.Unlock()
	n, err := conn.WaitForNotification(waiting)
	b.mu.Lock()
	b.interrupt = nil
	b.mu.Unlock()

	switch {
	case err == nil:
		return n, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case waiting.Err() == nil || conn.IsClosed():
		return nil, err
	case errors.Is(waiting.Err(), context.DeadlineExceeded):
		probing, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		return nil, conn.Ping(probing)
	default: // interrupted
		return nil, nil
	}
}

func (b *Broker) deliver(channel, payload string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.subs[channel] {
		s.send(payload)
	}
}

// send never blocks: what does not fit is replaced, with all that waits, by one wake-up. The broker's lock is held, so
// that nobody else sends and the room just made stays free.
func (s *subscription) send(payload string) {
	select {
	case s.out <- payload:
		return
	default:
	}
	for {
		select {
		case <-s.out:
			continue
		default:
		}
		break
	}
	s.out <- ""
}

func checkChannel(name string) error {
	ok := len(name) >= 1 && len(name) <= 63
	for _, r := range name {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_')
	}
	if !ok {
		return fmt.Errorf("db: %q is not a channel: 1 to 63 of a-z, 0-9 and _", name)
	}
	return nil
}
