package dev.hone.batching;

import dev.hone.DataType;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The axis along which rows may differ in length: declared by the policy, or that of an input which
 * is evidently an attention mask. A model without a mask cannot be told what is padding, so without
 * one, and without a declaration, there is no such axis.
 */
final class LengthAxis {
  private final @Nullable Dimension dimension; // null: none
  private final Map<String, Long> padding;

  private LengthAxis(@Nullable Dimension dimension, Map<String, Long> padding) {
    this.dimension = dimension;
    this.padding = padding;
  }

  /**
   * Finds the axis.
   *
   * @throws IllegalArgumentException if the policy names what the model does not have
   */
  static LengthAxis of(Signature signature, BatchPolicy policy) {
    policy.padding.keySet().forEach(name -> requireInput(signature, name, "padding"));
    Value mask = mask(signature, policy);
    String declared = policy.lengthAxis;
    return declared == null ? ofMask(mask, policy) : declared(declared, signature, mask, policy);
  }

  private static LengthAxis declared(
      String symbol, Signature signature, @Nullable Value mask, BatchPolicy policy) {
    Dimension dimension = Dimension.of(symbol);
    LengthAxis axis = new LengthAxis(dimension, policy.padding);
    String others =
        "', but the symbolic dimensions of the model's inputs are "
            + Layout.symbols(signature)
            + ".";
    if (signature.inputs().stream()
        .noneMatch(v -> v.dimensions() != null && v.dimensions().contains(dimension))) {
      throw new IllegalArgumentException("lengthAxis is '" + symbol + others);
    }
    if (signature.inputs().stream().allMatch(value -> axis.axesOf(value).isEmpty())) {
      throw new IllegalArgumentException(
          "lengthAxis is '" + symbol + "', which counts the rows; name the one of their lengths.");
    }
    if (policy.mask != null && mask != null && axis.axesOf(mask).isEmpty()) {
      throw new IllegalArgumentException(
          "lengthAxis is '"
              + symbol
              + "' but mask is '"
              + policy.mask
              + "', which does not have it: it is "
              + mask
              + ". Change one of the two.");
    }
    return axis;
  }

  private static LengthAxis ofMask(@Nullable Value mask, BatchPolicy policy) {
    List<Dimension> dims = mask == null ? null : mask.dimensions();
    boolean varies = dims != null && dims.size() == 2 && dims.get(1).length().isEmpty();
    if (policy.mask != null && !varies) {
      throw new IllegalArgumentException(
          "mask is '"
              + policy.mask
              + "', which must have rows and one axis of varying length, but is "
              + mask
              + ".");
    }
    return new LengthAxis(dims != null && varies ? dims.get(1) : null, policy.padding);
  }

  /**
   * Refuses padding that would never be written.
   *
   * @throws IllegalArgumentException naming the input and what it is
   */
  void requirePadded(Signature signature) {
    for (Value value : signature.inputs()) {
      long padded = padding.getOrDefault(value.name(), 0L);
      if (padded != 0 && axesOf(value).isEmpty()) {
        throw new IllegalArgumentException(
            "padding names the input '"
                + value.name()
                + "', but its rows have no axis along which they differ in length: it is "
                + value
                + ". Name the axis by lengthAxis, or by a mask.");
      }
    }
  }

  private static @Nullable Value mask(Signature signature, BatchPolicy policy) {
    if (policy.mask != null) {
      return requireInput(signature, policy.mask, "mask");
    }
    if (policy.lengthAxis != null) {
      return null; // what the mask is like is the caller's affair
    }
    Optional<Value> found =
        signature.inputs().stream()
            .filter(value -> !value.optional() && isMaskName(value.name()))
            .findFirst();
    return found.orElse(null);
  }

  static boolean isMaskName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.equals("mask") || lower.endsWith("_mask") || lower.endsWith("attention_mask:0");
  }

  private static Value requireInput(Signature signature, String name, String setting) {
    return signature
        .input(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    setting
                        + " names the input '"
                        + name
                        + "', but the model's inputs are "
                        + signature.inputNames()
                        + "."));
  }

  /** The axes of an input that are this one. */
  List<Integer> axesOf(Value value) {
    List<Integer> axes = new ArrayList<>();
    List<Dimension> dims = value.dimensions();
    if (dimension == null || dims == null) {
      return axes;
    }
    for (int axis = 1; axis < dims.size(); axis++) {
      boolean named = dimension.symbol().isPresent() && dims.get(axis).equals(dimension);
      // Where the model names no dimensions, everything of two axes beside a mask is a sequence.
      boolean unnamed =
          dimension.symbol().isEmpty()
              && dims.size() == 2
              && dims.get(axis).equals(Dimension.unknown())
              && value.type() != DataType.STRING;
      if (named || unnamed) {
        axes.add(axis);
      }
    }
    return axes;
  }

  long padValue(String input) {
    return padding.getOrDefault(input, 0L);
  }
}
