package dev.hone;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a model takes and gives: its named inputs and outputs, in the model's order.
 *
 * @param inputs the inputs, required ones and those with a default
 * @param outputs the outputs
 */
public record Signature(List<Value> inputs, List<Value> outputs) {
  private static final String EMPTY = "Give an empty list for none.";

  /** Copies the lists and refuses a name that occurs twice among inputs or among outputs. */
  public Signature {
    inputs = List.copyOf(Given.value(inputs, "inputs of a signature", EMPTY));
    outputs = List.copyOf(Given.value(outputs, "outputs of a signature", EMPTY));
    requireUniqueNames("input", inputs);
    requireUniqueNames("output", outputs);
  }

  private static void requireUniqueNames(String kind, List<Value> values) {
    Map<String, Value> seen = new HashMap<>();
    for (Value value : values) {
      if (seen.put(value.name(), value) != null) {
        throw new IllegalArgumentException(
            "Each " + kind + " needs a name of its own, but '" + value.name() + "' occurs twice.");
      }
    }
  }

  /** The input of this name, if there is one. */
  public Optional<Value> input(String name) {
    return inputs.stream().filter(value -> value.name().equals(name)).findFirst();
  }

  /** The output of this name, if there is one. */
  public Optional<Value> output(String name) {
    return outputs.stream().filter(value -> value.name().equals(name)).findFirst();
  }

  /** The names of all inputs, in order. */
  public List<String> inputNames() {
    return inputs.stream().map(Value::name).toList();
  }

  /** The names of all outputs, in order. */
  public List<String> outputNames() {
    return outputs.stream().map(Value::name).toList();
  }

  /**
   * What a batch calls one element of a sequence, for example {@code x[0]}.
   *
   * @param sequence the name of the sequence
   * @param index counted from 0
   */
  public static String elementName(String sequence, int index) {
    return sequence + "[" + index + "]";
  }

  /** One line for each input and output. */
  @Override
  public String toString() {
    List<String> lines = new ArrayList<>();
    inputs.forEach(value -> lines.add("in  " + value));
    outputs.forEach(value -> lines.add("out " + value));
    return String.join("\n", lines);
  }

  /** What a named value is. */
  public enum Kind {
    /** A tensor: the only kind that a batch holds. */
    TENSOR,
    /**
     * A list of values. A batch holds a list of tensors as its elements, named {@code NAME[0]},
     * {@code NAME[1]} and so on: see {@link #elementName}. One without elements is no tensor at
     * all.
     */
    SEQUENCE,
    /** Keys and values; what a scikit-learn classifier gives as probabilities. */
    MAP,
    /** Anything else, for example a sparse tensor. */
    OTHER
  }

  /**
   * One input or output.
   *
   * @param name its name in the model
   * @param kind what it is
   * @param type the type of the elements (of the elements inside, for a sequence or map), or null
   *     where the model does not say
   * @param dimensions the dimensions, or null where the model does not say how many there are
   * @param optional whether an input may be left out, because the model holds a default or does
   *     without; whether an output may be missing from the results
   */
  public record Value(
      String name,
      Kind kind,
      @Nullable DataType type,
      @Nullable List<Dimension> dimensions,
      boolean optional) {
    /** Copies the dimensions. */
    public Value {
      Given.value(name, "name of a value", "Give the one that it has in the model.");
      Given.value(kind, "kind of a value", "Take Kind.OTHER for what is none of the others.");
      dimensions = dimensions == null ? null : List.copyOf(dimensions);
    }

    /** A required tensor. */
    public static Value tensor(String name, DataType type, Dimension... dimensions) {
      Given.value(type, "type of a tensor", "Take one of DataType.");
      Given.value(dimensions, "dimensions of a value", "Leave them out for a scalar.");
      return new Value(name, Kind.TENSOR, type, List.of(dimensions), false);
    }

    /** The shape, if every dimension is fixed. */
    public Optional<Shape> fixedShape() {
      if (dimensions == null || dimensions.stream().anyMatch(d -> d.length().isEmpty())) {
        return Optional.empty();
      }
      return Optional.of(
          Shape.of(dimensions.stream().mapToLong(d -> d.length().orElseThrow()).toArray()));
    }

    /** For example {@code input_ids INT64[batch, sequence]}. */
    @Override
    public String toString() {
      String dims =
          dimensions == null
              ? "[...]"
              : dimensions.stream()
                  .map(Dimension::toString)
                  .collect(Collectors.joining(", ", "[", "]"));
      String text = (kind == Kind.TENSOR ? "" : kind + " of ") + (type == null ? "?" : type) + dims;
      return name + " " + text + (optional ? " (optional)" : "");
    }
  }

  /**
   * One dimension: a fixed length, or a name for a length that varies from call to call, or
   * neither. Dimensions of one name have one length within a call.
   */
  public static final class Dimension {
    private static final Dimension UNKNOWN = new Dimension(-1, null);

    private final long length;
    private final @Nullable String symbol;

    private Dimension(long length, @Nullable String symbol) {
      this.length = length;
      this.symbol = symbol;
    }

    /** A dimension of this length, at least 0. */
    public static Dimension of(long length) {
      if (length < 0) {
        throw new IllegalArgumentException("A length must be at least 0, but is " + length + ".");
      }
      return new Dimension(length, null);
    }

    /** A dimension whose length varies, for example {@code batch}. */
    public static Dimension of(String symbol) {
      Given.value(symbol, "symbol of a dimension", "Use unknown() for none.");
      if (symbol.isEmpty()) {
        throw new IllegalArgumentException("A symbol needs a name; use unknown() for none.");
      }
      return new Dimension(-1, symbol);
    }

    /** A dimension of which the model says nothing. */
    public static Dimension unknown() {
      return UNKNOWN;
    }

    /** The length, if fixed. */
    public OptionalLong length() {
      return length < 0 ? OptionalLong.empty() : OptionalLong.of(length);
    }

    /** The name, if the length varies and has one. */
    public Optional<String> symbol() {
      return Optional.ofNullable(symbol);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Dimension d
          && d.length == length
          && (symbol == null ? d.symbol == null : symbol.equals(d.symbol));
    }

    @Override
    public int hashCode() {
      return Long.hashCode(length) * 31 + (symbol == null ? 0 : symbol.hashCode());
    }

    /** The length, the symbol, or {@code ?}. */
    @Override
    public String toString() {
      return length >= 0 ? Long.toString(length) : symbol == null ? "?" : symbol;
    }
  }
}
