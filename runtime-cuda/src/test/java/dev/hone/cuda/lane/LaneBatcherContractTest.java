package dev.hone.cuda.lane;

import dev.hone.Device;
import dev.hone.Session;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.SessionContract;
import java.time.Duration;

/** A batcher over a session on lanes of a fake device keeps the whole contract. */
class LaneBatcherContractTest extends SessionContract {
  private static final BatchPolicy POLICY =
      BatchPolicy.builder()
          .evenIfItDoesNotPay()
          .warmUp(Duration.ofMillis(5))
          .lanes(2)
          .maxRows(8)
          .build();

  @Override
  public Session open(ReferenceModel model) {
    return Batcher.over(FakeLanes.open(model, System.nanoTime(), 0), POLICY);
  }

  @Override
  public Device device() {
    return Device.cuda(0);
  }
}
