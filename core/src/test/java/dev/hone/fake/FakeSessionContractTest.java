package dev.hone.fake;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.ReferenceModel.Operation;
import dev.hone.contract.SessionContract;
import java.time.Duration;
import java.time.temporal.ChronoUnit;

class FakeSessionContractTest extends SessionContract {
  @Override
  public Session open(ReferenceModel model) {
    FakeModel fake = FakeModel.of(model.signature(), model.function());
    return Session.open(
        model.operation() == Operation.COUNT ? fake.withDelay(this::counting) : fake);
  }

  private Duration counting(Batch in) {
    return Duration.of(in.get("times").toLongArray()[0], ChronoUnit.MICROS);
  }
}
