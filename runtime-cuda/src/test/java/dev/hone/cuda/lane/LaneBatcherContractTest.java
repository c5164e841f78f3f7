package dev.hone.cuda.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Device;
import dev.hone.Session;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.SessionContract;
import java.time.Duration;
import org.junit.jupiter.api.Test;

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

  @Test
  void asManyBatchesRunAtOnceAsTheLanesHaveSlots() {
    BatchPolicy policy =
        BatchPolicy.builder().evenIfItDoesNotPay().warmUp(Duration.ofMillis(5)).build();
    try (Session session = FakeLanes.open(ReferenceModel.affine(), 1, 0);
        Batcher batcher = Batcher.over(session, policy)) {
      assertThat(session.report().runsAtOnce()).isEqualTo(2 * FakeLanes.LANES);
      assertThat(batcher.report().notes())
          .anyMatch(note -> note.contains("rows a batch, " + 2 * FakeLanes.LANES + " at once"));
    }
  }

  @Override
  public Device device() {
    return Device.cuda(0);
  }
}
