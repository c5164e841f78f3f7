package dev.hone.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class InterleavedTest {
  /** A clock that only the rivals move. */
  private final AtomicLong now = new AtomicLong();

  private Samples measure(Entrant... entrants) {
    return Interleaved.measure(List.of(entrants), Effort.GUARD, now::get);
  }

  private Entrant takes(String name, long nanos) {
    return Entrant.theirs(name, () -> () -> now.addAndGet(nanos));
  }

  @Test
  void aSlowdownOfAFifthIsFound() {
    Samples samples = measure(takes("plain", 100_000), takes("planted", 120_000));
    Estimate ratio = Estimate.of(samples.timeAgainst("planted", "plain"));
    assertThat(ratio.value()).isCloseTo(1.2, within(1e-9));
  }

  /** By the processor time of this thread, so that other programs do not disturb it. */
  @Test
  void aSlowdownOfAFifthIsFoundInRealWork() {
    Samples samples =
        Interleaved.measure(
            List.of(
                Entrant.theirs("plain", () -> () -> spin(10_000)),
                Entrant.theirs("twin", () -> () -> spin(10_000)),
                Entrant.theirs("planted", () -> () -> spin(12_000))),
            Effort.GUARD,
            ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime);
    Estimate planted = Estimate.of(samples.timeAgainst("planted", "plain"));
    Estimate twin = Estimate.of(samples.timeAgainst("twin", "plain"));
    assertThat(planted.low()).as("planted %s, twin %s", planted, twin).isGreaterThan(1.05);
    assertThat(planted.value()).as("planted %s", planted).isCloseTo(1.2, within(0.12));
    assertThat(twin.value()).as("twin %s", twin).isCloseTo(1, within(0.08));
  }

  private static volatile long sink;

  private static void spin(int steps) {
    long value = sink;
    for (int i = 0; i < steps; i++) {
      value = value * 6364136223846793005L + 1442695040888963407L;
    }
    sink = value;
  }

  @Test
  void aMachineThatSlowsDownChangesNoRatio() {
    AtomicLong calls = new AtomicLong();
    List<Entrant> entrants = new ArrayList<>();
    for (String name : List.of("one", "other")) {
      entrants.add(
          Entrant.ours(name, () -> () -> now.addAndGet(100_000 + calls.incrementAndGet())));
    }
    Samples samples = measure(entrants.get(0), entrants.get(1));
    assertThat(samples.nanos("one")[7]).isGreaterThan(samples.nanos("one")[0] * 1.01);
    Estimate ratio = Estimate.of(samples.timeAgainst("one", "other"));
    assertThat(ratio.value()).isCloseTo(1, within(1e-3));
  }

  /** Each has one turn a round, and every second round goes back. */
  @Test
  void aMachineThatSlowsDownChangesNoRatioOfLongTurnsEither() {
    AtomicLong calls = new AtomicLong();
    List<Entrant> entrants = new ArrayList<>();
    for (String name : List.of("one", "other", "third")) {
      entrants.add(
          Entrant.ours(
              name, () -> () -> now.addAndGet(500_000_000 + 1_000_000 * calls.incrementAndGet())));
    }
    Samples samples = Interleaved.measure(entrants, Effort.SHORT, now::get);
    assertThat(samples.nanos("one")).hasSize(6);
    assertThat(samples.nanos("one")[5]).isGreaterThan(samples.nanos("one")[0] * 1.02);
    for (String name : List.of("other", "third")) {
      Estimate ratio = Estimate.of(samples.timeAgainst(name, "one"));
      assertThat(ratio.value()).isCloseTo(1, within(1e-3));
      assertThat(ratio.low()).isLessThan(1);
    }
  }

  @Test
  void aRivalThatDoesNotOpenIsNamedAndTheRestRuns() {
    Entrant broken =
        Entrant.theirs(
            "broken",
            () -> {
              throw new UnsatisfiedLinkError("no such library");
            });
    Samples samples = measure(broken, takes("sound", 1_000));
    assertThat(samples.failures()).containsEntry("broken", "UnsatisfiedLinkError: no such library");
    assertThat(samples.has("sound")).isTrue();
    assertThat(samples.has("broken")).isFalse();
  }

  @Test
  void aRivalWithAWrongOutputHasNoFiguresAndIsClosed() {
    List<String> closed = new ArrayList<>();
    Rival wrong =
        new Rival() {
          @Override
          public void once() {
            now.addAndGet(1_000);
          }

          @Override
          public void check() {
            throw new IllegalStateException("3 is not 4");
          }

          @Override
          public void close() {
            closed.add("wrong");
          }
        };
    Samples samples = measure(Entrant.theirs("wrong", () -> wrong));
    assertThat(samples.failures()).containsEntry("wrong", "IllegalStateException: 3 is not 4");
    assertThat(samples.has("wrong")).isFalse();
    assertThat(closed).containsExactly("wrong");
  }
}
