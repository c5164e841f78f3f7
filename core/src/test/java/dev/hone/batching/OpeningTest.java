package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.batching.Opening.Lacks;
import org.junit.jupiter.api.Test;

class OpeningTest {
  @Test
  void twoSessionsStayIfEitherWouldBeClearlySlowerAtWhatTheOtherIsFor() {
    assertThat(new Lacks(1.5, 1.4).areWorthASession()).isTrue();
    assertThat(new Lacks(1.5, 1.02).areWorthASession()).isFalse();
    assertThat(new Lacks(1.02, 1.5).areWorthASession()).isFalse();
  }

  @Test
  void ofTwoSessionsTheOneThatLacksLessIsTheBetterChoice() {
    assertThat(new Lacks(1.5, 1.02).areLessWithOther()).isTrue();
    assertThat(new Lacks(1.02, 1.5).areLessWithOther()).isFalse();
  }

  @Test
  void betweenEqualsTheOneThatServesManyCallsStays() {
    assertThat(new Lacks(1, 1).areLessWithOther()).isFalse();
    assertThat(new Lacks(1, 1).areWorthASession()).isFalse();
  }

  @Test
  void aSessionIsForCallsWithoutCompanyOfThoseSizesThatItIsQuickerFor() {
    assertThat(Opening.sizes(1.3, 1.5, 128)).isEqualTo(Sessions.SizeRange.ALL);
    assertThat(Opening.sizes(0.5, 1.3, 128)).isEqualTo(new Sessions.SizeRange(128, Long.MAX_VALUE));
    assertThat(Opening.sizes(1.3, 0.5, 128)).isEqualTo(new Sessions.SizeRange(0, 128));
  }

  @Test
  void ofSessionsThatCannotBeTriedTheOneOnAllProcessorsStays() {
    ToySession all = new ToySession(ToySession.Trait.FIXED_BATCH);
    ToySession one = new ToySession(ToySession.Trait.FIXED_BATCH);
    BatchPolicy policy = BatchPolicy.automatic();
    Opening kept =
        Opening.better(Opening.of(all, policy, null), Opening.of(one, policy, null), policy);
    assertThat(kept.session).isSameAs(all);
    assertThat(one.isClosed()).isTrue();
    kept.close();
  }
}
