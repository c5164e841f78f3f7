package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.InputCheck;
import dev.hone.RunOptions;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model as the batcher sees it: which inputs hold rows, and along which axes rows may differ in
 * length. Checks calls, in their caller's thread, and finds their {@link Kind}.
 */
final class Layout {
  private static final int MOST_KINDS = 1024;

  private final Signature signature;
  private final InputCheck check;
  private final Map<String, Port> ports;
  private final Map<Kind, Kind> kinds = new ConcurrentHashMap<>();
  private final boolean hasLength;
  private final String[] inputNames;
  private final List<String> outputNames;
  private final Sizes sizes;
  private final Kind aloneForAll; // outputs
  private volatile @Nullable Kind lastKind;
  private volatile OutputShapes outputShapes;

  private Layout(Signature signature, Map<String, Port> ports) {
    this.signature = signature;
    this.check = new InputCheck(signature);
    this.ports = ports;
    this.hasLength = ports.values().stream().anyMatch(Port::hasLength);
    this.inputNames = signature.inputNames().toArray(String[]::new);
    this.outputNames = signature.outputNames();
    this.outputShapes = OutputShapes.unknown(signature);
    this.sizes = new Sizes(ports);
    this.aloneForAll = Kind.alone(List.of(), outputShapes, sizes);
  }

  /**
   * The rows and the length of inputs that nobody has checked, as far as the model says where they
   * are: of calls that run alone.
   */
  record Sizes(Map<String, Port> ports) {
    /** How many rows they have, but one at least. */
    long rowsOf(Batch in) {
      for (int i = 0; i < in.size(); i++) {
        if (portOf(in, i) != null) {
          return Math.max(1, in.tensor(i).shape().rows());
        }
      }
      return 1;
    }

    /** The length of the rows, or 1 where none is known. */
    int lengthOf(Batch in) {
      for (int i = 0; i < in.size(); i++) {
        Port port = portOf(in, i);
        for (int axis = 1; port != null && axis < port.rank; axis++) {
          if (port.isLengthAxis(axis)) {
            return (int) Math.min(Integer.MAX_VALUE, in.tensor(i).shape().length(axis));
          }
        }
      }
      return 1;
    }

    private @Nullable Port portOf(Batch in, int index) {
      Port port = ports.get(in.name(index));
      return port != null && in.tensor(index).shape().rank() == port.rank ? port : null;
    }
  }

  static Layout of(Signature signature, LengthAxis length) {
    Map<String, Port> ports = new HashMap<>();
    Dimension rows = rowDimension(signature);
    for (Value value : signature.inputs()) {
      Port port = port(value, rows, length);
      if (port != null) {
        ports.put(value.name(), port);
      }
    }
    return new Layout(signature, ports);
  }

  /** A model of which every call runs alone. */
  static Layout alone(Signature signature) {
    return new Layout(signature, Map.of());
  }

  /** Whether there are calls that may share batches. */
  boolean sharesBatches() {
    return !ports.isEmpty();
  }

  /** The same model with rows of one length in a batch only. */
  Layout withoutPadding() {
    Map<String, Port> fixed = new HashMap<>();
    ports.forEach((name, port) -> fixed.put(name, port.withoutPadding()));
    return new Layout(signature, fixed);
  }

  private static @Nullable Port port(Value value, Dimension rows, LengthAxis length) {
    DataType type = value.type();
    List<Dimension> dims = value.dimensions();
    if (type == null || dims == null || obstacle(value, "input") != null) {
      return null;
    }
    if (value.optional() && !dims.get(0).equals(rows)) {
      return null; // a weight that is listed among the inputs, as old exporters do
    }
    return new Port(
        value.name(), type, dims.size(), length.axesOf(value), length.padValue(value.name()));
  }

  private static Dimension rowDimension(Signature signature) {
    return signature.inputs().stream()
        .filter(value -> !value.optional() && value.dimensions() != null)
        .flatMap(value -> value.dimensions().stream().limit(1))
        .findFirst()
        .orElse(Dimension.unknown());
  }

