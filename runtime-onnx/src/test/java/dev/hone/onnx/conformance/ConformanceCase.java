package dev.hone.onnx.conformance;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One published case: a folder with a model and folders of inputs and expected outputs.
 *
 * @param folder the folder
 */
record ConformanceCase(Path folder) {
  /** How a case ended. */
  enum Verdict {
    /** All outputs are as expected. */
    PASSED,
    /** An output is wrong, or the run threw. */
    FAILED,
    /** Its answers are random, so only their types and shapes were compared, and are right. */
    RANDOM,
    /**
     * ONNX Runtime's own Java API gives the same wrong answer to the last bit, or refuses to run it
     * as well.
     */
    AS_ONNX_RUNTIME,
    /** It needs a locale that this machine does not have. */
    NO_LOCALE,
    /** ONNX Runtime refuses to open it. */
    NOT_LOADABLE
  }

  /**
   * How a case ended, and why.
   *
   * @param verdict how
   * @param why what went wrong, or an empty text
   */
  record Outcome(Verdict verdict, String why) {}

  /** All cases under a folder, in the order of their names. */
  static List<ConformanceCase> under(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      return paths
          .filter(folder -> Files.exists(folder.resolve("model.onnx")))
          .map(ConformanceCase::new)
          .sorted((a, b) -> a.folder.compareTo(b.folder))
          .toList();
    }
  }

  String name() {
    return folder.subpath(folder.getNameCount() - 2, folder.getNameCount()).toString();
  }

  private Path model() {
    return folder.resolve("model.onnx");
  }

  /** Opens and runs the case. */
  Outcome run() throws IOException {
    try (Session session =
        Session.open(Model.load(model()), SessionOptions.builder().threads(1).build())) {
      Graph graph = ModelData.read(model()).graph();
      for (Path set : sets()) {
        Outcome outcome = runSet(session, graph, set);
        if (outcome.verdict() != Verdict.PASSED) {
          return outcome;
        }
      }
      return new Outcome(Verdict.PASSED, "");
    } catch (HoneException.ModelException e) {
      String why = String.valueOf(e.getMessage());
      return new Outcome(needsLocale(why) ? Verdict.NO_LOCALE : Verdict.NOT_LOADABLE, why);
    }
  }

  private static boolean needsLocale(String why) {
    return why.contains("Failed to construct locale");
  }

  private List<Path> sets() throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(Files::isDirectory).sorted().toList();
    }
  }

  /** Runs with one folder of inputs. */
  private Outcome runSet(Session session, Graph graph, Path set) throws IOException {
    List<ValueInfo> inputs =
        graph.inputs().stream()
            .filter(input -> session.signature().input(input.name()).isPresent())
            .toList();
    Map<String, Tensor> expected = new LinkedHashMap<>();
    try (Batch in = Batch.of(read(set, "input_", inputs))) {
      expected.putAll(read(set, "output_", graph.outputs()));
      try (Batch out = session.run(in)) {
        Outcome outcome = compare(expected, out, isRandom(graph));
        return outcome.verdict() == Verdict.FAILED && OwnApi.gives(model(), in, out)
            ? new Outcome(Verdict.AS_ONNX_RUNTIME, outcome.why())
            : outcome;
      } catch (RuntimeException e) {
        return refused(in, e);
      }
    } finally {
      expected.values().forEach(Tensor::close);
    }
  }

  private Outcome refused(Batch in, RuntimeException e) {
    String why = String.valueOf(e.getMessage());
    String theirs = OwnApi.refusal(model(), in);
    if (theirs == null) {
      return new Outcome(Verdict.FAILED, why);
    }
    boolean locale = needsLocale(why) && needsLocale(theirs);
    return new Outcome(locale ? Verdict.NO_LOCALE : Verdict.AS_ONNX_RUNTIME, why);
  }

  private static boolean isRandom(Graph graph) {
    return graph.nodes().stream()
        .anyMatch(
            node ->
                node.op().startsWith("Random")
                    || node.is("Bernoulli")
                    || (node.is("Dropout") && node.hasInput(2)));
  }

  private static Map<String, Tensor> read(Path set, String prefix, List<ValueInfo> infos)
      throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < infos.size(); i++) {
      Path file = set.resolve(prefix + i + ".pb");
      if (Files.exists(file)) {
        tensors.putAll(CaseValues.read(file, infos.get(i)));
      }
    }
    return tensors;
  }

  private static Outcome compare(Map<String, Tensor> expected, Batch out, boolean random) {
    List<String> kinds = new ArrayList<>();
    List<String> values = new ArrayList<>();
    expected.forEach(
        (name, tensor) -> {
          int index = out.indexOf(name);
          Tensor actual = index < 0 ? null : out.tensor(index);
          String kind = Agreement.differenceInKind(tensor, actual);
          String value = Agreement.difference(tensor, actual);
          if (kind != null) {
            kinds.add(name + " " + kind);
          } else if (value != null) {
            values.add(name + " " + value);
          }
        });
    out.names().stream()
        .filter(name -> !expected.containsKey(name))
        .forEach(name -> kinds.add(name + " is not expected"));
    if (kinds.isEmpty() && values.isEmpty()) {
      return new Outcome(Verdict.PASSED, "");
    }
    if (kinds.isEmpty() && random) {
      return new Outcome(Verdict.RANDOM, "");
    }
    kinds.addAll(values);
    return new Outcome(Verdict.FAILED, String.join("; ", kinds));
  }
}
