package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
)

const patience = 20 * time.Second

// listening runs a DB's broker for the length of a test.
func listening(t *testing.T, d *db.DB) *db.Broker {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Broker().Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the broker ended with %v", err)
		}
	})
	return d.Broker()
}

func receive(t *testing.T, from <-chan string) string {
	t.Helper()
	select {
	case s := <-from:
		return s
	case <-time.After(patience):
		t.Fatal("nothing arrives")
		return ""
	}
}

// subscribe waits until the channel is listened to.
func subscribe(t *testing.T, b *db.Broker, channel string) <-chan string {
	t.Helper()
	payloads, cancel := b.Subscribe(channel)
	t.Cleanup(cancel)
	if s := receive(t, payloads); s != "" {
		t.Fatalf("first came %q, want a wake-up", s)
	}
	return payloads
}

// Two nodes: what one sends in a transaction, both get at its commit, and nothing of what was rolled back.
func TestBrokerBetweenNodes(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	one, two := dbtest.Open(t, url), dbtest.Open(t, url)
	atOne := subscribe(t, listening(t, one), "changes")
	atTwo := subscribe(t, listening(t, two), "changes")
	other := subscribe(t, two.Broker(), "other") // while the broker is already waiting

	send := func(payload string, result error) {
		err := one.InTx(t.Context(), func(ctx context.Context) error {
			if err := one.Notify(ctx, "changes", payload); err != nil {
				return err
			}
			return result
		})
		if !errors.Is(err, result) {
			t.Fatal(err)
		}
	}
	send("lost", errBoom)
	send("kept", nil)
	if err := two.Notify(t.Context(), "changes", "direct"); err != nil {
		t.Fatal(err)
	}
	if err := one.Notify(t.Context(), "other", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	for _, at := range []<-chan string{atOne, atTwo} {
		for _, want := range []string{"kept", "direct"} {
			if got := receive(t, at); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
	if got := receive(t, other); got != "elsewhere" {
		t.Errorf("got %q, want elsewhere", got)
	}
}

// When the listening connection is lost the broker says so, comes back by itself, and wakes every subscriber up.
func TestBrokerReconnects(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	b := listening(t, d)
	first, second := subscribe(t, b, "first"), subscribe(t, b, "second")
	if !b.Healthy() {
		t.Error("not healthy while listening")
	}
	for range 3 {
		var killed int
		if err := d.Conn(t.Context()).Raw(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE application_name = 'dbtest listener' AND datname = current_database()`).Scan(&killed).Error; err != nil {
			t.Fatal(err)
		}
		if killed != 1 {
			t.Fatalf("%d listening connections, want 1", killed)
		}
		for _, at := range []<-chan string{first, second} {
			if got := receive(t, at); got != "" {
				t.Errorf("got %q, want a wake-up", got)
			}
		}
		if !b.Healthy() {
			t.Error("not healthy after reconnecting")
		}
		if err := d.Notify(t.Context(), "second", "again"); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, second); got != "again" {
			t.Errorf("got %q, want again", got)
		}
	}
}

// A subscriber who does not read neither holds up others nor misses that something happened.
func TestBrokerSlowSubscriber(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	b := listening(t, d)
	slow, quick := subscribe(t, b, "changes"), subscribe(t, b, "changes")
	const total = 100
	var last string
	for i := range total {
		last = fmt.Sprint(i)
		if err := d.Notify(t.Context(), "changes", last); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, quick); got != last {
			t.Fatalf("got %q, want %q", got, last)
		}
	}
	woken := false
	var got string
	for got != last {
		if got = receive(t, slow); got == "" {
			woken = true
		}
	}
	if !woken {
		t.Error("the slow subscriber was not told that it had missed something")
	}
}

func TestBrokerSubscriptions(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	b := d.Broker()
	if b.Healthy() {
		t.Error("healthy without running")
	}
	early, cancelEarly := b.Subscribe("early") // before Run
	defer cancelEarly()
	listening(t, d)
	if got := receive(t, early); got != "" {
		t.Errorf("got %q, want a wake-up", got)
	}
	if err := b.Run(t.Context()); err == nil {
		t.Error("it runs twice")
	}

	// Coming and going from many goroutines, while notifications arrive.
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				payloads, cancel := b.Subscribe("busy")
				if err := d.Notify(t.Context(), "busy", "x"); err != nil {
					t.Error(err)
				}
				receive(t, payloads)
				cancel()
				cancel()
				for range payloads { // ends, because cancel closes it
				}
			}
		})
	}
	all.Wait()

	defer func() {
		if recover() == nil {
			t.Error("a bad name was accepted")
		}
	}()
	if err := d.Notify(t.Context(), "Bad-Name", ""); err == nil {
		t.Error("a notification to a bad name was accepted")
	}
	b.Subscribe("Bad-Name")
}
