// The change of keys. Its steps, each of which may be repeated, and after each of which the work may be cut off:
//
//	a key is added to the file ─▶ the database uses it ─▶ every secret is under it ─▶ the others are removed from the file
//	      Prepare, Rotate              Rotate                  Rotate, Retire                    Retire

package vault

import (
	"context"
	"errors"
	"fmt"
)

// rotationBatch is how many secrets are changed in one transaction.
const rotationBatch = 100

// Rotation is what a change of keys has come to.
type Rotation struct {
	// Key is the id of the key that was made ready (Prepare), or that is in use.
	Key string
	// Reencrypted counts the secrets that were under another key.
	Reencrypted int
	// Retired are the ids of the keys that were removed.
	Retired []string
}

// Prepare adds a key to the file without using it, so that the file can be brought to the other nodes first. A key that is ready
// already is not joined by another.
func (v *Vault) Prepare(ctx context.Context) (Rotation, error) {
	var ready uint32
	err := v.db.InTx(ctx, func(ctx context.Context) error {
		check, ring, err := v.lockKeys(ctx)
		if err != nil {
			return err
		}
		ready, err = v.nextKey(ring, keyOf(check))
		return err
	})
	return Rotation{Key: keyName(ready)}, err
}

// Rotate has a key that was made ready, or a new one, used from now on, and encrypts all that is stored with it. If a former Rotate was
// cut off, this one finishes it. Servers that run go on: they read the file again when they meet the new key.
func (v *Vault) Rotate(ctx context.Context) (Rotation, error) {
	var used uint32
	err := v.db.InTx(ctx, func(ctx context.Context) error {
		check, ring, err := v.lockKeys(ctx)
		if err != nil {
			return err
		}
		used = keyOf(check)
		if ring.newest == used {
			// What is left is of a change that was cut off: it needs no further key.
			if left, err := v.left(ctx, used); err != nil || left > 0 {
				return err
			}
		}
		if used, err = v.nextKey(ring, used); err != nil {
			return err
		}
		if ring, err = v.ringWith(used); err != nil {
			return err
		}
		if check, err = ring.seal(used, checkPlace, checkText); err != nil {
			return err
		}
		return v.updateCheck(ctx, check)
	})
	if err != nil {
		return Rotation{}, err
	}
	done, err := v.reencrypt(ctx)
	done.Key = keyName(used)
	return done, err
}

// Retire removes the keys that are not in use from the file, after it has made sure that nothing stored needs them. What else needs them
// are backups of the database from before the change.
func (v *Vault) Retire(ctx context.Context) (Rotation, error) {
	done, err := v.reencrypt(ctx)
	if err != nil {
		return done, err
	}
	return done, v.db.InTx(ctx, func(ctx context.Context) error {
		check, ring, err := v.lockKeys(ctx)
		if err != nil {
			return err
		}
		used := keyOf(check)
		if ring.newest != used {
			return fmt.Errorf("key %s is ready and not in use: finish the change to it first", keyName(ring.newest))
		}
		if left, err := v.left(ctx, used); err != nil || left > 0 {
			return errors.Join(err, fmt.Errorf("%d secrets are under other keys than %s: no key was removed", left, keyName(used)))
		}
		done.Key, done.Retired = keyName(used), nil
		for key := range ring.ciphers {
			if key != used {
				done.Retired = append(done.Retired, keyName(key))
			}
		}
		if len(done.Retired) == 0 {
			return nil
		}
		only, err := withOnly(ring.keyset, used)
		if err != nil {
			return err
		}
		return v.replaceKeys(only)
	})
}

// lockKeys keeps the key in use, and the file, for this transaction alone, and returns both.
func (v *Vault) lockKeys(ctx context.Context) (check []byte, ring *keyring, err error) {
	if check, err = v.lockCheck(ctx); err != nil {
		return nil, nil, err
	}
	ring, err = v.ringFor(check)
	return check, ring, err
}

// nextKey returns the key that is ready to follow the one in use, and adds one to the file if none is.
func (v *Vault) nextKey(ring *keyring, used uint32) (uint32, error) {
	if ring.newest != used {
		return ring.newest, nil
	}
	more, err := withNewKey(ring.keyset)
	if err != nil {
		return 0, err
	}
	return more.KeysetInfo().GetPrimaryKeyId(), v.replaceKeys(more)
}

// replaceKeys writes the file and takes over what is in it.
func (v *Vault) replaceKeys(h keyset) error {
	if err := replaceKeyFile(v.path, h); err != nil {
		return err
	}
	ring, err := newKeyring(h)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ring = ring
	return nil
}

// left counts the secrets that are under another key.
func (v *Vault) left(ctx context.Context, key uint32) (total int64, err error) {
	for _, c := range v.declared() {
		n, err := c.countNotUnder(ctx, key)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c, err)
		}
		total += n
	}
	return total, nil
}

// reencrypt brings every secret under the key in use. One that does not open is left as it is and reported; it does not keep the others
// from being done.
func (v *Vault) reencrypt(ctx context.Context) (Rotation, error) {
	var done Rotation
	var broken []error
	for _, c := range v.declared() {
		for after, more := "", true; more; {
			var batch reencrypted
			err := v.db.InTx(ctx, func(ctx context.Context) (err error) {
				batch, err = c.reencryptBatch(ctx, after)
				return err
			})
			if err != nil {
				return done, errors.Join(append(broken, fmt.Errorf("%s: %w", c, err))...)
			}
			done.Reencrypted += batch.changed
			broken = append(broken, batch.broken...)
			after, more = batch.last, batch.more
		}
	}
	return done, errors.Join(broken...)
}

// reencrypted is what became of one batch.
type reencrypted struct {
	changed int
	broken  []error
	last    string // id of the last row that was looked at
	more    bool
}

func (c Column) reencryptBatch(ctx context.Context, after string) (out reencrypted, err error) {
	check, err := c.vault.holdCheck(ctx)
	if err != nil {
		return out, err
	}
	key := keyOf(check)
	out.last = after
	ring, err := c.vault.ringWith(key)
	if err != nil {
		return out, err
	}
	rows, err := c.notUnder(ctx, key, after, rotationBatch)
	if err != nil {
		return out, err
	}
	out.more = len(rows) == rotationBatch
	for _, r := range rows {
		out.last = r.ID
		text, err := c.open(r.ID, r.Ciphertext)
		if err != nil {
			out.broken = append(out.broken, err)
			continue
		}
		next, err := ring.seal(key, c.place(r.ID), text)
		if err != nil {
			return out, err
		}
		swapped, err := c.swap(ctx, r.ID, r.Ciphertext, next)
		if err != nil {
			return out, err
		}
		if swapped {
			out.changed++
		}
	}
	return out, nil
}
