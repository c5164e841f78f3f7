package dev.hone.shadow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.contract.LoggedLines;
import dev.hone.contract.NoLeaks;
import dev.hone.fake.FakeModel;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.SessionStats;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** When something fails: the fast model, the baseline, or who listens. */
@ExtendWith(NoLeaks.class)
class ShadowFailureTest {
  private static final Embedder MODEL = Embedder.random(1);
  private static final Embedder HARMED = MODEL.noised(0.5, 1);

  private final Random random = new Random(7);

  private static ShadowPolicy.Builder everything() {
    return ShadowPolicy.builder().sampledShare(1).budget(1);
  }

  private Batch request() {
    return Batch.of("x", Tensor.of(Embedder.gaussian(random, 2, Embedder.INPUTS)));
  }

  private void run(Shadow shadow, int requests) {
    for (int i = 0; i < requests; i++) {
      try (Batch in = request()) {
        shadow.run(in).close();
      }
      while (!shadow.isIdle()) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void theBaselineAnswersAfterAFallBackUntilReset() {
    ShadowPolicy policy = everything().whenDrifted(ShadowPolicy.WhenDrifted.FALL_BACK).build();
    try (Shadow shadow = Shadow.of(HARMED.open(), MODEL.open(), policy);
        Batch in = request()) {
      run(shadow, 6);
      assertThat(shadow.isFallenBack()).isTrue();
      assertThat(shadow.report().notes()).last().asString().contains("baseline answers");
      try (Batch out = shadow.run(in)) {
        assertThat(out.get("y").toFloatMatrix()[0])
            .isEqualTo(MODEL.embed(in.get("x").toFloatMatrix()[0]));
      }
      assertThat(shadow.shadowStats().compared()).isEqualTo(6);
      shadow.reset();
      assertThat(shadow.isFallenBack()).isFalse();
      assertThat(shadow.shadowStats().state()).isEqualTo(Agreement.OK);
    }
  }

  @Test
  void countsOnlyGrowWhenTheBaselineTakesOverAndWhenItHandsBack() {
    ShadowPolicy policy = everything().whenDrifted(ShadowPolicy.WhenDrifted.FALL_BACK).build();
    Session fast = Forwarding.counting(HARMED.open());
    Session baseline = Forwarding.counting(MODEL.open());
    try (Shadow shadow = Shadow.of(fast, baseline, policy)) {
      run(shadow, 6);
      assertThat(shadow.isFallenBack()).isTrue();
      assertAnswered(shadow, 6); // and not what the baseline gave as second opinions
      run(shadow, 4);
      assertAnswered(shadow, 10);
      shadow.reset();
      assertAnswered(shadow, 10);
      run(shadow, 6);
      assertThat(shadow.isFallenBack()).isTrue();
      run(shadow, 1);
      assertAnswered(shadow, 17);
    }
  }

  private static void assertAnswered(Shadow shadow, long calls) {
    SessionStats stats = shadow.stats();
    assertThat(stats.count(Outcome.ANSWERED)).isEqualTo(calls);
    assertThat(stats.total().count()).isEqualTo(calls);
    assertThat(stats.rows()).isEqualTo(2 * calls);
  }

  @Test
  void failuresOfTheBaselineAndOfListenersNeverReachACaller() {
    FakeModel broken =
        FakeModel.of(Embedder.SIGNATURE, in -> Batch.of("y", zeros()))
            .withFailure(() -> new IllegalStateException("broken"));
    ShadowPolicy policy =
        everything()
            .onChange(
                stats -> {
                  throw new IllegalStateException("broken listener");
                })
            .build();
    try (Shadow shadow = Shadow.of(MODEL.open(), Session.open(broken), policy)) {
      run(shadow, 5);
      assertThat(shadow.shadowStats().failed()).isEqualTo(5);
      assertThat(shadow.shadowStats().compared()).isZero();
    }
    try (Shadow shadow = Shadow.of(HARMED.open(), MODEL.open(), policy)) {
      run(shadow, 10);
      assertThat(shadow.shadowStats().state()).isEqualTo(Agreement.DRIFT);
      assertThat(shadow.shadowStats().compared()).isEqualTo(10);
    }
  }

  @Test
  void aFailureOfTheBaselineDoesNotHideThatTheListenerFailsToo() {
    FakeModel broken =
        FakeModel.of(
            Embedder.SIGNATURE,
            in -> {
              if (random.nextBoolean()) {
                throw new IllegalStateException("broken");
              }
              return Batch.of("y", zeros());
            });
    ShadowPolicy policy =
        everything()
            .onChange(
                stats -> {
                  throw new IllegalStateException("broken listener");
                })
            .build();
    try (LoggedLines logged = LoggedLines.of(Shadow.class)) {
      try (Shadow shadow = Shadow.of(MODEL.open(), Session.open(broken), policy)) {
        run(shadow, 60);
      }
      assertThat(logged.lines())
          .filteredOn(line -> line.contains("could not be compared"))
          .hasSize(1);
      assertThat(logged.lines())
          .filteredOn(line -> line.contains("The listener of a shadow"))
          .hasSize(1);
    }
  }

  private static Tensor zeros() {
    return Tensor.of(new float[2][Embedder.OUTPUTS]);
  }
}
