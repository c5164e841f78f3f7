package dev.hone.shadow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the watch finds and what it does not, in many seeded worlds. */
@Tag("slow")
class ShadowPowerTest {
  private static final int SEEDS = 100;
  private static final int REQUESTS = 20_000;
  private static final int POINTS = 1_000;
  private static final double PLANTED_FLIPS = 0.02;

  @Test
  void plantedHarmIsFoundWithinTwentyThousandRequests() {
    int found = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Embedder baseline = Embedder.random(seed);
      Embedder harmed = harmed(baseline, baseline, seed, PLANTED_FLIPS);
      found += requestsToDrift(baseline, baseline, harmed, seed, REQUESTS) <= REQUESTS ? 1 : 0;
    }
    assertThat(found).isGreaterThanOrEqualTo(95);
  }

  @Test
  void harmOnTopOfHealthyRoundingIsFoundToo() {
    int found = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Embedder baseline = Embedder.random(seed);
      Embedder healthy = baseline.rounded(8);
      double flips = baseline.flippedNeighbours(healthy, points(seed));
      Embedder harmed = harmed(baseline, healthy, seed, flips + PLANTED_FLIPS);
      found += requestsToDrift(baseline, healthy, harmed, seed, REQUESTS) <= REQUESTS ? 1 : 0;
    }
    assertThat(found).isGreaterThanOrEqualTo(95);
  }

  @Test
  void aMillionRequestsOfIdenticalModelsRaiseNoAlarm() {
    Embedder model = Embedder.random(1);
    assertThat(requestsToDrift(model, model, model, 1, 1_000_000)).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void healthyRoundingRaisesNoAlarm() {
    for (int seed = 0; seed < 10; seed++) {
      Embedder baseline = Embedder.random(seed);
      Embedder healthy = baseline.rounded(8);
      assertThat(requestsToDrift(baseline, healthy, healthy, seed, 100_000))
          .isEqualTo(Integer.MAX_VALUE);
    }
  }

  private static float[][] points(long seed) {
    return Embedder.gaussian(new Random(1_000 + seed), POINTS, Embedder.INPUTS);
  }

  /** The least noise with which this share of nearest neighbours flips, found by halving. */
  private static Embedder harmed(Embedder baseline, Embedder healthy, long seed, double flips) {
    float[][] points = points(seed);
    double low = 0;
    double high = 1;
    for (int i = 0; i < 10; i++) {
      double middle = (low + high) / 2;
      double share = baseline.flippedNeighbours(healthy.noised(middle, seed), points);
      low = share < flips ? middle : low;
      high = share < flips ? high : middle;
    }
    return healthy.noised(high, seed);
  }

  /** How many requests it takes; as many as an int can be, if none of them raised an alarm. */
  private static int requestsToDrift(
      Embedder baseline, Embedder healthy, Embedder now, long seed, int requests) {
    Random random = new Random(2_000 + seed);
    ShadowPolicy policy =
        ShadowPolicy.builder()
            .sampledShare(0.01)
            .budget(1)
            .mostPressure(Double.MAX_VALUE)
            .reference(reference(healthy, baseline, random))
            .build();
    try (Shadow shadow = Shadow.of(now.open(), baseline.open(), policy)) {
      for (int i = 1; i <= requests; i++) {
        try (Batch in = request(random)) {
          shadow.run(in).close();
        }
        while (!shadow.isIdle()) {
          Thread.onSpinWait();
        }
        if (shadow.shadowStats().state() == Agreement.DRIFT) {
          return i;
        }
      }
      assertThat(shadow.shadowStats().compared()).isBetween(requests / 200L, requests / 50L);
      return Integer.MAX_VALUE;
    }
  }

  private static ShadowReference reference(Embedder fast, Embedder baseline, Random random) {
    List<Batch> samples = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      samples.add(request(random));
    }
    try (Session quick = fast.open();
        Session slow = baseline.open()) {
      return ShadowReference.measure(quick, slow, samples);
    } finally {
      samples.forEach(Batch::close);
    }
  }

  private static Batch request(Random random) {
    return Batch.of("x", Tensor.of(Embedder.gaussian(random, 1, Embedder.INPUTS)));
  }
}
