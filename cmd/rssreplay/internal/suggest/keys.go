package suggest

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

// tryKeys steers all flows under random keys of the present one's length.
func (c *candidates) tryKeys() (*report.KeyTrials, error) {
	found, err := c.underKeys(c.keys.n, c.keys.seed, func(*nicmodel.SteeringConfig) {})
	if err != nil {
		return nil, err
	}
	return report.NewKeyTrials(found, c.imbalanceUnder(c.settings.Steering), c.keys.seed), nil
}

// imbalanceUnder is that of the whole capture's flows under a steering.
func (s *suggester) imbalanceUnder(steering *nicmodel.Steering) float64 {
	loads := s.whole.Result.LoadsUnder(steering)
	b := s.balanceOf(&loads, steering)
	return b.Imbalance(b.Peak(steering.Config().Table))
}

// medianKeys is the number of keys whose median tells what fields do, whatever the
// key.
const medianKeys = 200

// fieldsMedian compares a change under random keys with the present way under them.
func (c *candidates) fieldsMedian(change func(*nicmodel.SteeringConfig)) (*report.KeyMedian, error) {
	now, err := c.underKeys(medianKeys, c.keySeed(), func(*nicmodel.SteeringConfig) {})
	if err != nil {
		return nil, err
	}
	return c.medianBeside(now, change)
}

// keyMedian compares random keys with the present one.
func (c *candidates) keyMedian() (*report.KeyMedian, error) {
	return c.medianBeside([]float64{c.imbalanceUnder(c.settings.Steering)}, func(*nicmodel.SteeringConfig) {})
}

// medianBeside compares a change under random keys with imbalances, in rising order.
func (c *candidates) medianBeside(now []float64, change func(*nicmodel.SteeringConfig)) (*report.KeyMedian, error) {
	then, err := c.underKeys(medianKeys, c.keySeed(), change)
	if err != nil {
		return nil, err
	}
	return &report.KeyMedian{Keys: medianKeys, Present: fraction(median(now)), Suggested: fraction(median(then))}, nil
}

// median is that of values in rising order, the lower one of two.
func median(sorted []float64) float64 { return sorted[(len(sorted)-1)/2] }

// randomKeys are keys of so many bytes, which follow from the seed alone.
func randomKeys(n, bytes int, seed uint64) []hash.Key {
	random := rand.New(rand.NewPCG(seed, 0))
	keys := make([]hash.Key, n)
	for i := range keys {
		keys[i] = make(hash.Key, bytes)
		for k := range keys[i] {
			keys[i][k] = byte(random.Uint32())
		}
	}
	return keys
}

// underKeys is the imbalance under each of n random keys, in rising order, and with
// a further change. Several are tried at a time.
func (c *candidates) underKeys(n int, seed uint64, change func(*nicmodel.SteeringConfig)) ([]float64, error) {
	keys := randomKeys(n, len(c.settings.Key), seed)
	ways := make(chan int)
	found := make([]float64, n)
	var err error
	var once sync.Once
	var workers fault.Group
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range ways {
				workers.Try(func() {
					config := c.settings.Steering.Config()
					config.Key = keys[i]
					change(&config)
					steering, wrong := nicmodel.NewSteering(config)
					if wrong != nil {
						once.Do(func() { err = wrong })
						return
					}
					found[i] = c.imbalanceUnder(steering)
				})
			}
		})
	}
	for i := range keys {
		ways <- i
	}
	close(ways)
	workers.Wait()
	slices.Sort(found)
	return found, err
}
