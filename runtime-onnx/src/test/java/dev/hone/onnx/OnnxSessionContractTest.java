package dev.hone.onnx;

import dev.hone.Session;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.SessionContract;

class OnnxSessionContractTest extends SessionContract {
  @Override
  public Session open(ReferenceModel model) {
    return Session.open(ReferenceOnnx.model(model));
  }
}
