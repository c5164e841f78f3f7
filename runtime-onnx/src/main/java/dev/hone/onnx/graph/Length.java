package dev.hone.onnx.graph;

/**
 * The length of one axis, or one number of a computed shape: known, or known by a name. Two lengths
 * of the same name are equal in every run; of two with different names nothing is said.
 *
 * @param number the number; 0 where there is a name
 * @param symbol the name; empty where the number is known
 */
public record Length(long number, String symbol) {
  /** A known number; may be negative where it stands for something in a shape. */
  public static Length of(long number) {
    return new Length(number, "");
  }

  /** A number of which only a name is known. */
  public static Length named(String symbol) {
    return new Length(0, symbol);
  }

  /** Whether the number is known. */
  public boolean isKnown() {
    return symbol.isEmpty();
  }

  /** Whether it is this number. */
  public boolean is(long wanted) {
    return isKnown() && number == wanted;
  }

  /** The number or the name. */
  @Override
  public String toString() {
    return isKnown() ? Long.toString(number) : symbol;
  }
}
