package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.Signature;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.ReferenceModel.Operation;
import dev.hone.contract.SessionContract;
import dev.hone.fake.FakeModel;
import java.time.Duration;
import java.time.temporal.ChronoUnit;

/** A shadow that compares everything is a session like any other. */
class ShadowContractTest extends SessionContract {
  private static final ShadowPolicy EVERYTHING =
      ShadowPolicy.builder().sampledShare(1).budget(1).build();

  @Override
  public Session open(ReferenceModel model) {
    Session fast = plain(model);
    return model.signature().outputs().stream().anyMatch(ShadowContractTest::isComparable)
        ? Shadow.of(fast, plain(model), EVERYTHING)
        : fast;
  }

  private static boolean isComparable(Signature.Value output) {
    return output.type() != null && output.type().isFloatingPoint();
  }

  private static Session plain(ReferenceModel model) {
    FakeModel fake = FakeModel.of(model.signature(), model.function());
    return Session.open(
        model.operation() == Operation.COUNT ? fake.withDelay(ShadowContractTest::counting) : fake);
  }

  private static Duration counting(Batch in) {
    return Duration.of(in.get("times").toLongArray()[0], ChronoUnit.MICROS);
  }
}
