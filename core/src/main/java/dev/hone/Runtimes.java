package dev.hone;

import dev.hone.HoneException.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Predicate;

/** Finds the runtime for a model. Looks anew at each call: opening a session is rare. */
final class Runtimes {
  private Runtimes() {}

  static InferenceRuntime forSource(ModelSource source) {
    return find(runtime -> runtime.recognizes(source), source.name());
  }

  static InferenceRuntime forModel(Model model) {
    return find(runtime -> runtime.opens(model), model.source().name());
  }

  private static InferenceRuntime find(Predicate<InferenceRuntime> wanted, String modelName) {
    List<String> names = new ArrayList<>();
    List<InferenceRuntime> runtimes = discover();
    for (InferenceRuntime runtime : runtimes) {
      if (wanted.test(runtime)) {
        return runtime;
      }
      names.add(runtime.name());
    }
    if (names.isEmpty()) {
      throw new ModelException(
          "No runtime was found, so '"
              + modelName
              + "' cannot be opened. Add one to the dependencies, for example"
              + " dev.hone:hone-runtime-onnx.");
    }
    throw new ModelException(
        "No runtime knows the format of '"
            + modelName
            + "'. Here are: "
            + String.join(", ", names)
            + ". Is it an ONNX file?");
  }

  private static List<InferenceRuntime> discover() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    List<InferenceRuntime> runtimes = new ArrayList<>();
    try {
      ServiceLoader.load(InferenceRuntime.class, context).forEach(runtimes::add);
      if (runtimes.isEmpty()) { // a plug-in whose thread has another context class loader
        ServiceLoader.load(InferenceRuntime.class, InferenceRuntime.class.getClassLoader())
            .forEach(runtimes::add);
      }
    } catch (ServiceConfigurationError e) {
      throw new HoneException(
          "A runtime is on the class path or module path but cannot be made: " + e.getMessage(), e);
    }
    return runtimes;
  }
}