  /** Why calls of this model cannot share batches, or null if nothing speaks against it. */
  static @Nullable String obstacle(Signature signature) {
    Dimension rows = rowDimension(signature);
    List<Value> required = signature.inputs().stream().filter(v -> !v.optional()).toList();
    if (required.isEmpty()) {
      return "it has no input that must be given";
    }
    for (Value value : required) {
      String found = obstacle(value, "input");
      if (found != null) {
        return found;
      }
      Dimension first = value.dimensions() == null ? rows : value.dimensions().get(0);
      if (first.symbol().isPresent() && rows.symbol().isPresent() && !first.equals(rows)) {
        return "its inputs count rows by different dimensions, '" + rows + "' and '" + first + "'";
      }
    }
    for (Value value : signature.outputs()) {
      String found = obstacle(value, "output");
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static @Nullable String obstacle(Value value, String role) {
    String what = "its " + role + " '" + value.name() + "'";
    DataType type = value.type();
    List<Dimension> dims = value.dimensions();
    if (value.kind() != Signature.Kind.TENSOR) {
      return what + " is no tensor";
    }
    if (type == DataType.STRING || type == DataType.INT4 || type == DataType.UINT4) {
      return what + " is of type " + type + ", whose rows are not whole bytes";
    }
    if (dims == null) {
      return role.equals("input") ? what + " has no known rank" : null;
    }
    if (dims.isEmpty()) {
      return what + " is a scalar and has no rows";
    }
    if (dims.get(0).length().isPresent()) {
      return what + " has a fixed first dimension of " + dims.get(0);
    }
    return null;
  }

  boolean hasLength() {
    return hasLength;
  }

  /** The symbolic dimensions, as a list for people. */
  static String symbols(Signature signature) {
    List<String> names = new ArrayList<>();
    for (Value value : signature.inputs()) {
      if (value.dimensions() != null) {
        value.dimensions().forEach(dim -> dim.symbol().ifPresent(names::add));
      }
    }
    return names.stream().distinct().toList().toString();
  }

  Collection<Port> ports() {
    return ports.values();
  }

  @Nullable Port port(String input) {
    return ports.get(input);
  }

  /** Whether nothing but the number and the length of rows varies from call to call. */
  boolean isRegular() {
    return signature.inputs().stream().noneMatch(this::hasFreeAxis);
  }

  private boolean hasFreeAxis(Value value) {
    Port port = ports.get(value.name());
    List<Dimension> dims = value.dimensions();
    for (int axis = 1; port != null && dims != null && axis < port.rank; axis++) {
      if (dims.get(axis).length().isEmpty() && !port.isPaddedAxis(axis)) {
        return true;
      }
    }
    return false;
  }

  DataType outputType(int output) {
    return outputShapes.type(output);
  }

  /** The names of the outputs that a run of this kind gives, in their order. */
  List<String> outputNames(Kind kind) {
    return kind.outputs.isEmpty() ? outputNames : kind.outputs;
  }

  OutputShapes outputShapes() {
    return outputShapes;
  }

  /** Takes note of shapes; kinds that were found before know nothing of them. */
  void learn(OutputShapes shapes) {
    kinds.clear();
    lastKind = null;
    outputShapes = shapes;
  }

  /** The kind of calls that want these outputs and run alone. */
  Kind aloneKind(List<String> outputs) {
    return outputs.isEmpty() ? aloneForAll : Kind.alone(outputs, outputShapes, sizes);
  }

  /**
   * The kind of a call, or null if it can only run alone: it gives an input that has no rows, or
   * inputs that do not agree on rows and length where the model does not say that they must.
   *
   * @throws IllegalArgumentException if the model does not take these inputs
   */
  @Nullable Kind kindOf(Batch in, List<String> outputs) {
    Kind last = lastKind;
    if (last != null && last.matches(in, outputs)) {
      return last;
    }
    check.resolve(in, new int[check.inputCount()], new long[check.symbolCount()]);
    int[] outputIndexes =
        outputs.isEmpty()
            ? IntStream.range(0, check.outputCount()).toArray()
            : outputs.stream().mapToInt(check::output).toArray();
    Port[] given = new Port[in.size()];
    for (int i = 0; i < given.length; i++) {
      Port port = ports.get(in.name(i));
      if (port == null || in.tensor(i).shape().rank() != port.rank) {
        return null;
      }
      given[i] = port;
    }
    Kind kind = Kind.of(given, in, List.copyOf(outputs), outputIndexes, outputShapes);
    if (!kind.matches(in, outputs)) {
      return null;
    }
    if (kinds.size() >= MOST_KINDS) {
      kinds.clear(); // equal kinds that are two objects still share batches
    }
    Kind known = kinds.putIfAbsent(kind, kind);
    lastKind = known == null ? kind : known;
    return known == null ? kind : known;
  }

  /** The same inputs in the model's order, so that callers with another order share batches. */
  Batch inOrder(Batch in) {
    if (in == null) {
      check.resolve(in, new int[check.inputCount()], new long[check.symbolCount()]); // refuses
    }
    int at = 0;
    boolean ordered = true;
    for (String name : inputNames) {
      int index = in.indexOf(name);
      if (index >= 0) {
        ordered &= index == at++;
      }
    }
    return ordered || at != in.size() ? in : reordered(in); // unknown inputs are refused later
  }

  private Batch reordered(Batch in) {
    List<String> names = new ArrayList<>(in.size());
    List<Tensor> tensors = new ArrayList<>(in.size());
    for (String name : inputNames) {
      int index = in.indexOf(name);
      if (index >= 0) {
        names.add(name);
        tensors.add(in.tensor(index));
      }
    }
    return Batch.of(names, tensors);
  }

  /**
   * Checks tensors that results shall be written to, as far as it is known what they must be.
   *
   * @throws IllegalArgumentException if they cannot take the results
   */
  void checkTargets(Batch out, long rows, long length) {
    if (out.size() == 0) {
      throw new IllegalArgumentException("A run needs at least one output to compute.");
    }
    for (int i = 0; i < out.size(); i++) {
      int index = check.output(out.name(i));
      Tensor target = out.tensor(i);
      DataType type = signature.outputs().get(index).type();
      Shape shape = outputShapes.shape(index, rows, length);
      boolean wrongShape = shape != null && !shape.equals(target.shape());
      if (wrongShape || (type != null && type != target.type())) {
        throw wrongTarget(out.name(i), type == null ? target.type() : type, shape, target);
      }
      if (target.memory().isReadOnly()) {
        throw new IllegalArgumentException(
            "The output '"
                + out.name(i)
                + "' must be memory that can be written, but is read-only. Bring another tensor.");
      }
    }
    InputCheck.requireApart(out);
  }

  /** The shape of a request's part of an output, where the whole batch has this one. */
  Shape cut(Request request, int output, Shape padded) {
    int index = request.kind.outputIndexes[output];
    return outputShapes.cut(index, padded, request.rows, request.length);
  }

  static IllegalArgumentException wrongTarget(
      String output, DataType type, @Nullable Shape shape, Tensor target) {
    return new IllegalArgumentException(
        "The output '"
            + output
            + "' will be "
            + type
            + (shape == null ? "" : shape)
            + " for these inputs, but the tensor for it is "
            + target
            + ".");
  }

  /** The names of the outputs that a call wants: those of its targets, or of its options. */
  List<String> wanted(@Nullable Batch out, RunOptions options) {
    if (out == null) {
      return options.outputs();
    }
    Kind last = lastKind; // asking a batch for its names makes a list
    return last != null && last.fills(out) ? last.outputs : out.names();
  }
}
