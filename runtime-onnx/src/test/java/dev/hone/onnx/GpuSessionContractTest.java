package dev.hone.onnx;

import dev.hone.Session;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.SessionContract;
import java.util.Optional;

/** A session on a GPU keeps the contract, whatever is inside it. */
class GpuSessionContractTest extends SessionContract {
  @Override
  public Session open(ReferenceModel model) {
    Session inner = Session.open(ReferenceOnnx.model(model));
    return new GpuSession(
        FakeGpu.ready(), 0, inner, Optional.of(why -> Session.open(ReferenceOnnx.model(model))));
  }
}
