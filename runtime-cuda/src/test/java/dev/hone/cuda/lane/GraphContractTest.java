package dev.hone.cuda.lane;

import dev.hone.Device;
import dev.hone.Session;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.SessionContract;

/** A session whose runs become graphs keeps the whole contract. */
class GraphContractTest extends SessionContract {
  @Override
  public Session open(ReferenceModel model) {
    return FakeLanes.open(model, System.nanoTime(), 4);
  }

  @Override
  public Device device() {
    return Device.cuda(0);
  }
}
