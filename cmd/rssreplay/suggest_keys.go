package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rssreplay/dispatch/fault"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/report"
)

// keyFlag is the value of --keys: how many random ones, and from which seed.
type keyFlag struct {
	n    int
	seed uint64
}

// maxKeys bounds the trials: each hashes every flow.
const maxKeys = 100_000

// parseKeyTrials reads "random:1000" or "random:1000,7"; "" is none.
func parseKeyTrials(s string) (keyFlag, error) {
	if s == "" {
		return keyFlag{}, nil
	}
	wrong := fmt.Errorf("--keys must be random:N, with N from 1 to %d, or random:N,SEED, not %q", maxKeys, s)
	words, ok := strings.CutPrefix(s, "random:")
	if !ok {
		return keyFlag{}, wrong
	}
	number, seed, seeded := strings.Cut(words, ",")
	k := keyFlag{seed: 1}
	var errSeed error
	n, err := strconv.Atoi(number)
	if seeded {
		k.seed, errSeed = strconv.ParseUint(seed, 10, 64)
	}
	if err = errors.Join(err, errSeed); err != nil || n < 1 || n > maxKeys {
		return keyFlag{}, wrong
	}
	k.n = n
	return k, nil
}

// tryKeys steers all flows under random keys of the present one's length, several
// at a time. Which keys these are follows from the seed alone.
func (c *candidates) tryKeys() (*report.KeyTrials, error) {
	imbalance := func(steering *nicmodel.Steering) float64 {
		loads := c.whole.result.Resteer(steering)
		b := c.balanceOf(&loads, steering)
		return b.Imbalance(b.Peak(steering.Config().Table))
	}
	random := rand.New(rand.NewPCG(c.keys.seed, 0))
	ways := make(chan int)
	found := make([]float64, c.keys.n)
	keys := make([]hash.Key, c.keys.n)
	for i := range keys {
		keys[i] = make(hash.Key, len(c.settings.key))
		for k := range keys[i] {
			keys[i][k] = byte(random.Uint32())
		}
	}
	var err error
	var once sync.Once
	var workers fault.Group
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range ways {
				workers.Try(func() {
					config := c.settings.steering.Config()
					config.Key = keys[i]
					steering, wrong := nicmodel.NewSteering(config)
					if wrong != nil {
						once.Do(func() { err = wrong })
						return
					}
					found[i] = imbalance(steering)
				})
			}
		})
	}
	for i := range keys {
		ways <- i
	}
	close(ways)
	workers.Wait()
	if err != nil {
		return nil, err
	}
	slices.Sort(found)
	return report.NewKeyTrials(found, imbalance(c.settings.steering), c.keys.seed), nil
}
