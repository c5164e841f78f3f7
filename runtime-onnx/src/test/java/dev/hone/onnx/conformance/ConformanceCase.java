package dev.hone.onnx.conformance;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Signature.Kind;
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
import java.util.stream.IntStream;
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
    /** It opens, but takes a sequence or an optional value, which no batch can carry. */
    NOT_FEEDABLE,
    /** Its inputs do not have the shapes that its own model declares; ONNX Runtime refuses it. */
    CONTRADICTORY,
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

  /** Opens and runs the case. */
  Outcome run() throws IOException {
    Path file = folder.resolve("model.onnx");
    try (Session session =
        Session.open(Model.load(file), SessionOptions.builder().threads(1).build())) {
      List<Signature.Value> inputs = session.signature().inputs();
      if (inputs.stream().anyMatch(input -> input.kind() != Kind.TENSOR)) {
        return new Outcome(Verdict.NOT_FEEDABLE, inputs.toString());
      }
      Graph graph = ModelData.read(file).graph();
      for (Path set : sets()) {
        Outcome outcome = runSet(session, graph, set);
        if (outcome.verdict() != Verdict.PASSED) {
          return outcome;
        }
      }
      return new Outcome(Verdict.PASSED, "");
    } catch (HoneException.ModelException e) {
      return failure(Verdict.NOT_LOADABLE, e);
    }
  }

  private static Outcome failure(Verdict verdict, RuntimeException e) {
    String why = String.valueOf(e.getMessage());
    return new Outcome(
        why.contains("Failed to construct locale") ? Verdict.NO_LOCALE : verdict, why);
  }

  private List<Path> sets() throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(Files::isDirectory).sorted().toList();
    }
  }

  /** Runs with one folder of inputs. */
  private static Outcome runSet(Session session, Graph graph, Path set) throws IOException {
    List<ValueInfo> inputs =
        graph.inputs().stream()
            .filter(input -> session.signature().input(input.name()).isPresent())
            .toList();
    Map<String, Tensor> expected = new LinkedHashMap<>();
    try (Batch in = Batch.of(read(set, "input_", inputs))) {
      if (inputs.stream().anyMatch(info -> contradicts(in, info))) {
        return new Outcome(Verdict.CONTRADICTORY, in.toString());
      }
      expected.putAll(read(set, "output_", graph.outputs()));
      try (Batch out = session.run(in)) {
        return compare(expected, out, isRandom(graph));
      }
    } catch (RuntimeException e) {
      return failure(Verdict.FAILED, e);
    } finally {
      expected.values().forEach(Tensor::close);
    }
  }

  private static boolean contradicts(Batch in, ValueInfo info) {
    List<Signature.Dimension> dimensions = info.type().dimensions();
    int index = in.indexOf(info.name());
    if (dimensions == null || index < 0) {
      return false;
    }
    Shape shape = in.tensor(index).shape();
    return shape.rank() != dimensions.size()
        || IntStream.range(0, shape.rank())
            .anyMatch(i -> dimensions.get(i).length().orElse(shape.length(i)) != shape.length(i));
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
