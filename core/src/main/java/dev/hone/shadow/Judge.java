package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Signature;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** Says whether two answers agree. Immutable. */
final class Judge {
  private final List<Rule> rules;

  private Judge(List<Rule> rules) {
    this.rules = rules;
  }

  /** Up to what divergence one output agrees. */
  private record Rule(String output, Comparison by, double limit) {}

  /**
   * What the comparison of one request gave.
   *
   * @param divergence that of the worst row of the worst output
   * @param agrees whether each output is within its limit
   */
  record Verdict(double divergence, boolean agrees) {}

  /**
   * A judge.
   *
   * @throws IllegalArgumentException if the policy names an output that is not one of numbers, or
   *     there is none at all
   */
  static Judge of(ShadowPolicy policy, Signature signature) {
    List<Rule> rules = new ArrayList<>();
    for (Signature.Value output : signature.outputs()) {
      DataType type = output.type();
      boolean comparable =
          output.kind() == Signature.Kind.TENSOR && type != null && type.isFloatingPoint();
      ShadowPolicy.Measure measure = policy.measures.get(output.name());
      if (measure != null && !comparable) {
        throw new IllegalArgumentException(
            "Only floating-point outputs can be compared, but the policy names " + output + ".");
      }
      if (policy.measures.isEmpty() && comparable) {
        rules.add(rule(policy, output.name(), Comparison.COSINE, null));
      } else if (measure != null) {
        rules.add(rule(policy, output.name(), measure.by(), measure.limit()));
      }
    }
    if (rules.isEmpty() || rules.size() < policy.measures.size()) {
      throw new IllegalArgumentException(
          "The policy compares "
              + (policy.measures.isEmpty() ? "floating-point outputs" : policy.measures.keySet())
              + ", but the model's outputs are "
              + signature.outputs()
              + ".");
    }
    return new Judge(rules);
  }

  private static Rule rule(
      ShadowPolicy policy, String output, Comparison by, @Nullable Double limit) {
    if (limit != null) {
      return new Rule(output, by, limit);
    }
    OptionalDouble measured =
        policy.reference == null ? OptionalDouble.empty() : policy.reference.limit(by, output);
    return new Rule(output, by, measured.orElse(by.usualLimit()));
  }

  /** Whether an answer has an output that is compared; its caller may have asked for others. */
  boolean compares(Batch fast) {
    return rules.stream().anyMatch(rule -> fast.indexOf(rule.output) >= 0);
  }

  /** Compares the outputs that are in both. */
  Verdict compare(Batch fast, Batch baseline) {
    double worst = 0;
    boolean agrees = true;
    for (Rule rule : rules) {
      int at = fast.indexOf(rule.output);
      if (at >= 0) {
        double divergence = worstRow(rule.by, fast.tensor(at), baseline.get(rule.output));
        worst = Math.max(worst, divergence);
        agrees &= divergence <= rule.limit;
      }
    }
    return new Verdict(worst, agrees);
  }

  /** The largest divergence of any row; infinite if the shapes differ. */
  static double worstRow(Comparison by, Tensor fast, Tensor baseline) {
    if (!fast.shape().equals(baseline.shape())) {
      return Double.POSITIVE_INFINITY;
    }
    float[] quick = fast.toFloatArray();
    float[] slow = baseline.toFloatArray();
    int rows = Math.toIntExact(fast.shape().rows());
    int length = rows == 0 ? 0 : quick.length / rows;
    int rank = fast.shape().rank();
    int vector = rank < 2 ? length : Math.toIntExact(fast.shape().length(rank - 1));
    double worst = 0;
    for (int row = 0; row < rows && length > 0; row++) {
      worst = Math.max(worst, by.divergence(quick, slow, row * length, length, vector));
    }
    return worst;
  }
}
