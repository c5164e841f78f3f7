package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.ReferenceModel.Operation;
import dev.hone.contract.SessionContract;
import dev.hone.fake.FakeModel;
import java.time.Duration;
import java.time.temporal.ChronoUnit;

/** A batcher keeps the whole contract of a session, whether its model can be batched or not. */
class BatcherContractTest extends SessionContract {
  private static final BatchPolicy POLICY =
      BatchPolicy.builder()
          .evenIfItDoesNotPay()
          .warmUp(Duration.ofMillis(5))
          .lanes(2)
          .maxRows(8)
          .build();

  @Override
  public Session open(ReferenceModel model) {
    FakeModel fake = FakeModel.of(model.signature(), model.function());
    boolean counts = model.operation() == Operation.COUNT;
    return Batcher.over(
        Session.open(counts ? fake.withDelay(BatcherContractTest::counting) : fake), POLICY);
  }

  private static Duration counting(Batch in) {
    return Duration.of(in.get("times").toLongArray()[0], ChronoUnit.MICROS);
  }
}
