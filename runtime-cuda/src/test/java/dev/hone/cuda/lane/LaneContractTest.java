package dev.hone.cuda.lane;

import dev.hone.Device;
import dev.hone.Session;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.SessionContract;

/** A session on lanes of a fake device keeps the whole contract. */
class LaneContractTest extends SessionContract {
  @Override
  public Session open(ReferenceModel model) {
    return FakeLanes.open(model, System.nanoTime(), 0);
  }

  @Override
  public Device device() {
    return Device.cuda(0);
  }
}
