package dev.hone.fake;

import dev.hone.HoneException.ModelException;
import dev.hone.InferenceRuntime;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.SessionOptions;

/**
 * Opens {@link FakeModel}s. Found by {@link java.util.ServiceLoader}; nobody needs to name it.
 *
 * <p>A session of it says that it has the device and the precision that it was asked for (the CPU
 * where the best was asked for), and takes the options of any runtime: what it computes is what the
 * model's function computes.
 */
public final class FakeRuntime implements InferenceRuntime {
  /** For {@link java.util.ServiceLoader}. */
  public FakeRuntime() {}

  @Override
  public String name() {
    return "fake runtime";
  }

  /** Never: a fake model comes from {@link FakeModel#of}, not from a file. */
  @Override
  public boolean recognizes(ModelSource source) {
    return false;
  }

  @Override
  public Model load(ModelSource source) {
    throw new ModelException(
        "The fake runtime reads no files, but was asked for '"
            + source.name()
            + "'. Make a model with FakeModel.of.");
  }

  @Override
  public boolean opens(Model model) {
    return model instanceof FakeModel;
  }

  @Override
  public Session open(Model model, SessionOptions options) {
    if (model instanceof FakeModel fake) {
      return new FakeSession(fake, options, name());
    }
    throw new ModelException(
        "The fake runtime opens fake models only, not '"
            + model.source().name()
            + "'. Make one with FakeModel.of.");
  }
}
